using Cybernetes.Client.Events;
using Cybernetes.Client.Informers;
using Cybernetes.Client.Transport;
using Cybernetes.Foundation;
using Cybernetes.Objects.Core.V1;
using Cybernetes.Scheduler.Cycle;
using Cybernetes.Scheduler.Plugins;
using Cybernetes.Scheduler.Plugins.NodeAffinity;
using Cybernetes.Scheduler.Plugins.NodeName;
using Cybernetes.Scheduler.Plugins.NodePorts;
using Cybernetes.Scheduler.Plugins.NodeResources;
using Cybernetes.Scheduler.Plugins.NodeUnschedulable;
using Cybernetes.Scheduler.Plugins.PodTopologySpread;
using Cybernetes.Scheduler.Plugins.TaintToleration;
using Cybernetes.Scheduler.Queue;
using Cybernetes.Scheduler.Snapshot;
using Microsoft.Extensions.Logging;

namespace Cybernetes.Scheduler;

/// <summary>
/// The scheduler: takes pending pods in order, decides for each over the whole cluster, and binds. Decisions are made one at a time; bindings are
/// under way beside them, and a failed one gives its room back. A scheduler that dies between the two leaves nothing: the pod is still pending.
/// </summary>
public sealed class PodScheduler(ApiClient client, SchedulerOptions options, ILogger logger)
{
    /// <summary>Filters in upstream's order, the cheap ones that reject much first.</summary>
    internal static IReadOnlyList<IFilterPlugin> Filters { get; } =
    [
        new AbsentFeatures(), new NodeUnschedulableFilter(), new NodeNameFilter(), new TaintTolerationPlugin(), new NodeAffinityPlugin(),
        new NodePortsFilter(), new NodeResourcesFitFilter(), new PodTopologySpreadPlugin(),
    ];

    internal static IReadOnlyList<IScorePlugin> Scores { get; } =
        [new TaintTolerationPlugin(), new NodeAffinityPlugin(), new PodTopologySpreadPlugin(), new LeastAllocatedScore(), new BalancedAllocationScore()];

    /// <summary>Schedules until cancelled.</summary>
    public async Task RunAsync(CancellationToken cancellation)
    {
        using var queue = new SchedulingQueue(client.Time);
        using var bindings = new SemaphoreSlim(options.ConcurrentBindings);
        var informers = new InformerFactory(client, logger);
        var events = new EventSeriesRecorder(client, options.SchedulerName, options.SchedulerName + "-" + Environment.MachineName, logger);
        var columns = new ClusterColumns();
        var view = new ClusterView(columns, queue, options.SchedulerName);
        var owners = new SpreadOwners(informers);
        view.Watch(informers);
        informers.Start(cancellation);
        var recording = events.RunAsync(cancellation);
        await informers.WaitForSyncAsync(cancellation).ConfigureAwait(false);
        var cycle = new SchedulingCycle(columns, Filters, Scores, client.Options.Random);
        var outcome = new SchedulingOutcome(client, view, queue, events, logger);
        try
        {
            while (true)
            {
                // Journey 21: scheduler
                var queued = await queue.TakeAsync(cancellation).ConfigureAwait(false);
                var pod = queued.Pod;
                var decision = view.Decide(cycle, pod, owners.SelectorFor(pod));
                if (decision.NodeName is { } node)
                {
                    await bindings.WaitAsync(cancellation).ConfigureAwait(false);
                    _ = BindAsync(outcome, bindings, queued, pod, node, cancellation);
                }
                else
                    await outcome.RejectAsync(queued, pod, decision, cancellation).ConfigureAwait(false);
            }
        }
        finally
        {
            // Bindings use the semaphore until they end; they end soon, since they are cancelled too.
            for (var i = 0; i < options.ConcurrentBindings; i++)
                await bindings.WaitAsync(CancellationToken.None).ConfigureAwait(false);
            await Task.WhenAll(informers.WhenStopped(), recording).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private static async Task BindAsync(
        SchedulingOutcome outcome, SemaphoreSlim bindings, QueuedPod queued, Pod pod, string node, CancellationToken cancellation)
    {
        // Journey 22: binding
        try
        {
            await outcome.BindAsync(queued, pod, node, cancellation).ConfigureAwait(false);
        }
        finally
        {
            bindings.Release();
        }
    }
}
