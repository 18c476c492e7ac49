using Cybernetes.Client.Events;
using Cybernetes.Client.Informers;
using Cybernetes.Client.Transport;
using Cybernetes.Foundation;
using Cybernetes.Objects.Core.V1;
using Cybernetes.Objects.Policy.V1;
using Cybernetes.Scheduler.Configuration;
using Cybernetes.Scheduler.Cycle;
using Cybernetes.Scheduler.Plugins.DynamicResources;
using Cybernetes.Scheduler.Plugins.GangScheduling;
using Cybernetes.Scheduler.Plugins.PodTopologySpread;
using Cybernetes.Scheduler.Plugins.Volumes;
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
    /// <summary>Schedules until cancelled.</summary>
    public async Task RunAsync(CancellationToken cancellation)
    {
        var informers = new InformerFactory(client, logger);
        var budgets = informers.For<PodDisruptionBudget>().Store;
        var groups = new PodGroups();
        var reporter = options.Configuration.Profiles[0].SchedulerName;
        var events = new EventSeriesRecorder(client, reporter, reporter + "-" + options.HostName, logger);
        var inventory = new DeviceInventory();
        var devices = new DeviceServices(inventory, new DeviceWatch(inventory), DeviceSelectors.Instance, client, events)
        {
            HasLists = options.Features.Contains("DRAListTypeAttributes"),
        };
        var services = new PluginServices(new InformedVolumeObjects(informers), budgets.ListNamespace, client, groups, devices);
        var profiles = ProfileBuilder.Build(options.Configuration, services);
        using var queue = QueueFor(profiles);
        using var writes = new SemaphoreSlim(options.ConcurrentBindings);
        var columns = new ClusterColumns();
        var view = new ClusterView(columns, queue, profiles, groups, inventory);
        groups.WatchBy(client, queue.Reconsider, logger, cancellation);
        devices.Watch.WatchBy(
            client, happening => queue.Move(happening), queue.Reconsider, options.Features.Contains("DRADeviceTaintRules"), logger, cancellation);
        var owners = new SpreadOwners(informers);
        var synced = view.Watch(informers);
        informers.Start(cancellation);
        var recording = events.RunAsync(cancellation);
        await informers.WaitForSyncAsync(cancellation).ConfigureAwait(false);
        await synced.WaitAsync(cancellation).ConfigureAwait(false);
        var cycle = new SchedulingCycle(columns, client.Options.Random);
        var outcome = new SchedulingOutcome(client, view, queue, events, logger);
        var together = new PodGroupScheduling(client, groups, view, queue, outcome, owners, logger);
        try
        {
            while (true)
            {
                // Journey 21: scheduler
                var queued = await queue.TakeAsync(cancellation).ConfigureAwait(false);
                var pod = queued.Pod;
                if (together.GroupOf(pod) is { } group)
                {
                    foreach (var write in together.Decide(cycle, queued, group))
                    {
                        await writes.WaitAsync(cancellation).ConfigureAwait(false);
                        _ = Task.Run(() => ReleasingAsync(writes, write(cancellation)), CancellationToken.None);
                    }
                    continue;
                }
                var decision = view.Decide(cycle, pod, owners.SelectorFor(pod));
                if (decision.NodeName is null)
                    outcome.Reject(queued, decision);
                await writes.WaitAsync(cancellation).ConfigureAwait(false);
                // Journey 22: binding
                // Elsewhere: an API server in this process would do its work on the thread that decides.
                _ = Task.Run(() => ReleasingAsync(writes, decision.NodeName is { } node
                    ? outcome.BindAsync(queued, pod, node, view.ProfileOf(pod)!, cancellation)
                    : outcome.TellAsync(pod, decision, cancellation)), CancellationToken.None);
            }
        }
        finally
        {
            // What is being written uses the semaphore until it ends; it ends soon, since it is cancelled too.
            for (var i = 0; i < options.ConcurrentBindings; i++)
                await writes.WaitAsync(CancellationToken.None).ConfigureAwait(false);
            foreach (var extender in profiles[0].Extenders)
                extender.Dispose();
            await Task.WhenAll(informers.WhenStopped(), groups.Watching, devices.Watch.Watching, recording)
                .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private SchedulingQueue QueueFor(IReadOnlyList<SchedulingProfile> profiles)
    {
        var gates = profiles.ToDictionary(p => p.SchedulerName, p => p.PreEnqueues, StringComparer.Ordinal);
        bool IsGated(Pod pod) => gates.TryGetValue(pod.Spec.SchedulerName, out var plugins) && plugins.Any(p => p.PreEnqueue(pod) is not null);
        var backoff = new BackoffOptions(options.Configuration.PodInitialBackoff, options.Configuration.PodMaxBackoff);
        return new SchedulingQueue(client.Time, profiles[0].QueueSort, backoff, IsGated);
    }

    private static async Task ReleasingAsync(SemaphoreSlim writes, Task write)
    {
        try
        {
            await write.ConfigureAwait(false);
        }
        finally
        {
            writes.Release();
        }
    }
}
