using Cybernetes.ApiServer.Registry.Core.Pods;
using Cybernetes.Objects;
using Cybernetes.Objects.Batch.V1;
using Cybernetes.Objects.Meta.V1;

namespace Cybernetes.ApiServer.Registry.Batch;

/// <summary>Checks of jobs and of the jobs inside cron jobs.</summary>
internal static class JobValidation
{
    private const int MostParallelIndexed = 100_000;
    private const int MostFailedIndexes = 100_000;
    private const int ManyCompletions = 100_000;
    private const int MostParallelOfMany = 10_000;
    private const int MostFailedOfMany = 10_000;
    private const int ManagedByMaximum = 63;

    public static void Validate(Job job, FieldPath path, FieldErrorList errors)
    {
        GeneratedSelector(job, errors);
        var spec = job.Spec;
        Spec(spec, path, errors);
        var selectorPath = path.Child("selector");
        if (spec.Selector is null)
            errors.Required(selectorPath);
        else
            FieldChecks.Selector(spec.Selector, selectorPath, errors);
        if (LabelMatcher.TryFor(spec.Selector, out var matcher) is null && !matcher.Matches(spec.Template.Metadata.Labels))
        {
            errors.Invalid(
                path.Child("template").Child("metadata", "labels"), spec.Template.Metadata.Labels, "`selector` does not match template `labels`");
        }
        if (spec is not { CompletionMode: "Indexed", Completions: > 0 })
            return;
        var host = $"{job.Metadata.Name}-{spec.Completions - 1}";
        if (Names.Dns1123Label(host).Count > 0)
            errors.Invalid(FieldPath.Of("metadata", "name"), job.Metadata.Name, $"will not able to create pod with invalid DNS label: {host}");
    }

    /// <summary>A job inside a cron job: its selector is made with each job.</summary>
    public static void Template(JobSpec spec, FieldPath path, FieldErrorList errors)
    {
        Spec(spec, path, errors);
        if (spec.Selector is not null)
            errors.Invalid(path.Child("selector"), spec.Selector, "`selector` will be auto-generated");
        if (spec.ManualSelector == true)
            errors.NotSupported(path.Child("manualSelector"), true, "nil", "false");
    }

    /// <summary>What is legal and yet risky.</summary>
    public static void Warn(JobSpec spec, FieldPath path, WriteContext context)
    {
        if (spec is { CompletionMode: "Indexed", Completions: > ManyCompletions, Parallelism: > MostParallelOfMany })
        {
            context.Warn("In Indexed Jobs with a number of completions higher than 10^5 and a parallelism higher than 10^4, "
                + "Kubernetes might not be able to track completedIndexes when a big number of indexes fail");
        }
        PodWarnings.Warn(spec.Template.Spec, path.Child("template", "spec"), context);
    }

    private static void GeneratedSelector(Job job, FieldErrorList errors)
    {
        if (job.Spec.ManualSelector == true || job.Spec.Selector is null)
            return;
        var uid = job.Metadata.UID;
        var name = job.Metadata.Name;
        if (uid.Length == 0)
            errors.Required(FieldPath.Of("metadata", "uid"));
        (string Key, string Value)[] expected =
        [
            (JobDefaults.OldControllerUid, uid), (JobDefaults.OldJobName, name), (JobDefaults.ControllerUid, uid), (JobDefaults.JobName, name),
        ];
        foreach (var (key, value) in expected)
            HasLabel(job.Spec.Template.Metadata, key, value, errors);
        if (LabelMatcher.TryFor(job.Spec.Selector, out var matcher) is null
            && !matcher.Matches(expected.ToDictionary(e => e.Key, e => e.Value, StringComparer.Ordinal)))
            errors.Invalid(FieldPath.Of("spec", "selector"), job.Spec.Selector, "`selector` not auto-generated");
    }

    private static void HasLabel(ObjectMeta metadata, string key, string value, FieldErrorList errors)
    {
        var actual = metadata.Labels?.GetValueOrDefault(key);
        if (actual == value)
            return;
        var path = FieldPath.Of("spec", "template").Child("metadata", "labels").Key(key);
        if (actual is null)
            errors.Required(path, $"must be '{value}'");
        else
            errors.Invalid(path, metadata.Labels, $"must be '{value}'");
    }

