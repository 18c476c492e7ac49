using Cybernetes.Controllers.Ownership;
using Cybernetes.Objects;
using Cybernetes.Objects.Batch.V1;
using Cybernetes.Objects.Core.V1;

namespace Cybernetes.Controllers.Jobs;

/// <summary>What became of a <see cref="JobPlan"/>.</summary>
/// <param name="Created">Pods made.</param>
/// <param name="Deleted">Pods deleted, of both sorts.</param>
/// <param name="DeletedReady">Those of them that were ready.</param>
internal sealed record JobActs(int Created, int Deleted, int DeletedReady);

/// <summary>An event to record.</summary>
internal sealed record JobEvent(string Type, string Reason, string Message);

/// <summary>What to write before finalizers go.</summary>
/// <param name="Flush">Whether the status must be written first.</param>
/// <param name="Release">Pods whose finalizer goes then.</param>
internal sealed record JobTracking(bool Flush, IReadOnlyList<Pod> Release, IReadOnlyList<JobEvent> Events);

/// <summary>What to write after finalizers have gone.</summary>
/// <param name="Flush">Whether the status must be written again.</param>
internal sealed record JobSettlement(bool Flush, IReadOnlyList<JobEvent> Events);

// The counting of pods.
internal sealed partial class JobReconciler
{
    private readonly List<JobEvent> _events = [];
    private readonly HashSet<string> _held = new(StringComparer.Ordinal);
    private IndexSet _introduced = IndexSet.Empty;
    private List<Pod> _toRelease = [];
    private bool _flush;
    private bool _reachedMost;
    private int _terminating;

    /// <summary>Brings the status up to where finalizers may go: who ends is named in it.</summary>
    public JobTracking Track(JobActs acts)
    {
        var active = _active.Count + acts.Created - acts.Deleted;
        _terminating = _pods.Count(JobPods.IsTerminating) + acts.Deleted;
        if (_managed)
            TellEndOrSuspension(active);
        else if (_end is not null && (active > 0 || !_isCaughtUp))
            // Pods may be left that nobody has seen: it is not over yet.
            _end = null;
        else if (_end is null && IsComplete(active))
            _end = New(JobConditionType.JobSuccessCriteriaMet, "CompletionsReached", "Reached expected number of succeeded pods");
        // Where some deletions failed, nobody knows which: more ready ones than active ones would be refused.
        var ready = Math.Clamp(_active.Count(PodState.IsReady) - acts.DeletedReady, 0, Math.Max(0, active));
        _flush |= Status.Active != active || Status.Ready != ready || Status.Terminating != _terminating;
        (Status.Active, Status.Ready, Status.Terminating) = (active, ready, _terminating);
        _held.UnionWith(_pods.Where(p => !IsCounted(p)).Select(p => p.Metadata.UID));
        _flush |= CountReleased();
        _toRelease = NameEnded();
        TellIndexes();
        TellEnd();
        return new(_flush, _toRelease, _events);
    }

    /// <summary>Counts those whose finalizer is off, and ends the job when nothing is left to wait for.</summary>
    /// <param name="released">The uids of those among <see cref="JobTracking.Release"/> whose finalizer is off.</param>
    public JobSettlement Settle(IEnumerable<string> released)
    {
        _held.ExceptWith(released);
        var flush = CountReleased();
        var uncounted = Status.UncountedTerminatedPods!;
        var isOver = _end is not null && !_reachedMost && _terminating == 0 && !_toRelease.Any(p => _held.Contains(p.Metadata.UID))
            && uncounted.Succeeded.OrEmpty().Count == 0 && uncounted.Failed.OrEmpty().Count == 0;
        if (!isOver)
            return new(flush, []);
        // Suspended before its first status was written, it has worked all the same; the server takes no end of a job without a beginning.
        if (Status.StartTime is null && _pods.Count > 0)
            Status.StartTime = Seconds(_pods.Min(p => p.Metadata.CreationTimestamp) ?? _now);
        Ensure(_end!.Type, "True", _end.Reason, _end.Message);
        if (_end.Type != JobConditionType.JobComplete)
            return new(true, [new("Warning", _end.Reason, _end.Message)]);
        Status.CompletionTime = _end.LastTransitionTime;
        var completed = new JobEvent("Normal", "Completed", "Job completed");
        return Status.Succeeded > _job.Spec.Completions
            ? new(true, [new("Warning", "TooManySucceededPods", "Too many succeeded pods running after completion count reached"), completed])
            : new(true, [completed]);
    }

    private bool IsComplete(int active) =>
        active == 0 && (_job.Spec.Completions is { } completions ? _succeeded >= completions : _succeeded > 0);

    private void TellEndOrSuspension(int active)
    {
        if (IsComplete(active))
        {
            _end = New(JobConditionType.JobSuccessCriteriaMet, "CompletionsReached", "Reached expected number of succeeded pods");
            return;
        }
        if (JobPods.IsSuspended(_job))
        {
            if (Ensure(JobConditionType.JobSuspended, "True", "JobSuspended", "Job suspended"))
                _events.Add(new("Normal", "Suspended", "Job suspended"));
        }
        else if (Ensure(JobConditionType.JobSuspended, "False", "JobResumed", "Job resumed"))
        {
            _events.Add(new("Normal", "Resumed", "Job resumed"));
            // The deadline counts the time in which the job could work.
            Status.StartTime = Seconds(_now);
        }
    }

