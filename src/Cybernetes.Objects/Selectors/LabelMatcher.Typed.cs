using Cybernetes.Objects.Meta.V1;

namespace Cybernetes.Objects;

// From the typed selector that specs carry.
public sealed partial class LabelMatcher
{
    /// <summary>
    /// The matcher of a structured selector: an absent one matches nothing, an empty one everything. The selector must have passed
    /// validation; an unknown operator matches nothing.
    /// </summary>
    public static LabelMatcher For(LabelSelector? selector)
    {
        if (selector is null) return Nothing;
        List<LabelRequirement> requirements = [.. FromSet(selector.MatchLabels).Requirements];
        foreach (LabelSelectorRequirement expression in selector.MatchExpressions.OrEmpty())
        {
            if (OperatorOf(expression.Operator) is not { } meaning) return Nothing;
            requirements.Add(LabelRequirement.Of(expression.Key, meaning, [.. expression.Values.OrEmpty()]));
        }
        return Of([.. requirements]);
    }

    /// <summary>As <see cref="For"/> for a selector nobody has validated; null on success, else upstream's error text.</summary>
    public static string? TryFor(LabelSelector? selector, out LabelMatcher matcher)
    {
        matcher = Nothing;
        if (selector is null) return null;
        List<LabelRequirement> requirements = [];
        FieldErrorList errors = [];
        foreach ((string key, string value) in selector.MatchLabels.OrEmpty())
        {
            if (LabelRequirement.Create(key, LabelOperator.Equals, [value], null, errors) is { } requirement) requirements.Add(requirement);
        }
        foreach (LabelSelectorRequirement expression in selector.MatchExpressions.OrEmpty())
        {
            if (OperatorOf(expression.Operator) is not { } meaning)
                return $"{GoText.Quote(expression.Operator)} is not a valid label selector operator";
            string[] values = [.. expression.Values.OrEmpty()];
            if (LabelRequirement.Create(expression.Key, meaning, values, null, errors) is { } requirement) requirements.Add(requirement);
        }
        if (errors.Count > 0) return errors.Aggregate();
        matcher = Of([.. requirements]);
        return null;
    }

    private static LabelOperator? OperatorOf(string name) => name switch
    {
        "In" => LabelOperator.In,
        "NotIn" => LabelOperator.NotIn,
        "Exists" => LabelOperator.Exists,
        "DoesNotExist" => LabelOperator.DoesNotExist,
        _ => null,
    };
}