    private static void Spec(JobSpec spec, FieldPath path, FieldErrorList errors)
    {
        FieldChecks.NonNegative(spec.Parallelism ?? 0, path, "parallelism", errors);
        FieldChecks.NonNegative(spec.Completions ?? 0, path, "completions", errors);
        FieldChecks.NonNegative(spec.ActiveDeadlineSeconds ?? 0, path, "activeDeadlineSeconds", errors);
        FieldChecks.NonNegative(spec.BackoffLimit ?? 0, path, "backoffLimit", errors);
        FieldChecks.NonNegative(spec.TTLSecondsAfterFinished ?? 0, path, "ttlSecondsAfterFinished", errors);
        FieldChecks.NonNegative(spec.BackoffLimitPerIndex ?? 0, path, "backoffLimitPerIndex", errors);
        FieldChecks.NonNegative(spec.MaxFailedIndexes ?? 0, path, "maxFailedIndexes", errors);
        if (spec.MaxFailedIndexes is not null && spec.BackoffLimitPerIndex is null)
            errors.Required(path.Child("backoffLimitPerIndex"), "when maxFailedIndexes is specified");
        if (spec.ManagedBy is { } manager)
        {
            FieldRules.DomainPrefixedPath(manager, path.Child("managedBy"), errors);
            if (manager.Length > ManagedByMaximum)
                errors.TooLong(path.Child("managedBy"), ManagedByMaximum);
        }
        Mode(spec, path, errors);
        if (spec.PodFailurePolicy is not null)
            JobPolicyValidation.Failure(spec, path.Child("podFailurePolicy"), errors);
        if (spec.SuccessPolicy is not null && spec.CompletionMode != "Indexed")
            errors.Invalid(path.Child("successPolicy"), spec.SuccessPolicy, "requires indexed completion mode");
        else if (spec.SuccessPolicy is not null)
            JobPolicyValidation.Success(spec, path.Child("successPolicy"), errors);
        Replacement(spec, path.Child("podReplacementPolicy"), errors);
        PodValidation.ValidateTemplate(spec.Template, path.Child("template"), errors);
        RestartPolicy(spec, path.Child("template").Child("spec", "restartPolicy"), errors);
    }

    private static void RestartPolicy(JobSpec spec, FieldPath path, FieldErrorList errors)
    {
        var policy = spec.Template.Spec.RestartPolicy;
        if (policy is "Always" or "")
            errors.Required(path, "valid values: \"OnFailure\", \"Never\"");
        else if (policy is not ("OnFailure" or "Never"))
            errors.NotSupported(path, policy, "OnFailure", "Never");
        else if (spec.PodFailurePolicy is not null && policy != "Never")
            errors.Invalid(path, policy, "only \"Never\" is supported when podFailurePolicy is specified");
    }

    private static void Mode(JobSpec spec, FieldPath path, FieldErrorList errors)
    {
        switch (spec.CompletionMode)
        {
            case "Indexed":
                Indexed(spec, path, errors);
                return;
            case null or "NonIndexed":
                if (spec.BackoffLimitPerIndex is not null)
                    errors.Invalid(path.Child("backoffLimitPerIndex"), spec.BackoffLimitPerIndex, "requires indexed completion mode");
                if (spec.MaxFailedIndexes is not null)
                    errors.Invalid(path.Child("maxFailedIndexes"), spec.MaxFailedIndexes, "requires indexed completion mode");
                return;
            default:
                errors.NotSupported(path.Child("completionMode"), spec.CompletionMode, "NonIndexed", "Indexed");
                return;
        }
    }

    private static void Indexed(JobSpec spec, FieldPath path, FieldErrorList errors)
    {
        var failed = path.Child("maxFailedIndexes");
        if (spec.Completions is null)
            errors.Required(path.Child("completions"), "when completion mode is Indexed");
        if (spec.Parallelism > MostParallelIndexed)
        {
            errors.Invalid(
                path.Child("parallelism"), spec.Parallelism, $"must be less than or equal to {MostParallelIndexed} when completion mode is Indexed");
        }
        if (spec.MaxFailedIndexes > spec.Completions)
            errors.Invalid(failed, spec.MaxFailedIndexes, "must be less than or equal to completions");
        if (spec.MaxFailedIndexes > MostFailedIndexes)
            errors.Invalid(failed, spec.MaxFailedIndexes, $"must be less than or equal to {MostFailedIndexes}");
        if (spec is not { Completions: > ManyCompletions, BackoffLimitPerIndex: not null })
            return;
        const string reason = "when completions are above 100000 and used with backoff limit per index";
        if (spec.MaxFailedIndexes is null)
            errors.Required(failed, $"must be specified when completions is above {ManyCompletions}");
        if (spec.Parallelism > MostParallelOfMany)
            errors.Invalid(path.Child("parallelism"), spec.Parallelism, $"must be less than or equal to {MostParallelOfMany} {reason}");
        if (spec.MaxFailedIndexes > MostFailedOfMany)
            errors.Invalid(failed, spec.MaxFailedIndexes, $"must be less than or equal to {MostFailedOfMany} {reason}");
    }

    private static void Replacement(JobSpec spec, FieldPath path, FieldErrorList errors)
    {
        if (spec.PodReplacementPolicy is not { } policy)
            return;
        if (spec.PodFailurePolicy is not null && policy != "Failed")
            errors.NotSupported(path, policy, "Failed");
        else if (spec.PodFailurePolicy is null && policy is not ("Failed" or "TerminatingOrFailed"))
            errors.NotSupported(path, policy, "Failed", "TerminatingOrFailed");
    }
}
