using System.Globalization;
using Cybernetes.Controllers.Jobs;
using Cybernetes.Controllers.Ownership;
using Cybernetes.Objects;
using Cybernetes.Objects.Batch.V1;
using Cybernetes.Objects.Workloads;

namespace Cybernetes.Controllers.CronJobs;

/// <summary>An event to record.</summary>
internal sealed record CronEvent(string Type, string Reason, string Message);

/// <summary>What a cron job needs, in order.</summary>
/// <param name="Missing">Names of active jobs that the informer does not show: gone, if the server does not know them either.</param>
/// <param name="Replace">Active jobs to be deleted before the next is made.</param>
/// <param name="Create">The job to be made; null where none is due.</param>
/// <param name="Scheduled">For when it was due.</param>
/// <param name="Delete">Finished jobs beyond the limits, oldest first.</param>
/// <param name="CheckAfter">When the next one is due.</param>
internal sealed record CronJobPlan(
    CronJobStatus Status, IReadOnlyList<CronEvent> Events, IReadOnlyList<string> Missing, IReadOnlyList<Job> Replace, Job? Create,
    DateTimeOffset? Scheduled, IReadOnlyList<Job> Delete, TimeSpan? CheckAfter);

/// <summary>Decides for one cron job. Pure.</summary>
internal sealed class CronJobReconciler
{
    private const string ScheduledKey = "batch.kubernetes.io/cronjob-scheduled-timestamp";

    private readonly CronJob _cron;
    private readonly IReadOnlyList<Job> _jobs;
    private readonly DateTimeOffset _now;
    private readonly CronJobStatus _status;
    private readonly List<CronEvent> _events = [];
    private readonly List<string> _missing = [];
    private readonly List<Job> _replace = [];
    private Job? _create;
    private DateTimeOffset? _scheduled;
    private TimeSpan? _after;

    private CronJobReconciler(CronJob cron, IReadOnlyList<Job> jobs, DateTimeOffset now)
    {
        (_cron, _jobs, _now) = (cron, jobs, now);
        _status = cron.Status.DeepClone();
    }

    /// <param name="jobs">The jobs it controls.</param>
    /// <param name="local">The zone of schedules that name none.</param>
    public static CronJobPlan Reconcile(CronJob cron, IReadOnlyList<Job> jobs, TimeZoneInfo local, DateTimeOffset now)
    {
        var step = new CronJobReconciler(cron, jobs, now);
        step.LookAtJobs();
        if (cron.Metadata.DeletionTimestamp is null)
            step.Schedule(local);
        return new(
            step._status, step._events, step._missing, step._replace, step._create, step._scheduled,
            cron.Metadata.DeletionTimestamp is null ? step.Surplus() : [], step._after);
    }

    /// <summary>The name of the job of a moment: two controllers that make it make it once.</summary>
    public static string NameOf(CronJob cron, DateTimeOffset scheduled) =>
        string.Create(CultureInfo.InvariantCulture, $"{cron.Metadata.Name}-{scheduled.ToUnixTimeSeconds() / 60}");

    /// <summary>The latest moment that was due and not served; whether many were missed; null where none is due.</summary>
    public static (DateTimeOffset? Due, bool Many) LastDue(CronSchedule schedule, TimeZoneInfo zone, DateTimeOffset earliest, DateTimeOffset now)
    {
        if (schedule.Next(earliest, zone) is not { } first || now < first)
            return (null, false);
        if (schedule.Next(first, zone) is not { } second || now < second)
            return (first, false);
        var missed = ((now - first).Ticks / Math.Max(TimeSpan.TicksPerSecond, (second - first).Ticks)) + 1;
        return (Last(schedule, zone, first, second, now), missed > 100);
    }

    /// <summary>The latest moment up to now, found by halving: years of missed minutes are not walked through.</summary>
    private static DateTimeOffset Last(
        CronSchedule schedule, TimeZoneInfo zone, DateTimeOffset first, DateTimeOffset second, DateTimeOffset now)
    {
        // "@every" counts from wherever it is asked; the others have their moments.
        if (schedule.Next(first.AddSeconds(1), zone) != second)
            return first + ((second - first) * Math.Floor((now - first) / (second - first)));
        var (low, high) = (0L, (long)(now - first).TotalSeconds);
        while (low < high)
        {
            var middle = (low + high + 1) / 2;
            if (schedule.Next(first.AddSeconds(middle), zone) <= now)
                low = middle;
            else
                high = middle - 1;
        }
        return schedule.Next(first.AddSeconds(low), zone) is { } next && next <= now ? next : first;
    }

    private void LookAtJobs()
    {
        var there = new HashSet<string>(StringComparer.Ordinal);
        foreach (var job in _jobs)
        {
            there.Add(job.Metadata.UID);
            var isActive = _status.Active.OrEmpty().Any(a => a.UID == job.Metadata.UID);
            if (JobController.Finished(job) is not { } end)
            {
                if (!isActive)
                    Tell("Warning", "UnexpectedJob", $"Saw a job that the controller did not create or forgot: {job.Metadata.Name}");
                continue;
            }
            if (isActive)
            {
                Forget(job.Metadata.UID);
                Tell("Normal", "SawCompletedJob", $"Saw completed job: {job.Metadata.Name}, condition: {end.Type}");
            }
            if (end.Type == JobConditionType.JobComplete && job.Status.CompletionTime is { } time && !(_status.LastSuccessfulTime >= time))
                _status.LastSuccessfulTime = time;
        }
        _missing.AddRange(_status.Active.OrEmpty().Where(a => !there.Contains(a.UID)).Select(a => a.Name));
    }

    private void Forget(string uid)
    {
        _status.Active?.RemoveAll(a => a.UID == uid);
        if (_status.Active is { Count: 0 })
            _status.Active = null;
    }

