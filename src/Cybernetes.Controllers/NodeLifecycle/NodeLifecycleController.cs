using System.Text.Json;
using Cybernetes.Client.Events;
using Cybernetes.Client.Informers;
using Cybernetes.Client.Transport;
using Cybernetes.Controllers.Ownership;
using Cybernetes.Objects;
using Cybernetes.Objects.Coordination.V1;
using Cybernetes.Objects.Core.V1;
using Microsoft.Extensions.Logging;

namespace Cybernetes.Controllers.NodeLifecycle;

/// <summary>
/// Watches over nodes: marks those that fall silent, turns conditions into taints, takes their pods out of service, and evicts pods that do not
/// tolerate a NoExecute taint (any longer).
/// </summary>
internal sealed class NodeLifecycleController : IController
{
    private readonly ControllerContext _context;
    private readonly ObjectStore<Node> _nodes;
    private readonly ObjectStore<Lease> _leases;
    private readonly ObjectStore<Pod> _pods;
    private readonly IEventRecorder _events;
    private readonly Dictionary<string, NodeHealth> _health = new(StringComparer.Ordinal);
    private readonly SemaphoreSlim _changed = new(0, 1);

    public NodeLifecycleController(ControllerContext context)
    {
        _context = context;
        _events = context.Recorder("node-controller");
        var nodes = context.Informers.For<Node>();
        _nodes = nodes.Store;
        _leases = context.Informers.For<Lease>(new InformerOptions { Namespace = "kube-node-lease" }).Store;
        _pods = context.Informers.For<Pod>().Store;
        nodes.AddHandler(Added, (_, _) => Wake(), Removed);
    }

    public string Name => "node-lifecycle-controller";

    public async Task RunAsync(CancellationToken cancellation)
    {
        while (true)
        {
            foreach (var node in _nodes.List())
                await LookAfterAsync(node, cancellation).ConfigureAwait(false);
            await EvictAsync(cancellation).ConfigureAwait(false);
            await WaitAsync(cancellation).ConfigureAwait(false);
        }
    }

    private void Added(Node node)
    {
        _events.Event(node, "Normal", "RegisteredNode", $"Node {node.Metadata.Name} event: Registered Node {node.Metadata.Name} in Controller");
        Wake();
    }

    private void Removed(Node node)
    {
        _events.Event(node, "Normal", "RemovingNode", $"Node {node.Metadata.Name} event: Removing Node {node.Metadata.Name} from Controller");
        Wake();
    }

    private void Wake()
    {
        try
        {
            _changed.Release();
        }
        catch (SemaphoreFullException)
        {
            // A look is due already.
        }
    }

    private async Task WaitAsync(CancellationToken cancellation)
    {
        using var period = new CancellationTokenSource(_context.Options.NodeMonitorPeriod, _context.Time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(period.Token, cancellation);
        await _changed.WaitAsync(either.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        cancellation.ThrowIfCancellationRequested();
    }

    private async Task LookAfterAsync(Node node, CancellationToken cancellation)
    {
        var name = node.Metadata.Name;
        var renewed = _leases.Get("kube-node-lease", name)?.Spec.RenewTime;
        var heartbeat = $"{renewed:O} {string.Join(' ', node.Status.Conditions.OrEmpty().Select(c => c.LastHeartbeatTime?.ToString("O")))}";
        var plan = NodeLifecycleReconciler.Reconcile(
            node, heartbeat, _health.GetValueOrDefault(name), _context.Options.NodeMonitorGracePeriod, _context.Time.GetUtcNow());
        _health[name] = plan.Health;
        try
        {
            if (plan.Conditions is not null)
            {
                await PatchAsync(name, "status", "conditions", plan.Conditions, cancellation).ConfigureAwait(false);
                _events.Event(node, "Normal", "NodeNotReady", $"Node {name} status is now: NodeNotReady");
            }
            if (plan.Taints is not null)
                await WriteTaintsAsync(node, plan.Taints, cancellation).ConfigureAwait(false);
            if (plan.MarkPodsNotReady)
                await MarkPodsNotReadyAsync(name, cancellation).ConfigureAwait(false);
        }
        catch (ApiStatusException failure)
        {
            _context.Logger.LogWarning("node {Node} not updated, looked at again in {Period}: {Reason}", name, _context.Options.NodeMonitorPeriod, failure.Message);
        }
    }

    private async Task WriteTaintsAsync(Node node, IReadOnlyList<Taint> taints, CancellationToken cancellation)
    {
        var copy = node.DeepClone();
        copy.Spec.Taints = [.. taints];
        await _context.Client.For<Node>().UpdateAsync(copy, cancellation: cancellation).ConfigureAwait(false);
    }

    private Task PatchAsync(string name, string subresource, string field, IReadOnlyList<NodeCondition> conditions, CancellationToken cancellation)
    {
        using var stream = new MemoryStream();
        using (var writer = new Utf8JsonWriter(stream))
        {
            writer.WriteStartObject();
            writer.WriteStartObject(subresource);
            writer.WriteStartArray(field);
            foreach (var condition in conditions)
                condition.WriteJson(writer);
            writer.WriteEndArray();
            writer.WriteEndObject();
            writer.WriteEndObject();
        }
        return _context.Client.For<Node>().PatchAsync(null, name, ObjectPatch.Strategic(stream.ToArray()), null, subresource, cancellation);
    }

    private async Task MarkPodsNotReadyAsync(string node, CancellationToken cancellation)
    {
        foreach (var pod in _pods.List().Where(p => p.Spec.NodeName == node && PodState.IsReady(p)))
        {
            var copy = pod.DeepClone();
            var ready = copy.Status.Conditions!.First(c => c.Type == "Ready");
            (ready.Status, ready.LastTransitionTime) = ("False", _context.Time.GetUtcNow());
            copy.Metadata.ResourceVersion = "";
            await _context.Client.IgnoreNotFoundAsync(c => c.For<Pod>().UpdateStatusAsync(copy, cancellation: cancellation)).ConfigureAwait(false);
            _events.Event(pod, "Warning", "NodeNotReady", "Node is not ready");
        }
    }

    private async Task EvictAsync(CancellationToken cancellation)
    {
        var tainted = _nodes.List().Where(n => n.Spec.Taints.OrEmpty().Any(t => t.Effect == "NoExecute")).ToDictionary(n => n.Metadata.Name);
        if (tainted.Count == 0)
            return;
        var now = _context.Time.GetUtcNow();
        foreach (var pod in _pods.List())
        {
            if (!tainted.TryGetValue(pod.Spec.NodeName, out var node) || !PodState.IsActive(pod))
                continue;
            if (TaintEviction.DueAt(pod, node) is not { } due || due > now)
                continue;
            _events.Event(pod, "Normal", "TaintManagerEviction", $"Marking for deletion Pod {pod.Metadata.Namespace}/{pod.Metadata.Name}");
            await _context.Client.IgnoreNotFoundAsync(c => c.For<Pod>().DeleteAsync(pod.Metadata.Namespace, pod.Metadata.Name, cancellation: cancellation)).ConfigureAwait(false);
        }
    }
}
