using Cybernetes.Controllers.Ownership;
using Cybernetes.Controllers.ReplicaSets;
using Cybernetes.Objects;
using Cybernetes.Objects.Batch.V1;
using Cybernetes.Objects.Core.V1;

namespace Cybernetes.Controllers.Jobs;

/// <summary>What a job's pods need.</summary>
/// <param name="Create">Pods to make.</param>
/// <param name="Remove">Pods too many: their finalizer goes first, so that they are not counted as failed.</param>
/// <param name="Abort">Pods of a job that has ended: deleted with their finalizer, and counted.</param>
internal sealed record JobPlan(IReadOnlyList<JobPodRequest> Create, IReadOnlyList<Pod> Remove, IReadOnlyList<Pod> Abort);

/// <summary>
/// Decides for one job, in the order in which its controller acts: <see cref="Decide"/> tells what to do with pods; <see cref="Track"/> what to
/// write before finished pods lose their finalizer; <see cref="Settle"/> what to write after it. So each pod is counted once, wherever a crash
/// falls: either its uid stands in the status, or its finalizer holds it. Pure: it touches nothing but its own copy of the status.
/// </summary>
internal sealed partial class JobReconciler
{
    /// <summary>Pods made or deleted in one go at most, as upstream.</summary>
    public const int MostPods = 500;

    /// <summary>Pods that one status update names at most, as upstream: the rest follows.</summary>
    public const int MostUncounted = 500;

    private readonly Job _job;
    private readonly List<Pod> _pods;
    private readonly List<Pod> _active;
    private readonly IReadOnlySet<string> _released;
    private readonly bool _isCaughtUp;
    private readonly DateTimeOffset _now;
    private readonly bool _isIndexed;
    private readonly HashSet<string> _uncountedSucceeded;
    private readonly HashSet<string> _uncountedFailed;
    private readonly int _succeeded;
    private readonly int _failed;
    private readonly IndexSet _indexesBefore = IndexSet.Empty;
    private readonly IndexSet _indexes = IndexSet.Empty;
    private readonly IndexSet? _failedIndexes;
    private readonly Dictionary<int, Pod> _delayed = [];
    private JobCondition? _end;
    private bool _managed;

    /// <param name="job">Neither finished nor another controller's.</param>
    /// <param name="pods">The pods it owns.</param>
    /// <param name="released">Pods whose finalizer was taken off, though the informer may still show it.</param>
    /// <param name="isCaughtUp">Whether the pods show all that was made and deleted before.</param>
    public JobReconciler(
        Job job, IReadOnlyList<Pod> pods, IReadOnlySet<string> released, bool isCaughtUp, JobBackoff before, DateTimeOffset now)
    {
        (_job, _released, _isCaughtUp, _now) = (job, released, isCaughtUp, now);
        _isIndexed = JobPods.IsIndexed(job);
        // Indexes are introduced in order.
        _pods = _isIndexed ? [.. pods.OrderBy(p => JobPods.IndexOf(job, p) ?? -1)] : [.. pods];
        _active = [.. _pods.Where(PodState.IsActive)];
        Status = job.Status.DeepClone();
        Status.UncountedTerminatedPods ??= new();
        _uncountedSucceeded = new(Status.UncountedTerminatedPods.Succeeded.OrEmpty(), StringComparer.Ordinal);
        _uncountedFailed = new(Status.UncountedTerminatedPods.Failed.OrEmpty(), StringComparer.Ordinal);
        var newSucceeded = NewlyEnded(_uncountedSucceeded, p => p.Status.Phase == PodPhase.Succeeded);
        var newFailed = NewlyEnded(_uncountedFailed, p => JobPods.IsFailed(job, p));
        _succeeded = Status.Succeeded + newSucceeded.Count + _uncountedSucceeded.Count;
        _failed = Status.Failed + newFailed.Count(p => FailurePolicy.Match(job, p).Counts) + _uncountedFailed.Count;
        Backoff = before.After(newSucceeded, newFailed, now);
        if (Status.StartTime is null && !JobPods.IsSuspended(job))
            Status.StartTime = Seconds(now);
        if (_isIndexed)
        {
            _indexesBefore = IndexSet.Parse(Status.CompletedIndexes, job.Spec.Completions ?? 0);
            _indexes = _indexesBefore.With(newSucceeded.Select(p => JobPods.IndexOf(job, p)!.Value));
            _succeeded = _indexes.Count;
        }
        if (_isIndexed && job.Spec.BackoffLimitPerIndex is not null)
        {
            _failedIndexes = FailedIndexes();
            HoldBack();
        }
    }

    /// <summary>The job's status as it becomes.</summary>
    public JobStatus Status { get; }

    /// <summary>To be kept once the status is written.</summary>
    public JobBackoff Backoff { get; }

    /// <summary>When something is to be done without any event; null where nothing will be.</summary>
    public TimeSpan? CheckAfter { get; private set; }

