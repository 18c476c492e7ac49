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
    private readonly IReadOnlyList<RangeAllocator> _ranges;
    private readonly Lock _lock = new();
    private bool _hasSeenAll;

    public NodeAddressController(ControllerContext context)
    {
        _context = context;
        _queue = context.Queue<string>("cidrallocator-node");
        _events = context.Recorder("cidrAllocator");
        _ranges = Allocators(context.Options);
        var nodes = context.Informers.For<Node>();
        _nodes = nodes.Store;
        nodes.AddHandler(n => _queue.Add(n.Metadata.Name), (_, n) => _queue.Add(n.Metadata.Name), Deleted);
    }

    public string Name => "node-ipam-controller";

    /// <summary>One worker: a range must not be given twice.</summary>
    public Task RunAsync(CancellationToken cancellation) =>
        _ranges.Count == 0 ? Task.CompletedTask : _queue.RunWorkersAsync(1, ReconcileAsync, _context.Logger, cancellation);

    private void Deleted(Node node)
    {
        lock (_lock)
        {
            foreach (var ranges in _ranges)
                ranges.Release(node.Metadata.Name);
        }
    }

    /// <summary>One allocator a family, in the order of the cluster's ranges.</summary>
    /// <exception cref="ArgumentException">The ranges are more than one of a family, or do not fit the sizes.</exception>
    internal static IReadOnlyList<RangeAllocator> Allocators(ControllerManagerOptions options)
    {
        var ranges = options.ClusterCidr.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        if (ranges.Length > 2 || (ranges.Length == 2 && ranges[0].Contains(':') == ranges[1].Contains(':')))
            throw new ArgumentException($"the cluster CIDRs {options.ClusterCidr} are not one of each address family");
        return [.. ranges.Select(r => new RangeAllocator(r, r.Contains(':') ? options.NodeCidrMaskSizeIPv6 : options.NodeCidrMaskSize))];
    }

    private async Task ReconcileAsync(string name, CancellationToken cancellation)
    {
        if (_nodes.Get("", name) is not { } node || node.Metadata.DeletionTimestamp is not null)
            return;
        List<string> given = [];
        lock (_lock)
        {
            OccupyAllOnce();
            if (node.Spec.PodCIDR.Length > 0)
            {
                Occupy(node);
                return;
            }
            foreach (var ranges in _ranges)
            {
                if (ranges.Allocate(name) is { } range)
                    given.Add(range);
            }
        }
        if (given.Count < _ranges.Count)
        {
            _events.Event(node, "Normal", "CIDRNotAvailable", $"Node {name} status is now: CIDRNotAvailable");
            throw new ReconcileFailedException($"no pod CIDR is left for node {name}");
        }
        // A patch that fails, or whose answer is lost, leaves the range with the node: the next try writes the same one.
        var patch = ObjectPatch.Strategic(
            $$$"""{"metadata":{"uid":"{{{node.Metadata.UID}}}"},"spec":{"podCIDR":"{{{given[0]}}}","podCIDRs":["{{{string.Join("\",\"", given)}}}"]}}""");
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
            Occupy(node);
    }

    private void Occupy(Node node)
    {
        foreach (var range in node.Spec.PodCIDRs is { Count: > 0 } all ? all : [node.Spec.PodCIDR])
            _ranges.FirstOrDefault(r => r.IsSameFamily(range))?.Occupy(range, node.Metadata.Name);
    }
}
