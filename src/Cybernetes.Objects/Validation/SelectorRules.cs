using Cybernetes.Objects.Meta.V1;

namespace Cybernetes.Objects;

/// <summary>Rules for selectors in specs, with upstream's words and paths.</summary>
public static class SelectorRules
{
    /// <param name="selector">Null is fine: whether one is required is for the caller to say.</param>
    /// <param name="path">The selector's path.</param>
    /// <param name="errors">Takes the complaints.</param>
    /// <param name="allowInvalidValues">Lets values through that an older object may already carry.</param>
    public static void LabelSelector(LabelSelector? selector, FieldPath path, FieldErrorList errors, bool allowInvalidValues = false)
    {
        if (selector is null) return;
        FieldRules.Labels(selector.MatchLabels, path.Child("matchLabels"), errors);
        IReadOnlyList<LabelSelectorRequirement> expressions = selector.MatchExpressions.OrEmpty();
        for (int i = 0; i < expressions.Count; i++)
            Requirement(expressions[i], path.Child("matchExpressions").Index(i), errors, allowInvalidValues);
    }

    /// <summary>True when the selector holds a value that today's rules refuse: an update may then keep it.</summary>
    public static bool HasInvalidValues(LabelSelector? selector) =>
        selector?.MatchExpressions.OrEmpty().Any(e => e.Values.OrEmpty().Any(value => Names.LabelValue(value).Count > 0)) ?? false;

    private static void Requirement(LabelSelectorRequirement requirement, FieldPath path, FieldErrorList errors, bool allowInvalidValues)
    {
        IReadOnlyList<string> values = requirement.Values.OrEmpty();
        switch (requirement.Operator)
        {
            case "In" or "NotIn":
                if (values.Count == 0)
                    errors.Add(FieldError.Required(path.Child("values"), "must be specified when `operator` is 'In' or 'NotIn'"));
                break;
            case "Exists" or "DoesNotExist":
                if (values.Count > 0)
                    errors.Add(FieldError.Forbidden(path.Child("values"), "may not be specified when `operator` is 'Exists' or 'DoesNotExist'"));
                break;
            default:
                errors.Add(FieldError.Invalid(path.Child("operator"), requirement.Operator, "not a valid selector operator"));
                break;
        }
        FieldRules.LabelName(requirement.Key, path.Child("key"), errors);
        for (int i = 0; i < values.Count && !allowInvalidValues; i++)
            errors.AddInvalid(path.Child("values").Index(i), values[i], Names.LabelValue(values[i]));
    }
}
