using Cybernetes.Client.Events;
using Cybernetes.Client.Informers;
using Cybernetes.Client.Queues;
using Cybernetes.Client.Transport;
using Cybernetes.Controllers.Ownership;
using Cybernetes.Objects;
using Cybernetes.Objects.Batch.V1;
using Cybernetes.Objects.Core.V1;

namespace Cybernetes.Controllers.Jobs;

/// <summary>Runs each job's pods until enough have succeeded, or too many failed, and counts each of them once.</summary>
internal sealed class JobController : IController
{
    private const string OwnName = "kubernetes.io/job-controller";

    // Pods of a job end in bunches: one look does for all of a moment. Upstream waits a second, which a short job feels.
    private static readonly TimeSpan s_batch = TimeSpan.FromMilliseconds(100);

    private readonly ControllerContext _context;
    private readonly ObjectStore<Job> _jobs;
    private readonly ObjectStore<Pod> _pods;
    private readonly WorkQueue<ObjectKey> _queue;
    private readonly ControllerExpectations _expectations;
    private readonly IEventRecorder _events;
    private readonly PodControl _control;
    private readonly JobMemory _memory = new();
    private readonly OrphanedPods _orphans;
    private readonly JobGangs? _gangs;

    public JobController(ControllerContext context)
    {
        _context = context;
        _queue = context.Queue<ObjectKey>("job");
        _expectations = new ControllerExpectations(context.Time);
        _events = context.Recorder("job-controller");
        _control = new PodControl(context.Client, _events, _expectations);
        var jobs = context.Informers.For<Job>();
        var pods = context.Informers.For<Pod>();
        (_jobs, _pods) = (jobs.Store.WithOwnerIndex(), pods.Store.WithOwnerIndex());
        _orphans = new OrphanedPods(context, _jobs, _pods);
        if (context.Options.Features.Contains("WorkloadWithJob"))
            _gangs = new JobGangs(context, _events);
        jobs.AddHandler(Enqueue, JobUpdated, JobDeleted);
        new PodWatch<Job>(_jobs, j => LabelMatcher.For(j.Spec.Selector), key => _queue.AddAfter(key, s_batch), _expectations).Attach(pods);
        pods.AddHandler(_orphans.Look, PodUpdated, PodDeleted);
    }

    public string Name => "job-controller";

    public static bool IsFinished(Job job) => Finished(job) is not null;

    /// <summary>The condition that tells the job's end; null while it goes on.</summary>
    public static JobCondition? Finished(Job job) => job.Status.Conditions.OrEmpty()
        .FirstOrDefault(c => c is { Type: JobConditionType.JobComplete or JobConditionType.JobFailed, Status: "True" });

    /// <summary>Whether another controller has the job.</summary>
    public static bool IsManagedElsewhere(Job job) => job.Spec.ManagedBy is not null and not OwnName;

    public Task RunAsync(CancellationToken cancellation) => Task.WhenAll(
        _queue.RunWorkersAsync(_context.Options.ConcurrentJobSyncs, ReconcileAsync, _context.Logger, cancellation),
        _orphans.RunAsync(cancellation));

    private void Enqueue(Job job) => _queue.Add(ObjectKey.Of(job));

    private void JobUpdated(Job before, Job job)
    {
        if (before.Metadata.UID != job.Metadata.UID)
            Forget(ObjectKey.Of(before));
        // Its own writes of the status come back here: they are no news.
        if (before.Metadata.Generation == job.Metadata.Generation && before.Metadata.UID == job.Metadata.UID)
            _queue.AddAfter(ObjectKey.Of(job), s_batch);
        else
            Enqueue(job);
        // A job ends when its last finalizer is off; what is left of them all the same keeps its pods for ever.
        if (IsFinished(job) && !IsFinished(before))
            LookAtPods(job);
    }

    private void LookAtPods(Job job)
    {
        foreach (var pod in _pods.OwnedBy(job.Metadata.UID))
            _orphans.Look(pod);
    }

    private void JobDeleted(Job job)
    {
        _gangs?.Forget(job);
        Forget(ObjectKey.Of(job));
        LookAtPods(job);
    }

    private void Forget(ObjectKey key)
    {
        _expectations.Forget(key);
        _memory.Forget(key);
    }

    private void PodUpdated(Pod before, Pod pod)
    {
        if (!JobPods.HasFinalizer(pod) && OwnerReferences.ControllerOf(pod) is { Kind: "Job" } owner)
            _memory.ReleaseSeen(new(pod.Metadata.Namespace, owner.Name), pod.Metadata.UID);
        _orphans.Look(pod);
    }

    private void PodDeleted(Pod pod)
    {
        if (OwnerReferences.ControllerOf(pod) is { Kind: "Job" } owner)
            _memory.ReleaseSeen(new(pod.Metadata.Namespace, owner.Name), pod.Metadata.UID);
    }

