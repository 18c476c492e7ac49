using Cybernetes.Client.Events;
using Cybernetes.Client.Informers;
using Cybernetes.Client.Queues;
using Cybernetes.Client.Transport;
using Cybernetes.Objects;
using Cybernetes.Objects.Core.V1;

namespace Cybernetes.Controllers.NodeAddresses;

/// <summary>Gives every node its range of pod addresses (node IPAM, range allocator).</summary>
internal sealed class NodeAddressController : IController
{
    private readonly ControllerContext _context;
    private readonly ObjectStore<Node> _nodes;
    private readonly WorkQueue<string> _queue;
    private readonly IEventRecorder _events;
    private readonly RangeAllocator? _ranges;
    private readonly Lock _lock = new();
    private bool _hasSeenAll;

    public NodeAddressController(ControllerContext context)
    {
        _context = context;
        _queue = context.Queue<string>("cidrallocator-node");
        _events = context.Recorder("cidrAllocator");
        _ranges = context.Options.ClusterCidr.Length == 0 ? null : new RangeAllocator(context.Options.ClusterCidr, context.Options.NodeCidrMaskSize);
        var nodes = context.Informers.For<Node>();
        _nodes = nodes.Store;
        nodes.AddHandler(n => _queue.Add(n.Metadata.Name), (_, n) => _queue.Add(n.Metadata.Name), Deleted);
    }

    public string Name => "node-ipam-controller";

    /// <summary>One worker: a range must not be given twice.</summary>
    public Task RunAsync(CancellationToken cancellation) =>
        _ranges is null ? Task.CompletedTask : _queue.RunWorkersAsync(1, ReconcileAsync, _context.Logger, cancellation);

    private void Deleted(Node node)
    {
        lock (_lock)
            _ranges?.Release(node.Metadata.Name);
    }

    private async Task ReconcileAsync(string name, CancellationToken cancellation)
    {
        if (_nodes.Get("", name) is not { } node || node.Metadata.DeletionTimestamp is not null)
            return;
        string? range;
        lock (_lock)
        {
            OccupyAllOnce();
            if (node.Spec.PodCIDR.Length > 0)
            {
                _ranges!.Occupy(node.Spec.PodCIDR, name);
                return;
            }
            range = _ranges!.Allocate(name);
        }
        if (range is null)
        {
            _events.Event(node, "Normal", "CIDRNotAvailable", $"Node {name} status is now: CIDRNotAvailable");
            throw new ReconcileFailedException($"no pod CIDR is left for node {name}");
        }
        // A patch that fails, or whose answer is lost, leaves the range with the node: the next try writes the same one.
        var patch = ObjectPatch.Strategic(
            $$$"""{"metadata":{"uid":"{{{node.Metadata.UID}}}"},"spec":{"podCIDR":"{{{range}}}","podCIDRs":["{{{range}}}"]}}""");
        await _context.Client.IgnoreNotFoundAsync(c => c.For<Node>().PatchAsync(null, name, patch, cancellation: cancellation))
            .ConfigureAwait(false);
    }

    /// <summary>Before the first range is given, those that nodes have from earlier are taken out.</summary>
    private void OccupyAllOnce()
    {
        if (_hasSeenAll)
            return;
        _hasSeenAll = true;
        foreach (var node in _nodes.List().Where(n => n.Spec.PodCIDR.Length > 0))
            _ranges!.Occupy(node.Spec.PodCIDR, node.Metadata.Name);
    }
}
