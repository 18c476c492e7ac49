using Cybernetes.Client.Events;
using Cybernetes.Client.Informers;
using Cybernetes.Client.Queues;
using Cybernetes.Client.Transport;
using Cybernetes.Controllers.Ownership;
using Cybernetes.Objects;
using Cybernetes.Objects.Batch.V1;
using Cybernetes.Objects.Core.V1;
using Cybernetes.Objects.Meta.V1;

namespace Cybernetes.Controllers.CronJobs;

/// <summary>Makes the jobs of each cron job when they are due, and takes old ones away.</summary>
internal sealed class CronJobController : IController
{
    private readonly ControllerContext _context;
    private readonly ObjectStore<CronJob> _crons;
    private readonly ObjectStore<Job> _jobs;
    private readonly WorkQueue<ObjectKey> _queue;
    private readonly IEventRecorder _events;
    private readonly LiveOwners<CronJob> _live;

    public CronJobController(ControllerContext context)
    {
        _context = context;
        _queue = context.Queue<ObjectKey>("cronjob");
        _events = context.Recorder(Name);
        _live = new(context.Client);
        var crons = context.Informers.For<CronJob>();
        var jobs = context.Informers.For<Job>();
        (_crons, _jobs) = (crons.Store, jobs.Store.WithOwnerIndex());
        crons.AddHandler(Enqueue, (_, cron) => Enqueue(cron), Deleted);
        jobs.AddHandler(JobChanged, JobUpdated, JobDeleted);
    }

    public string Name => "cronjob-controller";

    public Task RunAsync(CancellationToken cancellation) =>
        _queue.RunWorkersAsync(_context.Options.ConcurrentCronJobSyncs, ReconcileAsync, _context.Logger, cancellation);

    private void Enqueue(CronJob cron) => _queue.Add(ObjectKey.Of(cron));

    private void Deleted(CronJob cron)
    {
        _live.Forget(ObjectKey.Of(cron));
        Enqueue(cron);
    }

    private void JobUpdated(Job before, Job job)
    {
        if (OwnerReferences.ControllerOf(before)?.UID != OwnerReferences.ControllerOf(job)?.UID)
            JobChanged(before);
        JobChanged(job);
    }

    private void JobChanged(Job job)
    {
        if (OwnerOf(job) is { } cron)
            Enqueue(cron);
    }

    private void JobDeleted(Job job)
    {
        if (OwnerOf(job) is not { } cron)
            return;
        _live.Lost(cron);
        Enqueue(cron);
    }

    private CronJob? OwnerOf(Job job) => OwnerReferences.ControllerOf(job) is { Kind: "CronJob" } owner
        && _crons.Get(job.Metadata.Namespace, owner.Name) is { } cron && cron.Metadata.UID == owner.UID ? cron : null;

    private async Task ReconcileAsync(ObjectKey key, CancellationToken cancellation)
    {
        if (_crons.Get(key) is not { } cron)
            return;
        var jobs = _jobs.OwnedBy(cron.Metadata.UID);
        var plan = CronJobReconciler.Reconcile(cron, jobs, _context.Time.LocalTimeZone, _context.Time.GetUtcNow());
        foreach (var told in plan.Events)
            _events.Event(cron, told.Type, told.Reason, told.Message);
        var status = plan.Status;
        foreach (var name in plan.Missing)
            await LookForAsync(cron, status, name, cancellation).ConfigureAwait(false);
        foreach (var job in plan.Replace)
        {
            await DeleteAsync(cron, job, cancellation).ConfigureAwait(false);
            status.Active?.RemoveAll(a => a.UID == job.Metadata.UID);
        }
        Exception? failure = null;
        if (plan.Create is not null)
            failure = await CreateAsync(cron, plan.Create, plan.Scheduled!.Value, status, cancellation).ConfigureAwait(false);
        foreach (var job in plan.Delete)
        {
            await DeleteAsync(cron, job, cancellation).ConfigureAwait(false);
            status.Active?.RemoveAll(a => a.UID == job.Metadata.UID);
        }
        if (!status.SemanticEquals(cron.Status))
        {
            var copy = cron.DeepClone();
            copy.Status = status;
            await _context.Client.For<CronJob>().UpdateStatusAsync(copy, cancellation: cancellation).ConfigureAwait(false);
        }
        if (failure is not null)
            throw new ReconcileFailedException($"cron job {key}: {failure.Message}", failure);
        if (plan.CheckAfter is { } after)
            _queue.AddAfter(key, after);
    }

    /// <summary>The informer may be late: only what the server does not know is missing.</summary>
    private async Task LookForAsync(CronJob cron, CronJobStatus status, string name, CancellationToken cancellation)
    {
        if (await _context.Client.For<Job>().FindAsync(cron.Metadata.Namespace, name, cancellation).ConfigureAwait(false) is not null)
            return;
        _events.Event(cron, "Normal", "MissingJob", "Active job went missing: " + name);
        status.Active?.RemoveAll(a => a.Name == name);
    }

    private async Task<Exception?> CreateAsync(
        CronJob cron, Job job, DateTimeOffset scheduled, CronJobStatus status, CancellationToken cancellation)
    {
        if (!await _live.IsLiveAsync(cron, cancellation).ConfigureAwait(false))
            return null;
        var jobs = _context.Client.For<Job>();
        Job? made;
        try
        {
            made = await jobs.CreateAsync(job, cancellation: cancellation).ConfigureAwait(false);
            _events.Event(cron, "Normal", "SuccessfulCreate", "Created job " + made.Metadata.Name);
        }
        catch (ApiStatusException failure) when (failure.IsNamespaceTerminating)
        {
            return null;
        }
        catch (ApiStatusException failure) when (failure.IsAlreadyExists)
        {
            // Made before a crash, and not written down; or somebody else's.
            made = await jobs.FindAsync(job.Metadata.Namespace, job.Metadata.Name, cancellation).ConfigureAwait(false);
            if (made is null || OwnerReferences.ControllerOf(made)?.UID != cron.Metadata.UID)
                return failure;
            if (status.Active.OrEmpty().Any(a => a.UID == made.Metadata.UID))
                return null;
        }
        catch (ApiStatusException failure)
        {
            _events.Event(cron, "Warning", "FailedCreate", "Error creating job: " + failure.Message);
            return failure;
        }
        (status.Active ??= []).Add(new ObjectReference
        {
            Kind = "Job", APIVersion = "batch/v1", Namespace = made.Metadata.Namespace, Name = made.Metadata.Name, UID = made.Metadata.UID,
            ResourceVersion = made.Metadata.ResourceVersion,
        });
        status.LastScheduleTime = scheduled;
        return null;
    }

    private async Task DeleteAsync(CronJob cron, Job job, CancellationToken cancellation)
    {
        var options = new DeleteOptions { PropagationPolicy = "Background", Preconditions = new() { UID = job.Metadata.UID } };
        try
        {
            await _context.Client.For<Job>().DeleteAsync(job.Metadata.Namespace, job.Metadata.Name, options, cancellation).ConfigureAwait(false);
            _events.Event(cron, "Normal", "SuccessfulDelete", "Deleted job " + job.Metadata.Name);
        }
        catch (ApiStatusException failure) when (failure.IsNotFound || failure.IsConflict)
        {
            // Gone already; a namesake is not meant.
        }
        catch (ApiStatusException failure)
        {
            _events.Event(cron, "Warning", "FailedDelete", "Deleted job: " + failure.Message);
            throw;
        }
    }
}
