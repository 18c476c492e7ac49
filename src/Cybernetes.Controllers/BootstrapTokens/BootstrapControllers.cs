using Cybernetes.Client.Informers;
using Cybernetes.Client.Queues;
using Cybernetes.Client.Transport;
using Cybernetes.Objects;
using Cybernetes.Objects.Core.V1;

namespace Cybernetes.Controllers.BootstrapTokens;

/// <summary>Signs the config map <c>kube-public/cluster-info</c> with every bootstrap token that is for signing.</summary>
internal sealed class BootstrapSignerController : IController
{
    private const string MapNamespace = "kube-public";
    private const string MapName = "cluster-info";
    private const string ConfigKey = "kubeconfig";
    private const string SignaturePrefix = "jws-kubeconfig-";

    private readonly ControllerContext _context;
    private readonly ObjectStore<ConfigMap> _maps;
    private readonly ObjectStore<Secret> _secrets;
    private readonly WorkQueue<string> _queue;

    public BootstrapSignerController(ControllerContext context)
    {
        _context = context;
        _queue = context.Queue<string>("bootstrap_signer_queue");
        var maps = context.Informers.For<ConfigMap>(new InformerOptions { Namespace = MapNamespace, FieldSelector = "metadata.name=" + MapName });
        var secrets = context.Informers.For<Secret>(
            new InformerOptions { Namespace = BootstrapToken.Namespace, FieldSelector = "type=" + BootstrapToken.Type });
        (_maps, _secrets) = (maps.Store, secrets.Store);
        maps.AddHandler(_ => _queue.Add(MapName), (_, _) => _queue.Add(MapName));
        secrets.AddHandler(_ => _queue.Add(MapName), (_, _) => _queue.Add(MapName), _ => _queue.Add(MapName));
    }

    public string Name => "bootstrap-signer-controller";

    public Task RunAsync(CancellationToken cancellation) => _queue.RunWorkersAsync(1, ReconcileAsync, _context.Logger, cancellation);

    /// <summary>The map's data with the signatures of exactly these tokens. Pure.</summary>
    internal static Dictionary<string, string> Signed(Dictionary<string, string> data, IEnumerable<BootstrapToken> tokens)
    {
        var signed = data.Where(d => !d.Key.StartsWith(SignaturePrefix, StringComparison.Ordinal))
            .ToDictionary(d => d.Key, d => d.Value, StringComparer.Ordinal);
        if (!signed.TryGetValue(ConfigKey, out var text))
            return signed;
        foreach (var token in tokens.Where(t => t.IsForSigning))
            signed[SignaturePrefix + token.Id] = token.Sign(text);
        return signed;
    }

    private async Task ReconcileAsync(string name, CancellationToken cancellation)
    {
        if (_maps.Get(MapNamespace, MapName) is not { } map)
            return;
        var now = _context.Time.GetUtcNow();
        var data = Signed(map.Data ?? [], _secrets.List().Select(BootstrapToken.Read).OfType<BootstrapToken>().Where(t => !t.IsExpired(now)));
        if (ObjectEquality.StringMap(map.Data ?? [], data))
            return;
        var copy = map.DeepClone();
        copy.Data = data;
        await _context.Client.IgnoreNotFoundAsync(c => c.For<ConfigMap>().UpdateAsync(copy, cancellation: cancellation)).ConfigureAwait(false);
    }
}

/// <summary>Deletes bootstrap tokens when they expire.</summary>
internal sealed class TokenCleanerController : IController
{
    private readonly ControllerContext _context;
    private readonly ObjectStore<Secret> _secrets;
    private readonly WorkQueue<string> _queue;

    public TokenCleanerController(ControllerContext context)
    {
        _context = context;
        _queue = context.Queue<string>("token_cleaner");
        var secrets = context.Informers.For<Secret>(
            new InformerOptions { Namespace = BootstrapToken.Namespace, FieldSelector = "type=" + BootstrapToken.Type });
        _secrets = secrets.Store;
        secrets.AddHandler(s => _queue.Add(s.Metadata.Name), (_, s) => _queue.Add(s.Metadata.Name));
    }

    public string Name => "token-cleaner-controller";

    public Task RunAsync(CancellationToken cancellation) => _queue.RunWorkersAsync(10, ReconcileAsync, _context.Logger, cancellation);

    private async Task ReconcileAsync(string name, CancellationToken cancellation)
    {
        if (_secrets.Get(BootstrapToken.Namespace, name) is not { } secret || BootstrapToken.Read(secret)?.Expires is not { } expires)
            return;
        var left = expires - _context.Time.GetUtcNow();
        if (left > TimeSpan.Zero)
        {
            _queue.AddAfter(name, left);
            return;
        }
        // What was prolonged meanwhile has another version, and stays.
        var options = new Objects.Meta.V1.DeleteOptions
        {
            Preconditions = new() { UID = secret.Metadata.UID, ResourceVersion = secret.Metadata.ResourceVersion },
        };
        await _context.Client.IgnoreNotFoundAsync(c =>
            c.For<Secret>().DeleteAsync(BootstrapToken.Namespace, name, options, cancellation)).ConfigureAwait(false);
    }
}
