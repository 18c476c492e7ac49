using Cybernetes.Objects;
using Cybernetes.Objects.Meta.V1;

namespace Cybernetes.ApiServer.Registry.Policy;

/// <summary>
/// An empty selector of a budget selects every pod in policy/v1 and none in policy/v1beta1. A label that no pod bears says the other thing in
/// each: "has it" selects none, "has it not" selects all. Source: Kubernetes deprecation guide 1.25.
/// </summary>
internal static class BudgetSelectors
{
    private const string Label = "pdb.kubernetes.io/deprecated-v1beta1-empty-selector-match";

    /// <summary>What a selector of v1beta1 is in v1.</summary>
    public static LabelSelector? FromBeta(LabelSelector? selector)
    {
        if (selector is null)
            return null;
        if (IsEmpty(selector))
            return Of("Exists");
        if (Is(selector, "DoesNotExist"))
            return new();
        RemoveLabel(selector);
        return selector;
    }

    /// <summary>What a selector of v1 is in v1beta1.</summary>
    public static LabelSelector? ToBeta(LabelSelector? selector) =>
        selector is null ? null : IsEmpty(selector) ? Of("DoesNotExist") : Is(selector, "Exists") ? new() : selector;

    /// <summary>Takes the label out of a v1 selector, unless it is the one that selects none.</summary>
    public static void Strip(LabelSelector? selector)
    {
        if (selector is not null && !Is(selector, "Exists"))
            RemoveLabel(selector);
    }

    private static LabelSelector Of(string verb) => new() { MatchExpressions = [new() { Key = Label, Operator = verb }] };

    private static bool IsEmpty(LabelSelector selector) => selector is { MatchLabels: not { Count: > 0 }, MatchExpressions: not { Count: > 0 } };

    private static bool Is(LabelSelector selector, string verb) => selector.MatchLabels is not { Count: > 0 }
        && selector.MatchExpressions is [{ Key: Label, Values: not { Count: > 0 } } only] && only.Operator == verb;

    private static void RemoveLabel(LabelSelector selector) => selector.MatchExpressions?.RemoveAll(e => e.Key == Label);
}
