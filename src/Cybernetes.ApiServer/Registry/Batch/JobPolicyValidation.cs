using Cybernetes.Objects;
using Cybernetes.Objects.Batch.V1;

namespace Cybernetes.ApiServer.Registry.Batch;

/// <summary>Checks of a job's podFailurePolicy and successPolicy.</summary>
internal static class JobPolicyValidation
{
    private const int MostRules = 20;
    private const int MostPatterns = 20;
    private const int MostExitCodes = 255;
    private const int IndexesMaximumBytes = 64 * 1024;

    public static void Failure(JobSpec spec, FieldPath path, FieldErrorList errors)
    {
        var rules = spec.PodFailurePolicy!.Rules.OrEmpty();
        var rulesPath = path.Child("rules");
        if (rules.Count > MostRules)
            errors.TooMany(rulesPath, rules.Count, MostRules);
        for (var i = 0; i < rules.Count; i++)
            FailureRule(spec, rules[i], rulesPath.Index(i), errors);
    }

    public static void Success(JobSpec spec, FieldPath path, FieldErrorList errors)
    {
        var rules = spec.SuccessPolicy!.Rules.OrEmpty();
        var rulesPath = path.Child("rules");
        if (rules.Count == 0)
            errors.Required(rulesPath, "at least one rules must be specified when the successPolicy is specified");
        if (rules.Count > MostRules)
            errors.TooMany(rulesPath, rules.Count, MostRules);
        for (var i = 0; i < rules.Count; i++)
            SuccessRule(rules[i], spec.Completions ?? 0, rulesPath.Index(i), errors);
    }

    private static void FailureRule(JobSpec spec, PodFailurePolicyRule rule, FieldPath path, FieldErrorList errors)
    {
        var action = path.Child("action");
        if (rule.Action.Length == 0)
            errors.Required(action, "valid values: [\"Count\" \"FailIndex\" \"FailJob\" \"Ignore\"]");
        else if (rule.Action == "FailIndex" && spec.BackoffLimitPerIndex is null)
            errors.Invalid(action, rule.Action, "requires the backoffLimitPerIndex to be set");
        else if (rule.Action is not ("FailIndex" or "Count" or "FailJob" or "Ignore"))
            errors.NotSupported(action, rule.Action, "Count", "FailIndex", "FailJob", "Ignore");
        if (rule.OnExitCodes is not null)
            ExitCodes(spec, rule.OnExitCodes, path.Child("onExitCodes"), errors);
        var patterns = rule.OnPodConditions.OrEmpty();
        var patternsPath = path.Child("onPodConditions");
        if (patterns.Count > MostPatterns)
            errors.TooMany(patternsPath, patterns.Count, MostPatterns);
        for (var i = 0; i < patterns.Count; i++)
            Pattern(patterns[i], patternsPath.Index(i), errors);
        if (rule.OnExitCodes is not null && patterns.Count > 0)
            errors.Invalid(path, FieldError.OmittedValue, "specifying both OnExitCodes and OnPodConditions is not supported");
        if (rule.OnExitCodes is null && patterns.Count == 0)
            errors.Invalid(path, FieldError.OmittedValue, "specifying one of OnExitCodes and OnPodConditions is required");
    }

    private static void Pattern(PodFailurePolicyOnPodConditionsPattern pattern, FieldPath path, FieldErrorList errors)
    {
        errors.InvalidChild(path, "type", pattern.Type, Names.QualifiedName(pattern.Type));
        if (pattern.Status.Length == 0)
            errors.Required(path.Child("status"), "valid values: [\"False\" \"True\" \"Unknown\"]");
        else if (pattern.Status is not ("False" or "True" or "Unknown"))
            errors.NotSupported(path.Child("status"), pattern.Status, "False", "True", "Unknown");
    }

    private static void ExitCodes(JobSpec spec, PodFailurePolicyOnExitCodesRequirement codes, FieldPath path, FieldErrorList errors)
    {
        if (codes.Operator.Length == 0)
            errors.Required(path.Child("operator"), "valid values: [\"In\" \"NotIn\"]");
        else if (codes.Operator is not ("In" or "NotIn"))
            errors.NotSupported(path.Child("operator"), codes.Operator, "In", "NotIn");
        if (codes.ContainerName is { } name
            && !spec.Template.Spec.Containers.OrEmpty().Concat(spec.Template.Spec.InitContainers.OrEmpty()).Any(c => c.Name == name))
            errors.Invalid(path.Child("containerName"), name, "must be one of the container or initContainer names in the pod template");
        var values = codes.Values.OrEmpty();
        var valuesPath = path.Child("values");
        if (values.Count == 0)
            errors.Invalid(valuesPath, Shown(values), "at least one value is required");
        else if (values.Count > MostExitCodes)
            errors.TooMany(valuesPath, values.Count, MostExitCodes);
        var ordered = true;
        for (var i = 0; i < values.Count; i++)
        {
            if (codes.Operator == "In" && values[i] == 0)
                errors.Invalid(valuesPath.Index(i), values[i], "must not be 0 for the In operator");
            if (values.Take(i).Contains(values[i]))
                errors.Duplicate(valuesPath.Index(i), values[i]);
            ordered &= i == 0 || values[i - 1] <= values[i];
        }
        if (!ordered)
            errors.Invalid(valuesPath, Shown(values), "must be ordered");
    }

    private static FieldChecks.JsonValue Shown(IReadOnlyList<int> values) => FieldChecks.JsonValue.Of(writer =>
    {
        writer.WriteStartArray();
        foreach (var value in values)
            writer.WriteNumberValue(value);
        writer.WriteEndArray();
    });

    private static void SuccessRule(SuccessPolicyRule rule, int completions, FieldPath path, FieldErrorList errors)
    {
        if (rule.SucceededCount is null && rule.SucceededIndexes is null)
            errors.Required(path, "at least one of succeededCount or succeededIndexes must be specified");
        var total = 0;
        if (rule.SucceededIndexes is { } indexes)
        {
            if (indexes.Length > IndexesMaximumBytes)
                errors.TooLong(path.Child("succeededIndexes"), IndexesMaximumBytes);
            if (JobIndexes.TryCount(indexes, completions, out total) is { } problem)
                errors.Invalid(path.Child("succeededIndexes"), indexes, "error parsing succeededIndexes: " + problem);
        }
        if (rule.SucceededCount is not { } count)
            return;
        var countPath = path.Child("succeededCount");
        FieldChecks.NonNegative(count, path, "succeededCount", errors);
        if (count > completions)
            errors.Invalid(countPath, count, $"must be less than or equal to {completions} (the number of specified completions)");
        if (rule.SucceededIndexes is not null && count > total)
        {
            errors.Invalid(
                countPath, count, $"must be less than or equal to {total} (the number of indexes in the specified succeededIndexes field)");
        }
    }
}