    private async Task ReconcileAsync(ObjectKey key, CancellationToken cancellation)
    {
        if (_jobs.Get(key) is not { } job)
        {
            Forget(key);
            return;
        }
        if (IsManagedElsewhere(job))
            return;
        // Pods whose finalizer is off are counted in the status that was written then: by an older one they would be made again.
        if (_memory.Statuses.IsOutdated(job))
            return;
        if (IsFinished(job))
        {
            _memory.Forget(key);
            return;
        }
        if (job.Spec.CompletionMode is not (null or CompletionMode.NonIndexedCompletion or CompletionMode.IndexedCompletion))
        {
            _events.Event(job, "Warning", "UnknownCompletionMode", "Skipped Job sync because completion mode is unknown");
            return;
        }
        // Before the pods are read: what comes between is seen twice rather than never.
        var isCaughtUp = _expectations.IsSatisfied(key, _queue);
        var pods = await Claiming.ClaimAsync(
            _context.Client, job, LabelMatcher.For(job.Spec.Selector), _pods, null, cancellation, JobPods.Finalizer).ConfigureAwait(false);
        var step = new JobReconciler(job, pods, _memory.Released(key), isCaughtUp, _memory.Backoff(key), _context.Time.GetUtcNow());
        var (acts, failure) = await ActAsync(key, job, step.Decide(), pods, cancellation).ConfigureAwait(false);
        await CountAsync(key, job, step, acts, cancellation).ConfigureAwait(false);
        if (failure is not null)
            throw new ReconcileFailedException($"job {key}: {failure.Message}", failure);
        if (step.CheckAfter is { } after)
            _queue.AddAfter(key, after);
    }

    private async Task<(JobActs Acts, Exception? Failure)> ActAsync(
        ObjectKey key, Job job, JobPlan plan, IReadOnlyList<Pod> pods, CancellationToken cancellation)
    {
        if (plan.Abort.Count > 0)
            return await DeleteAsync(key, job, plan.Abort, cancellation).ConfigureAwait(false);
        if (plan.Remove.Count > 0)
        {
            _expectations.Expect(key, 0, [.. plan.Remove.Select(p => p.Metadata.UID)]);
            var (released, failure) = await FinalizerRemoval.RemoveAsync(_context.Client, plan.Remove, cancellation, asSeen: true)
                .ConfigureAwait(false);
            foreach (var pod in plan.Remove.Where(p => !released.Contains(p.Metadata.UID)))
                _expectations.DeletionObserved(key, pod.Metadata.UID);
            var (acts, second) = await DeleteAsync(key, job, [.. plan.Remove.Where(p => released.Contains(p.Metadata.UID))], cancellation)
                .ConfigureAwait(false);
            return (acts, failure ?? second);
        }
        if (plan.Create.Count == 0)
            return (new(0, 0, 0), null);
        var group = _gangs is null ? null : await _gangs.GroupForAsync(job, pods, cancellation).ConfigureAwait(false);
        _expectations.ExpectCreations(key, plan.Create.Count);
        var template = JobPods.Template(job);
        if (group is not null)
            template.Spec.SchedulingGroup = new() { PodGroupName = group };
        var (made, problem) = await _control.CreateAsync(
            key, job, plan.Create.Count, n => JobPods.For(job, template, plan.Create[n]), cancellation).ConfigureAwait(false);
        return (new(made, 0, 0), problem);
    }

    private async Task<(JobActs Acts, Exception? Failure)> DeleteAsync(
        ObjectKey key, Job job, IReadOnlyList<Pod> pods, CancellationToken cancellation)
    {
        var deleted = 0;
        var ready = 0;
        Exception? failure = null;
        // Ten thousand pods at once would be ten thousand calls at once.
        foreach (var some in pods.Chunk(JobReconciler.MostPods))
        {
            var (gone, problem) = await _control.DeleteAsync(key, job, some, cancellation).ConfigureAwait(false);
            deleted += gone;
            failure ??= problem;
            ready += problem is null ? some.Count(PodState.IsReady) : 0;
        }
        return (new(0, deleted, ready), failure);
    }

    /// <summary>Names ended pods in the status, takes their finalizers off, and counts them then.</summary>
    private async Task CountAsync(ObjectKey key, Job job, JobReconciler step, JobActs acts, CancellationToken cancellation)
    {
        var tracking = step.Track(acts);
        if (tracking.Flush)
        {
            job = await WriteAsync(job, step.Status, cancellation).ConfigureAwait(false);
            _memory.Keep(key, step.Backoff);
        }
        Tell(job, tracking.Events);
        _memory.ExpectReleased(key, tracking.Release);
        var (released, failure) = await FinalizerRemoval.RemoveAsync(_context.Client, tracking.Release, cancellation).ConfigureAwait(false);
        foreach (var pod in tracking.Release.Where(p => !released.Contains(p.Metadata.UID)))
            _memory.ReleaseSeen(key, pod.Metadata.UID);
        var settlement = step.Settle(released);
        if (settlement.Flush)
            await WriteAsync(job, step.Status, cancellation).ConfigureAwait(false);
        Tell(job, settlement.Events);
        if (failure is not null)
            throw new ReconcileFailedException($"job {key}: removing tracking finalizer: {failure.Message}", failure);
    }

    private void Tell(Job job, IReadOnlyList<JobEvent> events)
    {
        foreach (var told in events)
            _events.Event(job, told.Type, told.Reason, told.Message);
    }

    private async Task<Job> WriteAsync(Job job, JobStatus status, CancellationToken cancellation)
    {
        var copy = job.DeepClone();
        copy.Status = status.DeepClone();
        return _memory.Statuses.Remember(
            await _context.Client.For<Job>().UpdateStatusAsync(copy, cancellation: cancellation).ConfigureAwait(false));
    }
}
