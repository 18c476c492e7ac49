using Cybernetes.Client.Informers;
using Cybernetes.Client.Queues;
using Cybernetes.Controllers.Ownership;
using Cybernetes.Objects;
using Cybernetes.Objects.Batch.V1;
using Cybernetes.Objects.Core.V1;

namespace Cybernetes.Controllers.Jobs;

/// <summary>Pods that bear the tracking finalizer though no job will count them any more: it is taken off, lest they stay for ever.</summary>
internal sealed class OrphanedPods(ControllerContext context, ObjectStore<Job> jobs, ObjectStore<Pod> pods)
{
    private readonly WorkQueue<ObjectKey> _queue = context.Queue<ObjectKey>("job_orphan_pod");

    public Task RunAsync(CancellationToken cancellation) => _queue.RunWorkersAsync(1, ReleaseAsync, context.Logger, cancellation);

    public void Look(Pod pod)
    {
        if (IsOrphan(pod))
            _queue.Add(ObjectKey.Of(pod));
    }

    private bool IsOrphan(Pod pod)
    {
        if (!JobPods.HasFinalizer(pod))
            return false;
        if (OwnerReferences.ControllerOf(pod) is not { } owner)
            return true;
        if (owner.Kind != "Job")
            return false;
        if (jobs.Get(pod.Metadata.Namespace, owner.Name) is not { } job || job.Metadata.UID != owner.UID)
            return true;
        return !JobController.IsManagedElsewhere(job) && JobController.IsFinished(job) && PodState.IsFinished(pod);
    }

    /// <summary>Jobs and pods come by watches of their own: a pod may be seen before the job that will count it.</summary>
    private async Task<bool> HasUnknownJobAsync(Pod pod, CancellationToken cancellation)
    {
        var (ns, owner) = (pod.Metadata.Namespace, OwnerReferences.ControllerOf(pod));
        if (owner is null || jobs.Get(ns, owner.Name)?.Metadata.UID == owner.UID)
            return false;
        return (await context.Client.For<Job>().FindAsync(ns, owner.Name, cancellation).ConfigureAwait(false))?.Metadata.UID == owner.UID;
    }

    private async Task ReleaseAsync(ObjectKey key, CancellationToken cancellation)
    {
        // Read again: a job may have taken it meanwhile.
        if (pods.Get(key) is not { } pod || !IsOrphan(pod) || await HasUnknownJobAsync(pod, cancellation).ConfigureAwait(false))
            return;
        var (_, failure) = await FinalizerRemoval.RemoveAsync(context.Client, [pod], cancellation).ConfigureAwait(false);
        if (failure is not null)
            throw new ReconcileFailedException($"pod {key}: removing tracking finalizer: {failure.Message}", failure);
    }
}
