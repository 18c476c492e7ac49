using Cybernetes.Objects.Meta.V1;

namespace Cybernetes.Objects;

public sealed partial class LabelMatcher
{
    /// <summary>
    /// The matcher of a structured selector: an absent one matches nothing, an empty one everything. The selector must have passed validation;
    /// an unknown operator matches nothing.
    /// </summary>
    public static LabelMatcher For(LabelSelector? selector)
    {
        if (selector is null) return Nothing;
        List<LabelRequirement> requirements = [.. FromSet(selector.MatchLabels).Requirements];
        foreach (LabelSelectorRequirement expression in selector.MatchExpressions.OrEmpty())
        {
            LabelOperator? meaning = expression.Operator switch
            {
                "In" => LabelOperator.In,
                "NotIn" => LabelOperator.NotIn,
                "Exists" => LabelOperator.Exists,
                "DoesNotExist" => LabelOperator.DoesNotExist,
                _ => null,
            };
            if (meaning is null) return Nothing;
            requirements.Add(LabelRequirement.Of(expression.Key, meaning.Value, [.. expression.Values.OrEmpty()]));
        }
        return Of([.. requirements]);
    }
}