    /// <summary>What to do with pods.</summary>
    public JobPlan Decide()
    {
        _end = EndBefore() ?? Failure() ?? IndexFailure() ?? Success();
        if (_end is not null)
            return new([], [], _active);
        if (!_isCaughtUp || _job.Metadata.DeletionTimestamp is not null)
            return new([], [], []);
        _managed = true;
        return Manage();
    }

    // What the server keeps has whole seconds; a moment finer would look like a change each time.
    private static DateTimeOffset Seconds(DateTimeOffset time) => time.AddTicks(-(time.Ticks % TimeSpan.TicksPerSecond));

    private bool IsCounted(Pod pod) => !JobPods.HasFinalizer(pod) || _released.Contains(pod.Metadata.UID);

    private List<Pod> NewlyEnded(HashSet<string> uncounted, Func<Pod, bool> ended) =>
    [
        .. _pods.Where(p => !IsCounted(p) && !uncounted.Contains(p.Metadata.UID)
            && (!_isIndexed || JobPods.IndexOf(_job, p) is not null) && ended(p)),
    ];

    private JobCondition? Condition(string type) => Status.Conditions.OrEmpty().FirstOrDefault(c => c.Type == type && c.Status == "True");

    private JobCondition New(string type, string reason, string message) => new()
    {
        Type = type, Status = "True", Reason = reason, Message = message, LastProbeTime = Seconds(_now), LastTransitionTime = Seconds(_now),
    };

    private JobCondition Failed(string reason, string message) => New(JobConditionType.JobFailureTarget, reason, message);

    /// <summary>The end that an earlier call has decided and that waits for its pods.</summary>
    private JobCondition? EndBefore()
    {
        if (Condition(JobConditionType.JobSuccessCriteriaMet) is { } success)
            return success;
        return Condition(JobConditionType.JobFailureTarget) is { } failure
            ? New(JobConditionType.JobFailed, failure.Reason, failure.Message) : null;
    }

    private JobCondition? Failure()
    {
        if (_job.Spec.PodFailurePolicy is not null)
        {
            var message = _pods.Where(p => JobPods.IsFailed(_job, p)).Select(p => FailurePolicy.Match(_job, p).JobFailure).FirstOrDefault(m => m is not null);
            if (message is not null)
                return Failed("PodFailurePolicy", message);
        }
        var limit = _job.Spec.BackoffLimit ?? 6;
        if (_failed > limit || RestartsExceed(limit))
            return Failed("BackoffLimitExceeded", "Job has reached the specified backoff limit");
        if (_job.Spec.ActiveDeadlineSeconds is not { } seconds || JobPods.IsSuspended(_job) || Status.StartTime is not { } start)
            return null;
        // Years beyond what a clock shows never pass.
        var left = TimeSpan.FromSeconds(Math.Min(seconds, int.MaxValue)) - (_now - start);
        if (left <= TimeSpan.Zero)
            return Failed("DeadlineExceeded", "Job was active longer than specified deadline");
        Again(left);
        return null;
    }

    /// <summary>Pods that restart their containers themselves count by these restarts.</summary>
    private bool RestartsExceed(int limit)
    {
        if (_job.Spec.Template.Spec.RestartPolicy != "OnFailure")
            return false;
        var restarts = _pods.Where(p => p.Status.Phase is PodPhase.Running or PodPhase.Pending)
            .SelectMany(p => p.Status.InitContainerStatuses.OrEmpty().Concat(p.Status.ContainerStatuses.OrEmpty())).Sum(c => (long)c.RestartCount);
        return limit == 0 ? restarts > 0 : restarts >= limit;
    }

    private JobCondition? IndexFailure()
    {
        if (_failedIndexes is null)
            return null;
        var failed = _failedIndexes.Count;
        if (failed > _job.Spec.MaxFailedIndexes)
            return Failed("MaxFailedIndexesExceeded", "Job has exceeded the specified maximal number of failed indexes");
        return failed > 0 && failed + _indexes.Count >= _job.Spec.Completions ? Failed("FailedIndexes", "Job has failed indexes") : null;
    }

    private JobCondition? Success() => _isIndexed && FailurePolicy.MeetsSuccess(_job, _indexes) is { } message
        ? New(JobConditionType.JobSuccessCriteriaMet, "SuccessPolicy", message) : null;

    private IndexSet FailedIndexes()
    {
        var before = IndexSet.Parse(Status.FailedIndexes ?? "", _job.Spec.Completions ?? 0);
        return before.With(_pods.Where(p => !IsCounted(p) && IsIndexFailed(p))
            .Select(p => JobPods.IndexOf(_job, p)).OfType<int>().Where(i => !before.Contains(i)));
    }

    private bool IsIndexFailed(Pod pod)
    {
        if (!JobPods.IsFailed(_job, pod))
            return false;
        var verdict = FailurePolicy.Match(_job, pod);
        return verdict.FailsIndex || (verdict.Counts && JobPods.FailuresBefore(pod) >= _job.Spec.BackoffLimitPerIndex);
    }

