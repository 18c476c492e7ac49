using System.Collections.Concurrent;
using Cybernetes.Node.Probes;
using Cybernetes.Node.Runtime;
using Cybernetes.Objects;
using Cybernetes.Objects.Core.V1;
using Microsoft.Extensions.Logging;

namespace Cybernetes.Node.Pods;

/// <summary>
/// The workers of all the node's pods, by uid. Told by the API server's watch and by the runtime; hands each to the worker it
/// concerns. A
/// pod without room on the node is refused here. Calls may come from any thread.
/// </summary>
internal sealed class PodWorkers(PodServices services, ProbeServices probes, PodAdmission admission, TimeSpan syncPeriod)
{
    private readonly ConcurrentDictionary<string, (PodWorker Worker, Task Loop)> _workers = new(StringComparer.Ordinal);
    private readonly Lock _gate = new();

    /// <summary>All pods the node has work with, those that ended too.</summary>
    public IReadOnlyList<PodWorker> All => [.. _workers.Values.Select(entry => entry.Worker)];

    public PodWorker? Find(string uid) => _workers.TryGetValue(uid, out var entry) ? entry.Worker : null;

    public PodWorker? Find(string podNamespace, string name)
    {
        PodWorker? found = null;
        foreach (var (worker, _) in _workers.Values)
        {
            var metadata = worker.Pod.Metadata;
            if (metadata.Name != name || metadata.Namespace != podNamespace)
                continue;

            // Of a pod that is ending and its successor of the same name, the successor is meant.
            if (found is null || found.Stage != PodStage.Running)
                found = worker;
        }

        return found;
    }

    public void Update(Pod pod)
    {
        PodWorker worker;
        lock (_gate)
        {
            if (_workers.TryGetValue(pod.Metadata.UID, out var entry))
                worker = entry.Worker;
            else
            {
                worker = new PodWorker(pod, services, probes, syncPeriod);
                Admit(worker, pod);
                _workers[pod.Metadata.UID] = (worker, Task.Run(() => RunAsync(worker, pod.Metadata.UID)));
                return;
            }
        }

        worker.Update(pod);
    }

    public void Remove(Pod pod) => Find(pod.Metadata.UID)?.ObjectRemoved();

    public void Notice(PodLifecycleEvent change) => Find(change.PodUid)?.Notice(change);

    /// <summary>Ends when all workers have stopped, after the agent was told to stop.</summary>
    public Task WhenStoppedAsync() => Task.WhenAll(_workers.Values.Select(entry => entry.Loop));

    private void Admit(PodWorker worker, Pod pod)
    {
        // A pod that ran before or is ending is not asked for room again.
        if (pod.Metadata.DeletionTimestamp is not null || pod.Status.StartTime is not null)
            return;
        var others = _workers.Values.Select(entry => entry.Worker)
            .Where(other => other.Stage is PodStage.Running or PodStage.Terminating).Select(other => other.Pod);
        if (admission.Refusal(pod, others, services.Node.Allocatable) is { } refusal)
            worker.End(refusal.Reason, refusal.Message);
    }

    private async Task RunAsync(PodWorker worker, string uid)
    {
        try
        {
            await worker.RunAsync(probes.Stopping).ConfigureAwait(false);
        }
        catch (Exception e)
        {
            // A bug: this one pod stands still, and the log says so; the others go on.
            services.Logger.LogError(e, "The worker of pod {Namespace}/{Name} failed", worker.Pod.Metadata.Namespace,
                worker.Pod.Metadata.Name);
            return;
        }

        if (worker.Stage == PodStage.Finished)
            _workers.TryRemove(uid, out _);
    }
}
