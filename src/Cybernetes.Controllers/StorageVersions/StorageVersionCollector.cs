using Cybernetes.Client.Informers;
using Cybernetes.Client.Queues;
using Cybernetes.Client.Transport;
using Cybernetes.Objects;
using Cybernetes.Objects.ApiServerInternal.V1alpha1;
using Cybernetes.Objects.Coordination.V1;
using StorageVersionObject = Cybernetes.Objects.ApiServerInternal.V1alpha1.StorageVersion;

namespace Cybernetes.Controllers.StorageVersions;

/// <summary>Takes the entries of API servers that are gone (their identity lease is not there) out of storage versions (alpha, KEP-2339).</summary>
internal sealed class StorageVersionCollector : IController
{
    private const string LeaseNamespace = "kube-system";
    private const string Identity = "apiserver.kubernetes.io/identity=kube-apiserver";

    private readonly ControllerContext _context;
    private readonly ObjectStore<StorageVersionObject> _versions;
    private readonly WorkQueue<string> _queue;

    public StorageVersionCollector(ControllerContext context)
    {
        _context = context;
        _queue = context.Queue<string>("storage_version_garbage_collector_storageversions");
        var versions = context.Informers.For<StorageVersionObject>();
        _versions = versions.Store;
        versions.AddHandler(v => _queue.Add(v.Metadata.Name), (_, v) => _queue.Add(v.Metadata.Name));
        context.Informers.For<Lease>(new InformerOptions { Namespace = LeaseNamespace, LabelSelector = Identity }).AddHandler(deleted: ServerGone);
    }

    public string Name => "storageversion-garbage-collector-controller";

    public Task RunAsync(CancellationToken cancellation) => _queue.RunWorkersAsync(1, ReconcileAsync, _context.Logger, cancellation);

    /// <summary>The status without the servers that are gone: the version that all store is told where they agree. Pure.</summary>
    internal static StorageVersionStatus Without(StorageVersionStatus status, IReadOnlySet<string> gone)
    {
        var copy = status.DeepClone();
        var kept = copy.StorageVersions.OrEmpty().Where(v => !gone.Contains(v.APIServerID)).ToList();
        copy.StorageVersions = kept.Count == 0 ? null : kept;
        var encodings = kept.Select(v => v.EncodingVersion).Distinct(StringComparer.Ordinal).ToList();
        copy.CommonEncodingVersion = encodings.Count == 1 ? encodings[0] : null;
        return copy;
    }

    private void ServerGone(Lease lease)
    {
        foreach (var version in _versions.List().Where(v => v.Status.StorageVersions.OrEmpty().Any(s => s.APIServerID == lease.Metadata.Name)))
            _queue.Add(version.Metadata.Name);
    }

    private async Task ReconcileAsync(string name, CancellationToken cancellation)
    {
        if (_versions.Get("", name) is not { } version)
            return;
        var gone = new HashSet<string>(StringComparer.Ordinal);
        foreach (var server in version.Status.StorageVersions.OrEmpty().Select(s => s.APIServerID))
        {
            // A name that is no lease's proves nothing: only what the server does not know is gone.
            if (await _context.Client.For<Lease>().FindAsync(LeaseNamespace, server, cancellation).ConfigureAwait(false) is null)
                gone.Add(server);
        }
        if (gone.Count == 0)
            return;
        var copy = version.DeepClone();
        copy.Status = Without(version.Status, gone);
        if (copy.Status.StorageVersions is null)
        {
            var options = new Objects.Meta.V1.DeleteOptions
            {
                Preconditions = new() { UID = version.Metadata.UID, ResourceVersion = version.Metadata.ResourceVersion },
            };
            await _context.Client.IgnoreNotFoundAsync(c => c.For<StorageVersionObject>().DeleteAsync(null, name, options, cancellation))
                .ConfigureAwait(false);
            return;
        }
        await _context.Client.IgnoreNotFoundAsync(c => c.For<StorageVersionObject>().UpdateStatusAsync(copy, cancellation: cancellation))
            .ConfigureAwait(false);
    }
}
