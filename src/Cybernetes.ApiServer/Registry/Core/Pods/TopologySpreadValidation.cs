using Cybernetes.Objects;
using Cybernetes.Objects.Core.V1;

namespace Cybernetes.ApiServer.Registry.Core.Pods;

/// <summary>How evenly pods are to be spread.</summary>
internal static class TopologySpreadValidation
{
    private const string NotPositive = "must be greater than zero";

    public static void Validate(List<TopologySpreadConstraint>? constraints, FieldPath path, FieldErrorList errors)
    {
        for (var i = 0; i < (constraints?.Count ?? 0); i++)
            One(constraints!, i, path.Index(i), errors);
    }

    private static void One(List<TopologySpreadConstraint> constraints, int index, FieldPath path, FieldErrorList errors)
    {
        var constraint = constraints[index];
        if (constraint.MaxSkew <= 0)
            errors.Invalid(path.Child("maxSkew"), constraint.MaxSkew, NotPositive);
        if (constraint.TopologyKey.Length == 0)
            errors.Required(path.Child("topologyKey"), "can not be empty");
        if (constraint.WhenUnsatisfiable is not ("DoNotSchedule" or "ScheduleAnyway"))
            errors.NotSupported(path.Child("whenUnsatisfiable"), constraint.WhenUnsatisfiable, "DoNotSchedule", "ScheduleAnyway");
        var (key, action) = (constraint.TopologyKey, constraint.WhenUnsatisfiable);
        if (constraints.FindLastIndex(c => c.TopologyKey == key && c.WhenUnsatisfiable == action) > index)
            errors.Duplicate(path.Child("{topologyKey, whenUnsatisfiable}"), $"{{{key}, {action}}}");
        MinDomains(constraint, path, errors);
        NodePolicy(constraint.NodeAffinityPolicy, path, "nodeAffinityPolicy", errors);
        NodePolicy(constraint.NodeTaintsPolicy, path, "nodeTaintsPolicy", errors);
        MatchLabelKeys(constraint, path, errors);
        FieldChecks.Selector(constraint.LabelSelector, path.Child("labelSelector"), errors);
    }

    private static void MinDomains(TopologySpreadConstraint constraint, FieldPath path, FieldErrorList errors)
    {
        if (constraint.MinDomains is not { } count)
            return;
        if (count <= 0)
            errors.Invalid(path.Child("minDomains"), count, NotPositive);
        if (constraint.WhenUnsatisfiable != "DoNotSchedule")
        {
            errors.Invalid(
                path.Child("minDomains"), count,
                $"can only use minDomains if whenUnsatisfiable=DoNotSchedule, not {constraint.WhenUnsatisfiable}");
        }
    }

    private static void NodePolicy(string? policy, FieldPath path, string child, FieldErrorList errors)
    {
        if (policy is not (null or "Honor" or "Ignore"))
            errors.NotSupported(path.Child(child), policy, "Honor", "Ignore");
    }

    // The strategy has added one expression for each key already: what stands there twice the client wrote too.
    private static void MatchLabelKeys(TopologySpreadConstraint constraint, FieldPath parent, FieldErrorList errors)
    {
        if (constraint.MatchLabelKeys is not { Count: > 0 } keys)
            return;
        var path = parent.Child("matchLabelKeys");
        var selector = constraint.LabelSelector;
        if (selector is null)
            errors.Forbidden(path, "must not be specified when labelSelector is not set");
        for (var i = 0; i < keys.Count; i++)
        {
            foreach (var reason in Names.QualifiedName(keys[i]))
                errors.Invalid(path.Index(i), keys[i], reason);
            var named = selector?.MatchExpressions.OrEmpty().Count(e => e.Key == keys[i]) ?? 0;
            if (selector?.MatchLabels?.ContainsKey(keys[i]) == true || named > 1)
                errors.Invalid(path.Index(i), keys[i], "exists in both matchLabelKeys and labelSelector");
        }
    }
}