    private void Tell(string type, string reason, string message) => _events.Add(new(type, reason, message));

    private void Schedule(TimeZoneInfo local)
    {
        var zone = local;
        if (_cron.Spec.TimeZone is { } name)
        {
            if (!CronSchedule.TryFindZone(name, out var found) || found is null)
            {
                Tell("Warning", "UnknownTimeZone", $"invalid timeZone: {GoText.Quote(name)}: unknown time zone {name}");
                return;
            }
            zone = found;
        }
        if (_cron.Spec.Suspend == true)
            return;
        if (_cron.Spec.Schedule.Contains("TZ", StringComparison.Ordinal))
        {
            Tell("Warning", "UnsupportedSchedule", $"CRON_TZ or TZ used in schedule {GoText.Quote(_cron.Spec.Schedule)} is not officially supported, "
                + "see https://kubernetes.io/docs/concepts/workloads/controllers/cron-jobs/#time-zones for more details");
        }
        if (CronSchedule.TryParse(_cron.Spec.Schedule, out var schedule) is { } problem)
        {
            Tell("Warning", "UnparseableSchedule", $"unparseable schedule: {GoText.Quote(_cron.Spec.Schedule)} : {problem}");
            return;
        }
        Due(schedule!, zone);
    }

    private void Due(CronSchedule schedule, TimeZoneInfo zone)
    {
        var since = _status.LastScheduleTime ?? _cron.Metadata.CreationTimestamp ?? _now;
        var earliest = since;
        var deadline = _cron.Spec.StartingDeadlineSeconds;
        // Deadlines of ages reach back to the beginning of time.
        if (deadline is >= 0 and < int.MaxValue && _now.AddSeconds(-deadline.Value) is var oldest && oldest > earliest)
            earliest = oldest;
        var (due, many) = LastDue(schedule, zone, earliest, _now);
        if (many)
        {
            Tell("Warning", "TooManyMissedTimes", "too many missed start times. Set or decrease .spec.startingDeadlineSeconds or check clock skew");
        }
        // A little late rather than a little early: then the moment has surely come.
        var next = schedule.Next(LastDue(schedule, zone, since, _now).Due ?? (since > _now ? _now : since), zone);
        _after = next is null ? null : Clamp(next.Value - _now + TimeSpan.FromMilliseconds(100));
        if (due is not { } scheduled)
            return;
        if (deadline is { } seconds and < int.MaxValue && scheduled.AddSeconds(seconds) < _now)
        {
            Tell("Warning", "MissSchedule", "Missed scheduled time to start a job: "
                + scheduled.UtcDateTime.ToString("ddd, dd MMM yyyy HH:mm:ss '+0000'", CultureInfo.InvariantCulture));
            return;
        }
        Start(scheduled, zone);
    }

    private static TimeSpan Clamp(TimeSpan wait) =>
        wait < TimeSpan.FromMilliseconds(100) ? TimeSpan.FromMilliseconds(100) : wait > TimeSpan.FromDays(1) ? TimeSpan.FromDays(1) : wait;

    private void Start(DateTimeOffset scheduled, TimeZoneInfo zone)
    {
        var active = _status.Active.OrEmpty();
        if (_status.LastScheduleTime == scheduled || active.Any(a => a.Name == NameOf(_cron, scheduled)))
            return;
        if (_cron.Spec.ConcurrencyPolicy == "Forbid" && active.Count > 0)
        {
            Tell("Normal", "JobAlreadyActive", "Not starting job because prior execution is running and concurrency policy is Forbid");
            return;
        }
        if (_cron.Spec.ConcurrencyPolicy == "Replace")
            _replace.AddRange(_jobs.Where(j => active.Any(a => a.UID == j.Metadata.UID)));
        (_scheduled, _create) = (scheduled, JobOf(scheduled, _cron.Spec.TimeZone is null ? TimeZoneInfo.Utc : zone));
    }

    private Job JobOf(DateTimeOffset scheduled, TimeZoneInfo zone)
    {
        var template = _cron.Spec.JobTemplate.DeepClone();
        var local = TimeZoneInfo.ConvertTime(scheduled, zone);
        var format = local.Offset == TimeSpan.Zero ? "yyyy-MM-dd'T'HH:mm:ss'Z'" : "yyyy-MM-dd'T'HH:mm:sszzz";
        var annotations = template.Metadata.Annotations ?? new(StringComparer.Ordinal);
        annotations[ScheduledKey] = local.ToString(format, CultureInfo.InvariantCulture);
        return new Job
        {
            Metadata =
            {
                Name = NameOf(_cron, scheduled),
                Namespace = _cron.Metadata.Namespace,
                Labels = template.Metadata.Labels,
                Annotations = annotations,
                OwnerReferences = [OwnerReferences.ToController(_cron)],
            },
            Spec = template.Spec,
        };
    }

    private List<Job> Surplus()
    {
        List<Job> Oldest(string type, int? limit)
        {
            var jobs = _jobs.Where(j => JobController.Finished(j)?.Type == type && j.Metadata.DeletionTimestamp is null)
                .OrderBy(j => j.Status.StartTime ?? DateTimeOffset.MaxValue).ThenBy(j => j.Metadata.Name, StringComparer.Ordinal).ToList();
            return limit is null ? [] : [.. jobs.Take(Math.Max(0, jobs.Count - Math.Max(0, limit.Value)))];
        }

        return
        [
            .. Oldest(JobConditionType.JobComplete, _cron.Spec.SuccessfulJobsHistoryLimit),
            .. Oldest(JobConditionType.JobFailed, _cron.Spec.FailedJobsHistoryLimit),
        ];
    }
}
