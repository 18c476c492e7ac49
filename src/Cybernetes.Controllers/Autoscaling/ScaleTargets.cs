using Cybernetes.Client.Discovery;
using Cybernetes.Client.Transport;
using Scale = Cybernetes.Objects.Autoscaling.V1.Scale;

namespace Cybernetes.Controllers.Autoscaling;

/// <summary>Finds what is scaled, of whatever kind, by discovery, and reads and writes its scale.</summary>
internal sealed class ScaleTargets(ApiClient client)
{
    private static readonly TimeSpan s_discoveryAge = TimeSpan.FromMinutes(5);

    private readonly SemaphoreSlim _asking = new(1, 1);
    private IReadOnlyList<ServedResource> _served = [];
    private DateTimeOffset _servedUntil;

    /// <exception cref="ReconcileFailedException">No resource of that kind is served; the message is upstream's.</exception>
    public async Task<ServedResource> ResourceAsync(string apiVersion, string kind, CancellationToken cancellation)
    {
        var slash = apiVersion.IndexOf('/');
        var group = slash < 0 ? "" : apiVersion[..slash];
        await _asking.WaitAsync(cancellation).ConfigureAwait(false);
        try
        {
            var found = Find(group, kind);
            if (found is null && client.Time.GetUtcNow() >= _servedUntil)
            {
                _served = await ServerResources.ListAsync(client, new List<string>(), cancellation).ConfigureAwait(false);
                _servedUntil = client.Time.GetUtcNow() + s_discoveryAge;
                found = Find(group, kind);
            }
            return found ?? throw new ReconcileFailedException($"no matches for kind \"{kind}\" in group \"{group}\"");
        }
        finally
        {
            _asking.Release();
        }
    }

    public Task<Scale> ReadAsync(ServedResource resource, string ns, string name, CancellationToken cancellation) =>
        client.GetScaleAsync(resource, ns, name, cancellation);

    public Task WriteAsync(ServedResource resource, Scale scale, CancellationToken cancellation) =>
        client.UpdateScaleAsync(resource, scale, cancellation);

    private ServedResource? Find(string group, string kind) => _served.FirstOrDefault(r => r.Group == group && r.Kind == kind);
}
