using Cybernetes.Objects;
using Cybernetes.Objects.Batch.V1;

namespace Cybernetes.ApiServer.Registry.Batch;

/// <summary>Checks of a job's status, which controllers other than ours may write too (<c>spec.managedBy</c>).</summary>
internal static class JobStatusValidation
{
    private const string Complete = JobConditionType.JobComplete;
    private const string Failed = JobConditionType.JobFailed;
    private const string FailureTarget = JobConditionType.JobFailureTarget;
    private const string SuccessCriteriaMet = JobConditionType.JobSuccessCriteriaMet;

    public static bool IsTrue(List<JobCondition>? conditions, string type) =>
        conditions.OrEmpty().Any(c => c.Type == type && c.Status == "True");

    public static void Validate(Job job, Job old, FieldPath path, FieldErrorList errors)
    {
        Counters(job.Status, path, errors);
        Uncounted(job.Status.UncountedTerminatedPods, path, errors);
        Conditions(job, path, errors);
        Finished(job, path, errors);
        Indexes(job, path, errors);
        if (job.Status.Ready > job.Status.Active)
            errors.Invalid(path.Child("ready"), job.Status.Ready, "cannot set more ready pods than active");
        Success(job, path.Child("conditions"), errors);
        Change(job, old.Status, path, errors);
    }

    private static void Counters(JobStatus status, FieldPath path, FieldErrorList errors)
    {
        FieldChecks.NonNegative(status.Active, path, "active", errors);
        FieldChecks.NonNegative(status.Succeeded, path, "succeeded", errors);
        FieldChecks.NonNegative(status.Failed, path, "failed", errors);
        FieldChecks.NonNegative(status.Ready ?? 0, path, "ready", errors);
        FieldChecks.NonNegative(status.Terminating ?? 0, path, "terminating", errors);
    }

    private static void Uncounted(UncountedTerminatedPods? pods, FieldPath path, FieldErrorList errors)
    {
        if (pods is null)
            return;
        var seen = new HashSet<string>(StringComparer.Ordinal);
        path = path.Child("uncountedTerminatedPods");
        Uids(pods.Succeeded, path.Child("succeeded"), seen, errors);
        Uids(pods.Failed, path.Child("failed"), seen, errors);
    }

    private static void Uids(List<string>? uids, FieldPath path, HashSet<string> seen, FieldErrorList errors)
    {
        for (var i = 0; i < (uids?.Count ?? 0); i++)
        {
            if (uids![i].Length == 0)
                errors.Invalid(path.Index(i), "", "must not be empty");
            else if (!seen.Add(uids[i]))
                errors.Duplicate(path.Index(i), uids[i]);
        }
    }

    private static void Conditions(Job job, FieldPath path, FieldErrorList errors)
    {
        var status = job.Status;
        var conditions = path.Child("conditions");
        var complete = IsTrue(status.Conditions, Complete);
        var failed = IsTrue(status.Conditions, Failed);
        if (complete && failed)
            errors.Invalid(conditions, FieldError.OmittedValue, "cannot set Complete=True and Failed=true conditions");
        if (complete && IsTrue(status.Conditions, FailureTarget))
            errors.Invalid(conditions, FieldError.OmittedValue, "cannot set Complete=True and FailureTarget=true conditions");
        var completion = path.Child("completionTime");
        if (status.CompletionTime is not null && !complete)
            errors.Invalid(completion, status.CompletionTime, "cannot set completionTime when there is no Complete=True condition");
        if (status.CompletionTime is null && complete)
            errors.Required(completion, "completionTime is required for Complete jobs");
        if (status.CompletionTime < status.StartTime)
            errors.Invalid(completion, status.CompletionTime, "completionTime cannot be set before startTime");
        if (failed && !IsTrue(status.Conditions, FailureTarget))
        {
            errors.Invalid(
                conditions, FieldError.OmittedValue, "cannot set Failed=True condition without the FailureTarget=true condition");
        }
        if (complete && !IsTrue(status.Conditions, SuccessCriteriaMet))
        {
            errors.Invalid(
                conditions, FieldError.OmittedValue, "cannot set Complete=True condition without the SuccessCriteriaMet=true condition");
        }
    }

    private static void Finished(Job job, FieldPath path, FieldErrorList errors)
    {
        var status = job.Status;
        if (!IsTrue(status.Conditions, Complete) && !IsTrue(status.Conditions, Failed))
            return;
        if (status.Active > 0)
            errors.Invalid(path.Child("active"), status.Active, "active>0 is invalid for finished job");
        // A suspended job that has nothing to do ends without having begun.
        if (status.StartTime is null && job.Spec is not { Suspend: true, Completions: 0 })
            errors.Required(path.Child("startTime"), "startTime is required for finished job");
        if (status.UncountedTerminatedPods is { } pods && (pods.Failed?.Count ?? 0) + (pods.Succeeded?.Count ?? 0) > 0)
        {
            errors.Invalid(
                path.Child("uncountedTerminatedPods"), pods, "uncountedTerminatedPods needs to be empty for finished job");
        }
        if (status.Terminating > 0)
            errors.Invalid(path.Child("terminating"), status.Terminating, "terminating>0 is invalid for finished job");
    }

