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
/// Watches over nodes: marks those that fall silent, turns conditions into taints, and takes their pods out of service. Whom a NoExecute taint
/// drives out is <see cref="TaintEvictionController"/>'s business.
/// </summary>
internal sealed class NodeLifecycleController : IController
{
    private const string LeaseNamespace = "kube-node-lease";
    private const int WriteAttempts = 5;

    private readonly ControllerContext _context;
    private readonly ObjectStore<Node> _nodes;
    private readonly ObjectStore<Lease> _leases;
    private readonly IEventRecorder _events;
    private readonly UnheardPods _unheard;
    private readonly Dictionary<string, NodeHealth> _health = new(StringComparer.Ordinal);
    private readonly SemaphoreSlim _changed = new(0, 1);
    private readonly EvictionZones _zones;

    public NodeLifecycleController(ControllerContext context)
    {
        _context = context;
        _events = context.Recorder("node-controller");
        _zones = new EvictionZones(new(
            context.Options.NodeEvictionRate, context.Options.SecondaryNodeEvictionRate, context.Options.UnhealthyZoneThreshold,
            context.Options.LargeClusterSizeThreshold));
        var nodes = context.Informers.For<Node>();
        _nodes = nodes.Store;
        _leases = context.Informers.For<Lease>(new InformerOptions { Namespace = LeaseNamespace }).Store;
        _unheard = new UnheardPods(context, context.Informers.For<Pod>().Store.WithNodeIndex(), _events);
        nodes.AddHandler(Added, Updated, Removed);
    }

    public string Name => "node-lifecycle-controller";

    public async Task RunAsync(CancellationToken cancellation)
    {
        while (true)
        {
            var nodes = _nodes.List();
            // After a time in which nobody was heard, everybody has the whole grace again.
            if (_zones.Observe(nodes))
                _health.Clear();
            foreach (var node in nodes)
                await LookAfterAsync(node, cancellation).ConfigureAwait(false);
            foreach (var gone in _health.Keys.Except(nodes.Select(n => n.Metadata.Name)).ToList())
                _health.Remove(gone);
            await WaitAsync(cancellation).ConfigureAwait(false);
        }
    }

    private void Added(Node node)
    {
        _events.Event(
            node, "Normal", "RegisteredNode", $"Node {node.Metadata.Name} event: Registered Node {node.Metadata.Name} in Controller");
        Wake();
    }

    /// <summary>Heartbeats are looked at in their time; a changed spec or condition at once.</summary>
    private void Updated(Node before, Node node)
    {
        if (!before.Spec.SemanticEquals(node.Spec) || !Statuses(before).SequenceEqual(Statuses(node)))
            Wake();
    }

    private static IEnumerable<(string, string)> Statuses(Node node) => node.Status.Conditions.OrEmpty().Select(c => (c.Type, c.Status));

    private void Removed(Node node)
    {
        _events.Event(
            node, "Normal", "RemovingNode", $"Node {node.Metadata.Name} event: Removing Node {node.Metadata.Name} from Controller");
        Wake();
    }

    // Called by one informer's loop only: nobody else releases between the question and the answer.
    private void Wake()
    {
        if (_changed.CurrentCount == 0)
            _changed.Release();
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
        var options = _context.Options;
        var renewed = _leases.Get(LeaseNamespace, name)?.Spec.RenewTime;
        var plan = NodeLifecycleReconciler.Reconcile(
            node, Heartbeat(node, renewed), _health.GetValueOrDefault(name), options.NodeMonitorGracePeriod, options.NodeStartupGracePeriod,
            _context.Time.GetUtcNow());
        _health[name] = plan.Health;
        try
        {
            var current = node;
            if (plan.Conditions is not null)
            {
                current = await WriteConditionsAsync(node, plan.Conditions, cancellation).ConfigureAwait(false);
                // The times that this very write set are not a sign of life.
                _health[name] = plan.Health with { Heartbeat = Heartbeat(current, renewed) };
            }
            if (plan.BecameSilent)
                _events.Event(node, "Normal", "NodeNotReady", $"Node {name} status is now: NodeNotReady");
            await WriteTaintsAsync(current, cancellation).ConfigureAwait(false);
            if (plan.IsSilent)
                await _unheard.MarkNotReadyAsync(name, cancellation).ConfigureAwait(false);
        }
        catch (Exception failure) when (failure is ApiStatusException or HttpRequestException or IOException or TimeoutException)
        {
            if (failure is not ApiStatusException { IsNotFound: true })
                _context.Logger.LogWarning(
                    "node {Node} not updated, looked at again in {Period}: {Reason}", name, options.NodeMonitorPeriod, failure.Message);
        }
    }

    /// <summary>Whatever changes with each sign of life.</summary>
    private static string Heartbeat(Node node, DateTimeOffset? renewed)
    {
        var beats = node.Status.Conditions.OrEmpty().Select(c => c.Type + c.LastHeartbeatTime?.ToString("O"));
        return $"{node.Metadata.UID} {renewed:O} {string.Join(' ', beats)}";
    }

    /// <summary>Writes what taints the node should have, on the newest node there is.</summary>
    private async Task WriteTaintsAsync(Node node, CancellationToken cancellation)
    {
        var nodes = _context.Client.For<Node>();
        bool? mayEvict = null;
        // One turn of the zone's is one node, however often its write is tried.
        bool MayEvict() => mayEvict ??= _zones.TryTake(node, _context.Time.GetUtcNow());
        for (var attempt = 1; NodeLifecycleReconciler.Taints(node, _context.Time.GetUtcNow(), MayEvict, _zones.IsCutOff) is { } taints; attempt++)
        {
            var copy = node.DeepClone();
            copy.Spec.Taints = taints;
            try
            {
                await nodes.UpdateAsync(copy, cancellation: cancellation).ConfigureAwait(false);
                return;
            }
            catch (ApiStatusException failure) when (failure.IsConflict && attempt < WriteAttempts)
            {
                node = await nodes.GetAsync(null, node.Metadata.Name, cancellation).ConfigureAwait(false);
            }
        }
    }

    private Task<Node> WriteConditionsAsync(Node node, IReadOnlyList<NodeCondition> conditions, CancellationToken cancellation)
    {
        using var stream = new MemoryStream();
        using (var writer = new Utf8JsonWriter(stream))
        {
            writer.WriteStartObject();
            writer.WriteStartObject("status");
            writer.WriteStartArray("conditions");
            foreach (var condition in conditions)
                condition.WriteJson(writer);
            writer.WriteEndArray();
            writer.WriteEndObject();
            writer.WriteEndObject();
        }
        var patch = ObjectPatch.Strategic(stream.ToArray());
        return _context.Client.For<Node>().PatchAsync(null, node.Metadata.Name, patch, null, "status", cancellation);
    }
}
