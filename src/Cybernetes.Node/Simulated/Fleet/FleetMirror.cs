using System.Collections.Concurrent;
using Cybernetes.Client.Informers;
using Cybernetes.Client.Transport;
using Cybernetes.Objects;
using Cybernetes.Objects.Core.V1;
using Microsoft.Extensions.Logging;

namespace Cybernetes.Node.Simulated.Fleet;

/// <summary>
/// What is said of the fleet's nodes: one that somebody else has marked not ready, since its leases were late or not heard of, says again how it is. A
/// kubelet looks at its node every ten seconds and writes what is wrong; here one watch looks for all.
/// </summary>
/// <param name="client">May list and watch nodes.</param>
/// <param name="nodes">The fleet's, by name.</param>
/// <param name="due">Where the telling is put.</param>
/// <param name="tell">Tells a node's status, unless it is silent.</param>
/// <param name="logger">Where the watch says what goes wrong.</param>
internal sealed class FleetMirror(
    ApiClient client, IReadOnlyDictionary<string, FleetNode> nodes, DueQueue<Func<CancellationToken, Task>> due,
    Func<FleetNode, CancellationToken, Task> tell, ILogger logger)
{
    /// <summary>A kubelet's nodeStatusUpdateFrequency.</summary>
    private static readonly TimeSpan s_look = TimeSpan.FromSeconds(10);

    private readonly ConcurrentDictionary<string, bool> _telling = new(StringComparer.Ordinal);

    /// <summary>Looks until cancelled.</summary>
    public Task WatchAsync(CancellationToken cancellation)
    {
        var informer = new Informer<NodeObject>(client, null, logger);
        informer.TrimBy(Trim);
        informer.AddHandler(Look, (_, node) => Look(node));
        return informer.RunAsync(cancellation);
    }

    private static void Trim(NodeObject node)
    {
        node.Spec = new();
        node.Status = new() { Conditions = node.Status.Conditions?.FindAll(c => c.Type == "Ready") };
        (node.Metadata.Labels, node.Metadata.Annotations) = (null, null);
    }

    private void Look(NodeObject node)
    {
        var isReady = node.Status.Conditions.OrEmpty().Any(c => c is { Type: "Ready", Status: "True" });
        if (!isReady && nodes.TryGetValue(node.Metadata.Name, out var ours) && _telling.TryAdd(ours.Name, true))
            due.Add(token => TellAsync(ours, token), client.Time.GetUtcNow() + s_look);
    }

    private async Task TellAsync(FleetNode node, CancellationToken cancellation)
    {
        try
        {
            await tell(node, cancellation).ConfigureAwait(false);
        }
        catch (ApiStatusException gone) when (gone.IsNotFound)
        {
            // It is registered anew when its lease is missed.
        }
        // A failure leaves the mark: the same work is done again.
        _telling.TryRemove(node.Name, out _);
    }
}
