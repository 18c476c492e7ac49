using Cybernetes.Objects;
using Cybernetes.Objects.Core.V1;

namespace Cybernetes.ApiServer.Registry.Core.Pods;

/// <summary>A pod behind scheduling gates may still get narrower in where it may run (KEP-3838).</summary>
internal static class GatedPodValidation
{
    /// <summary>Checks the changes that are allowed, and takes them out of <paramref name="spec"/> so that the rest can be compared.</summary>
    public static void Take(PodSpec spec, PodSpec old, FieldPath path, FieldErrorList errors)
    {
        foreach (var (key, value) in old.NodeSelector.OrEmpty())
        {
            if (spec.NodeSelector?.TryGetValue(key, out var now) == true && now == value)
                continue;
            errors.Invalid(
                path.Child("nodeSelector"), spec.NodeSelector, "only additions to spec.nodeSelector are allowed (no mutations or deletions)");
            break;
        }
        spec.NodeSelector = old.NodeSelector;
        var before = old.Affinity?.NodeAffinity;
        var after = spec.Affinity?.NodeAffinity;
        if (before is null ? after is null : before.SemanticEquals(after))
            return;
        NodeAffinity(after, before, path.Child("affinity").Child("nodeAffinity"), errors);
        if (spec.Affinity is null)
            spec.Affinity = new Affinity { NodeAffinity = before };
        else if (old.Affinity is null && spec.Affinity.PodAffinity is null && spec.Affinity.PodAntiAffinity is null)
            spec.Affinity = null;
        else
            spec.Affinity.NodeAffinity = before;
    }

    private static void NodeAffinity(NodeAffinity? affinity, NodeAffinity? old, FieldPath path, FieldErrorList errors)
    {
        if (old?.RequiredDuringSchedulingIgnoredDuringExecution is not { } required)
            return;
        var before = required.NodeSelectorTerms.OrEmpty();
        var after = affinity?.RequiredDuringSchedulingIgnoredDuringExecution?.NodeSelectorTerms.OrEmpty() ?? [];
        var at = path.Child("requiredDuringSchedulingIgnoredDuringExecution").Child("nodeSelectorTerms");
        if (before.Count > 0 && before.Count != after.Count)
        {
            errors.Invalid(at, AsJson(after), "no additions/deletions to non-empty NodeSelectorTerms list are allowed");
            return;
        }
        for (var i = 0; i < before.Count; i++)
        {
            if (!OnlyAdds(after[i], before[i]))
                errors.Invalid(at.Index(i), FieldChecks.JsonValue.Of(after[i].WriteJson), "only additions are allowed (no mutations or deletions)");
        }
    }

    private static FieldChecks.JsonValue AsJson(IReadOnlyList<NodeSelectorTerm> terms) => FieldChecks.JsonValue.Of(writer =>
    {
        writer.WriteStartArray();
        foreach (var term in terms)
            term.WriteJson(writer);
        writer.WriteEndArray();
    });

    private static bool OnlyAdds(NodeSelectorTerm term, NodeSelectorTerm old)
    {
        var expressions = old.MatchExpressions?.Count ?? 0;
        var fields = old.MatchFields?.Count ?? 0;
        // An empty term matches nothing; adding to it would widen it.
        if (expressions + fields == 0)
            return (term.MatchExpressions?.Count ?? 0) + (term.MatchFields?.Count ?? 0) == 0;
        return StartsWith(term.MatchExpressions, old.MatchExpressions) && StartsWith(term.MatchFields, old.MatchFields);
    }

    private static bool StartsWith(List<NodeSelectorRequirement>? list, List<NodeSelectorRequirement>? start)
    {
        for (var i = 0; i < (start?.Count ?? 0); i++)
        {
            if (i >= (list?.Count ?? 0) || !list![i].SemanticEquals(start![i]))
                return false;
        }
        return true;
    }
}
