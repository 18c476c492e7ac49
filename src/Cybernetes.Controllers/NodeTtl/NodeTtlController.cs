using System.Globalization;
using Cybernetes.Client.Informers;
using Cybernetes.Client.Queues;
using Cybernetes.Client.Transport;
using Cybernetes.Objects;
using Cybernetes.Objects.Core.V1;

namespace Cybernetes.Controllers.NodeTtl;

/// <summary>Tells kubelets, by an annotation, how long they may keep secrets and config maps: the longer the larger the cluster.</summary>
internal sealed class NodeTtlController : IController
{
    private const string Annotation = "node.alpha.kubernetes.io/ttl";

    /// <summary>Cluster sizes with their seconds; the bounds overlap so that a cluster at an edge does not swing.</summary>
    private static readonly (int Least, int Most, int Seconds)[] s_steps =
        [(0, 100, 0), (90, 500, 15), (450, 1000, 30), (900, 2000, 60), (1800, int.MaxValue, 300)];

    private readonly ControllerContext _context;
    private readonly ObjectStore<Node> _nodes;
    private readonly WorkQueue<string> _queue;
    private readonly Lock _lock = new();
    private int _step;

    public NodeTtlController(ControllerContext context)
    {
        _context = context;
        _queue = context.Queue<string>("ttlcontroller");
        var nodes = context.Informers.For<Node>();
        _nodes = nodes.Store;
        nodes.AddHandler(Changed, (_, n) => _queue.Add(n.Metadata.Name), _ => Resized());
    }

    public string Name => "ttl-controller";

    public Task RunAsync(CancellationToken cancellation) => _queue.RunWorkersAsync(5, ReconcileAsync, _context.Logger, cancellation);

    /// <summary>The step for a number of nodes, given the step before. Pure.</summary>
    internal static int Step(int step, int nodes)
    {
        while (nodes > s_steps[step].Most)
            step++;
        while (nodes < s_steps[step].Least)
            step--;
        return step;
    }

    internal static int Seconds(int step) => s_steps[step].Seconds;

    private void Changed(Node node)
    {
        Resized();
        _queue.Add(node.Metadata.Name);
    }

    private void Resized()
    {
        int before, after;
        lock (_lock)
        {
            before = _step;
            after = _step = Step(_step, _nodes.Count);
        }
        if (before == after)
            return;
        foreach (var node in _nodes.List())
            _queue.Add(node.Metadata.Name);
    }

    private async Task ReconcileAsync(string name, CancellationToken cancellation)
    {
        int step;
        lock (_lock)
            step = _step;
        var seconds = Seconds(step).ToString(CultureInfo.InvariantCulture);
        if (_nodes.Get("", name) is not { } node || node.Metadata.Annotations.OrEmpty().GetValueOrDefault(Annotation) == seconds)
            return;
        var patch = ObjectPatch.Strategic($$$$"""{"metadata":{"annotations":{"{{{{Annotation}}}}":"{{{{seconds}}}}"}}}""");
        await _context.Client.IgnoreNotFoundAsync(c => c.For<Node>().PatchAsync(null, name, patch, cancellation: cancellation)).ConfigureAwait(false);
    }
}
