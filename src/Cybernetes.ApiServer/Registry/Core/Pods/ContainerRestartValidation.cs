using Cybernetes.Objects;
using Cybernetes.Objects.Core.V1;

namespace Cybernetes.ApiServer.Registry.Core.Pods;

/// <summary>Restart policies and rules of single containers (KEP-5307) and of sidecars (KEP-753).</summary>
internal static class ContainerRestartValidation
{
    private const int MaximumRules = 20;
    private const int MaximumExitCodes = 255;

    public static void Validate(Container container, FieldPath path, FieldErrorList errors)
    {
        if (container.RestartPolicy is { } policy && policy is not ("Always" or "Never" or "OnFailure"))
            errors.NotSupported(path.Child("restartPolicy"), policy, "Always", "Never", "OnFailure");
        if (container.RestartPolicyRules is not { Count: > 0 } rules)
            return;
        if (container.RestartPolicy is null)
            errors.Required(path.Child("restartPolicy"), "must specify restartPolicy when restart rules are used");
        var list = path.Child("restartPolicyRules");
        if (rules.Count > MaximumRules)
            errors.TooMany(list, rules.Count, MaximumRules);
        for (var i = 0; i < rules.Count; i++)
            Rule(rules[i], list.Index(i), errors);
    }

    private static void Rule(ContainerRestartRule rule, FieldPath path, FieldErrorList errors)
    {
        if (rule.Action is not ("Restart" or "RestartAllContainers"))
            errors.NotSupported(path.Child("action"), rule.Action, "Restart", "RestartAllContainers");
        if (rule.ExitCodes is not { } codes)
        {
            errors.Required(path.Child("exitCodes"), "must be specified");
            return;
        }
        var at = path.Child("exitCodes");
        if (codes.Operator is not ("In" or "NotIn"))
            errors.NotSupported(at.Child("operator"), codes.Operator, "In", "NotIn");
        var values = codes.Values;
        if (values is not { Count: > 0 })
            errors.Required(at.Child("values"), "must specify at least one value");
        else if (values.Count > MaximumExitCodes)
            errors.TooMany(at.Child("values"), values.Count, MaximumExitCodes);
        for (var i = 0; i < (values?.Count ?? 0); i++)
        {
            if (values!.IndexOf(values[i]) < i)
                errors.Duplicate(at.Child("values").Index(i), values[i]);
        }
    }
}