    private static void Indexes(Job job, FieldPath path, FieldErrorList errors)
    {
        var status = job.Status;
        if (job.Spec.Completions is { } completions)
        {
            if (JobIndexes.TryCount(status.CompletedIndexes, completions, out _) is { } problem)
                errors.Invalid(path.Child("completedIndexes"), status.CompletedIndexes, "error parsing completedIndexes: " + problem);
            if (job.Spec.BackoffLimitPerIndex is not null && status.FailedIndexes is not null
                && JobIndexes.TryCount(status.FailedIndexes, completions, out _) is { } second)
                errors.Invalid(path.Child("failedIndexes"), status.FailedIndexes, "error parsing failedIndexes: " + second);
            if (status.FailedIndexes is not null
                && JobIndexes.Overlap(status.CompletedIndexes, status.FailedIndexes, completions) is { } overlap)
                errors.Invalid(path.Child("failedIndexes"), status.FailedIndexes, overlap);
        }
        if (status.CompletedIndexes.Length > 0 && job.Spec.CompletionMode != "Indexed")
        {
            errors.Invalid(
                path.Child("completedIndexes"), status.CompletedIndexes, "cannot set non-empty completedIndexes when non-indexed completion mode");
        }
        if (status.FailedIndexes is not null && job.Spec.BackoffLimitPerIndex is null)
        {
            errors.Invalid(
                path.Child("failedIndexes"), status.FailedIndexes, "cannot set non-null failedIndexes when backoffLimitPerIndex is null");
        }
    }

    private static void Success(Job job, FieldPath conditions, FieldErrorList errors)
    {
        var met = IsTrue(job.Status.Conditions, SuccessCriteriaMet);
        if (met && IsTrue(job.Status.Conditions, Failed))
            errors.Invalid(conditions, FieldError.OmittedValue, "cannot set SuccessCriteriaMet=True and Failed=true conditions");
        if (met && IsTrue(job.Status.Conditions, FailureTarget))
            errors.Invalid(conditions, FieldError.OmittedValue, "cannot set SuccessCriteriaMet=True and FailureTarget=true conditions");
        if (!met && job.Spec.SuccessPolicy is not null && IsTrue(job.Status.Conditions, Complete))
        {
            errors.Invalid(
                conditions, FieldError.OmittedValue, "cannot set Complete=True for Job with SuccessPolicy unless SuccessCriteriaMet=True");
        }
    }

    private static void Change(Job job, JobStatus old, FieldPath path, FieldErrorList errors)
    {
        var status = job.Status;
        var conditions = path.Child("conditions");
        foreach (var type in (string[])[Failed, Complete, FailureTarget])
        {
            if (IsTrue(old.Conditions, type) && !IsTrue(status.Conditions, type))
                errors.Invalid(conditions, FieldError.OmittedValue, $"cannot disable the terminal {type}=True condition");
        }
        if (status.Failed < old.Failed)
            errors.Invalid(path.Child("failed"), status.Failed, "cannot decrease the failed counter");
        if (status.Succeeded < old.Succeeded)
            errors.Invalid(path.Child("succeeded"), status.Succeeded, "cannot decrease the succeeded counter");
        if (status.CompletionTime is not null && old.CompletionTime is not null && status.CompletionTime != old.CompletionTime)
            errors.Invalid(path.Child("completionTime"), status.CompletionTime, "completionTime cannot be mutated");
        // A job that is resumed begins its time anew.
        var isResuming = IsTrue(old.Conditions, JobConditionType.JobSuspended) && !IsTrue(status.Conditions, JobConditionType.JobSuspended);
        if (old.StartTime is not null && status.StartTime != old.StartTime && job.Spec.Suspend != true && !isResuming)
            errors.Required(path.Child("startTime"), "startTime cannot be removed for unsuspended job");
        if (IsTrue(old.Conditions, SuccessCriteriaMet) && !IsTrue(status.Conditions, SuccessCriteriaMet))
            errors.Invalid(conditions, FieldError.OmittedValue, "cannot disable the SuccessCriteriaMet=True condition");
        if (IsTrue(old.Conditions, Complete) && !IsTrue(old.Conditions, SuccessCriteriaMet) && IsTrue(status.Conditions, SuccessCriteriaMet))
        {
            errors.Invalid(
                conditions, FieldError.OmittedValue, "cannot set SuccessCriteriaMet=True for Job already has Complete=true conditions");
        }
    }
}
