using Cybernetes.Node.Agent;
using Cybernetes.Objects.Authentication.V1;
using Cybernetes.Objects.Core.V1;

namespace Cybernetes.Node.Pods;

/// <summary>What pods refer to by name. Null for what is not there.</summary>
internal interface IPodObjects
{
    Task<ConfigMap?> ConfigMapAsync(string podNamespace, string name, CancellationToken cancellation);

    Task<Secret?> SecretAsync(string podNamespace, string name, CancellationToken cancellation);

    Task<TokenRequest> TokenAsync(string podNamespace, string serviceAccount, TokenRequest request,
        CancellationToken cancellation);
}

/// <summary>
/// Reads from the API server. Objects marked immutable are kept for as long as the agent runs and stay correct by their mark;
/// all others
/// are read anew, so that a pod made right after its ConfigMap sees it.
/// </summary>
internal sealed class PodObjects(INodeApi api) : IPodObjects
{
    private const int MaxKept = 256;

    private readonly Lock _gate = new();
    private readonly Dictionary<(string, string), ConfigMap> _configMaps = [];
    private readonly Dictionary<(string, string), Secret> _secrets = [];

    public async Task<ConfigMap?> ConfigMapAsync(string podNamespace, string name, CancellationToken cancellation)
    {
        if (Kept(_configMaps, podNamespace, name) is { } kept)
            return kept;
        var read = await api.GetConfigMapAsync(podNamespace, name, cancellation).ConfigureAwait(false);
        if (read?.Immutable == true)
            Keep(_configMaps, podNamespace, name, read);
        return read;
    }

    public async Task<Secret?> SecretAsync(string podNamespace, string name, CancellationToken cancellation)
    {
        if (Kept(_secrets, podNamespace, name) is { } kept)
            return kept;
        var read = await api.GetSecretAsync(podNamespace, name, cancellation).ConfigureAwait(false);
        if (read?.Immutable == true)
            Keep(_secrets, podNamespace, name, read);
        return read;
    }

    public Task<TokenRequest> TokenAsync(
        string podNamespace, string serviceAccount, TokenRequest request, CancellationToken cancellation) =>
        api.CreateTokenAsync(podNamespace, serviceAccount, request, cancellation);

    private T? Kept<T>(Dictionary<(string, string), T> kept, string podNamespace, string name)
        where T : class
    {
        lock (_gate)
            return kept.GetValueOrDefault((podNamespace, name));
    }

    private void Keep<T>(Dictionary<(string, string), T> kept, string podNamespace, string name, T value)
    {
        lock (_gate)
        {
            if (kept.Count >= MaxKept)
                kept.Clear();
            kept[(podNamespace, name)] = value;
        }
    }
}
