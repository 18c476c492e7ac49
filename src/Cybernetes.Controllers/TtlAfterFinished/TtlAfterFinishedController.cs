using Cybernetes.Client.Informers;
using Cybernetes.Client.Queues;
using Cybernetes.Client.Transport;
using Cybernetes.Controllers.Jobs;
using Cybernetes.Objects.Batch.V1;
using Cybernetes.Objects.Meta.V1;

namespace Cybernetes.Controllers.TtlAfterFinished;

/// <summary>Deletes finished jobs when the time they asked for is over.</summary>
internal sealed class TtlAfterFinishedController : IController
{
    private readonly ControllerContext _context;
    private readonly ObjectStore<Job> _jobs;
    private readonly WorkQueue<ObjectKey> _queue;

    public TtlAfterFinishedController(ControllerContext context)
    {
        _context = context;
        _queue = context.Queue<ObjectKey>("ttl_jobs_to_delete");
        var jobs = context.Informers.For<Job>();
        _jobs = jobs.Store;
        jobs.AddHandler(Look, (_, job) => Look(job));
    }

    public string Name => "ttl-after-finished-controller";

    public Task RunAsync(CancellationToken cancellation) =>
        _queue.RunWorkersAsync(_context.Options.ConcurrentTtlAfterFinishedSyncs, ReconcileAsync, _context.Logger, cancellation);

    /// <summary>How long the job is to be kept yet, zero or less when it may go; null when it stays. Pure.</summary>
    internal static TimeSpan? Remaining(Job job, DateTimeOffset now)
    {
        if (job.Spec.TTLSecondsAfterFinished is not { } seconds || job.Metadata.DeletionTimestamp is not null)
            return null;
        return JobController.Finished(job)?.LastTransitionTime is { } finished ? finished.AddSeconds(seconds) - now : null;
    }

    private void Look(Job job)
    {
        if (Remaining(job, _context.Time.GetUtcNow()) is not null)
            _queue.Add(ObjectKey.Of(job));
    }

    private async Task ReconcileAsync(ObjectKey key, CancellationToken cancellation)
    {
        if (_jobs.Get(key) is not { } job || Remaining(job, _context.Time.GetUtcNow()) is not { } remaining)
            return;
        if (remaining > TimeSpan.Zero)
        {
            _queue.AddAfter(key, remaining < TimeSpan.FromDays(1) ? remaining : TimeSpan.FromDays(1));
            return;
        }
        // The server's own word: the time may have been prolonged, and the informer not have heard of it.
        var live = await _context.Client.For<Job>().FindAsync(key.Namespace, key.Name, cancellation).ConfigureAwait(false);
        if (live is null || live.Metadata.UID != job.Metadata.UID || !(Remaining(live, _context.Time.GetUtcNow()) <= TimeSpan.Zero))
            return;
        var options = new DeleteOptions { PropagationPolicy = "Foreground", Preconditions = new() { UID = live.Metadata.UID } };
        await _context.Client.IgnoreNotFoundAsync(c => c.For<Job>().DeleteAsync(key.Namespace, key.Name, options, cancellation))
            .ConfigureAwait(false);
    }
}