    /// <summary>The last failed pod of an index keeps its finalizer until its successor has taken over how often the index failed.</summary>
    private void HoldBack()
    {
        var replaced = _active.Select(p => JobPods.IndexOf(_job, p)).OfType<int>().ToHashSet();
        foreach (var pod in _pods.Where(p => !IsCounted(p) && JobPods.IsFailed(_job, p)))
        {
            if (JobPods.IndexOf(_job, pod) is not { } index || replaced.Contains(index) || _indexes.Contains(index) || _failedIndexes!.Contains(index))
                continue;
            if (!_delayed.TryGetValue(index, out var last) || JobPods.AllFailuresBefore(last) <= JobPods.AllFailuresBefore(pod))
                _delayed[index] = pod;
        }
    }

    // A look too many a day costs nothing, and no timer runs for years.
    private void Again(TimeSpan after) =>
        CheckAfter = new[] { after, TimeSpan.FromDays(1), CheckAfter ?? TimeSpan.MaxValue }.Min();

    private JobPlan Manage()
    {
        if (JobPods.IsSuspended(_job))
            return new([], ToRemove(_active.Count), []);
        var wanted = Wanted();
        var remove = ToRemove(Math.Max(0, _active.Count - wanted));
        // Pods go before others come: an index may be there twice.
        if (remove.Count > 0)
            return new([], remove, []);
        var terminating = JobPods.ReplacesFailedOnly(_job) ? _pods.Count(JobPods.IsTerminating) : 0;
        return new(ToCreate(wanted - terminating - _active.Count), [], []);
    }

    private int Wanted()
    {
        var parallelism = _job.Spec.Parallelism ?? 1;
        // Without a number of completions one success is enough; what runs then runs on.
        if (_job.Spec.Completions is not { } completions)
            return _succeeded > 0 ? _active.Count : parallelism;
        var done = _failedIndexes is null ? _succeeded : _succeeded + _failedIndexes.Count;
        return Math.Clamp(completions - done, 0, Math.Max(0, parallelism));
    }

    private IReadOnlyList<JobPodRequest> ToCreate(int count)
    {
        count = Math.Min(count, MostPods);
        if (count <= 0)
            return [];
        var perIndex = _failedIndexes is not null;
        if (!perIndex && Backoff.Remaining(_now) is { Ticks: > 0 } wait)
        {
            Again(wait);
            return [];
        }
        if (!_isIndexed)
            return [.. Enumerable.Repeat(new JobPodRequest(null, null), count)];
        var taken = _indexes.With(_active.Select(p => JobPods.IndexOf(_job, p)).OfType<int>());
        if (JobPods.ReplacesFailedOnly(_job))
            taken = taken.With(_pods.Where(JobPods.IsTerminating).Select(p => JobPods.IndexOf(_job, p)).OfType<int>());
        if (_failedIndexes is not null)
            taken = taken.With(_failedIndexes);
        var pending = taken.Missing(_job.Spec.Completions ?? 0, count);
        return perIndex ? ReadyIndexes(pending) : [.. pending.Select(i => new JobPodRequest(i, null))];
    }

    /// <summary>Of the indexes that want a pod, those whose own delay is over.</summary>
    private List<JobPodRequest> ReadyIndexes(List<int> pending)
    {
        var ready = new List<JobPodRequest>();
        foreach (var index in pending)
        {
            var replaced = _delayed.GetValueOrDefault(index);
            var wait = replaced is null ? TimeSpan.Zero
                : JobBackoff.Remaining(JobPods.AllFailuresBefore(replaced) + 1, JobPods.EndOf(replaced, _now), _now);
            if (wait > TimeSpan.Zero)
                Again(wait);
            else
                ready.Add(new(index, replaced));
        }
        return ready;
    }

    /// <summary>Pods of no index or of one that another pod has, then those whose loss hurts least.</summary>
    private List<Pod> ToRemove(int atLeast)
    {
        var (remove, left) = _isIndexed ? Duplicates() : ([], _active);
        if (remove.Count < atLeast)
            remove.AddRange(ReplicaSetReconciler.ToDelete(left, [], atLeast - remove.Count, _now));
        return remove.Count > MostPods ? remove[..MostPods] : remove;
    }

    private (List<Pod> Remove, List<Pod> Left) Duplicates()
    {
        var (remove, left) = (new List<Pod>(), new List<Pod>());
        foreach (var group in _active.GroupBy(p => JobPods.IndexOf(_job, p)))
        {
            var pods = group.ToList();
            if (group.Key is null)
            {
                remove.AddRange(pods);
                continue;
            }
            var surplus = pods.Count == 1 ? [] : ReplicaSetReconciler.ToDelete(pods, [], pods.Count - 1, _now);
            remove.AddRange(surplus);
            left.AddRange(pods.Except(surplus));
        }
        return (remove, left);
    }
}