    /// <summary>Sets a condition; one that would be new as false is left out. Whether anything changed.</summary>
    private bool Ensure(string type, string value, string reason, string message)
    {
        var conditions = Status.Conditions ??= [];
        var there = conditions.FirstOrDefault(c => c.Type == type);
        if (there is null ? value == "False" : there.Status == value && there.Reason == reason && there.Message == message)
        {
            if (conditions.Count == 0)
                Status.Conditions = null;
            return false;
        }
        var condition = New(type, reason, message);
        condition.Status = value;
        if (there is not null && there.Status == value)
            condition.LastTransitionTime = there.LastTransitionTime;
        if (there is null)
            conditions.Add(condition);
        else
            conditions[conditions.IndexOf(there)] = condition;
        return _flush = true;
    }

    /// <summary>Uids in the status whose pods have lost their finalizer, or are gone, move into the counters.</summary>
    private bool CountReleased()
    {
        var uncounted = Status.UncountedTerminatedPods!;
        var succeeded = uncounted.Succeeded?.RemoveAll(uid => !_held.Contains(uid)) ?? 0;
        var failed = uncounted.Failed?.RemoveAll(uid => !_held.Contains(uid)) ?? 0;
        Status.Succeeded += succeeded;
        Status.Failed += failed;
        if (uncounted.Succeeded is { Count: 0 })
            uncounted.Succeeded = null;
        if (uncounted.Failed is { Count: 0 })
            uncounted.Failed = null;
        return succeeded + failed > 0;
    }

    /// <summary>Writes the ended pods into the status, as many as it may name; these may lose their finalizer.</summary>
    private List<Pod> NameEnded()
    {
        var release = new List<Pod>();
        var uncounted = Status.UncountedTerminatedPods!;
        var newIndexes = new List<int>();
        foreach (var pod in _pods)
        {
            if (IsCounted(pod) || !MayRelease(pod))
                continue;
            release.Add(pod);
            var uid = pod.Metadata.UID;
            var index = JobPods.IndexOf(_job, pod);
            if (pod.Status.Phase == PodPhase.Succeeded && !_uncountedFailed.Contains(uid))
            {
                // Of indexed jobs the index says enough; a uid is not needed.
                if (_isIndexed && index is { } done && !_indexesBefore.Contains(done))
                    newIndexes.Add(done);
                else if (!_isIndexed && !_uncountedSucceeded.Contains(uid))
                    (uncounted.Succeeded ??= []).Add(uid);
            }
            else if (CountsAsFailed(pod) && !_uncountedFailed.Contains(uid) && (!_isIndexed || index is not null) && FailurePolicy.Match(_job, pod).Counts)
                (uncounted.Failed ??= []).Add(uid);
            _reachedMost = newIndexes.Count + (uncounted.Succeeded?.Count ?? 0) + (uncounted.Failed?.Count ?? 0) >= MostUncounted;
            if (_reachedMost)
                break;
        }
        _flush |= newIndexes.Count > 0 || (uncounted.Succeeded?.Count ?? 0) > _uncountedSucceeded.Count(_held.Contains)
            || (uncounted.Failed?.Count ?? 0) > _uncountedFailed.Count(_held.Contains);
        _introduced = _indexesBefore.With(newIndexes);
        return release;
    }

    /// <summary>When the job has failed, whoever runs still counts as failed.</summary>
    private bool CountsAsFailed(Pod pod) =>
        JobPods.IsFailed(_job, pod) || _end is { Type: JobConditionType.JobFailureTarget or JobConditionType.JobFailed };

    private bool MayRelease(Pod pod)
    {
        if (_job.Metadata.DeletionTimestamp is not null || _end is not null || pod.Status.Phase == PodPhase.Succeeded)
            return true;
        if (!JobPods.IsFailed(_job, pod))
            return false;
        return JobPods.IndexOf(_job, pod) is not { } index || !_delayed.TryGetValue(index, out var held) || held.Metadata.UID != pod.Metadata.UID;
    }

    private void TellIndexes()
    {
        if (!_isIndexed)
            return;
        var (text, failed) = (_introduced.ToString(), _failedIndexes?.ToString());
        _flush |= text != Status.CompletedIndexes || failed != Status.FailedIndexes || Status.Succeeded != _introduced.Count;
        (Status.Succeeded, Status.CompletedIndexes, Status.FailedIndexes) = (_introduced.Count, text, failed);
    }

    /// <summary>An end is told twice: that it is decided, before the last pods are counted, and that it is reached.</summary>
    private void TellEnd()
    {
        if (_end is { Type: JobConditionType.JobFailureTarget or JobConditionType.JobSuccessCriteriaMet } decided)
        {
            if (Condition(decided.Type) is null)
            {
                (Status.Conditions ??= []).Add(decided);
                _flush = true;
            }
            var final = decided.Type == JobConditionType.JobFailureTarget ? JobConditionType.JobFailed : JobConditionType.JobComplete;
            _end = New(final, decided.Reason, decided.Message);
        }
    }
}
