using System.Globalization;
using Cybernetes.Objects.Core.V1;

namespace Cybernetes.Objects.Workloads;

/// <summary>Whether node selectors and required node affinity let a node in (API reference, NodeSelector v1 core).</summary>
public static class NodeSelectors
{
    /// <summary>Whether the pod's <c>nodeSelector</c> and its required node affinity both match the node.</summary>
    public static bool Allow(PodSpec pod, Node node)
    {
        foreach (var (key, value) in pod.NodeSelector.OrEmpty())
        {
            if (!node.Metadata.Labels.OrEmpty().TryGetValue(key, out var has) || has != value)
                return false;
        }
        return pod.Affinity?.NodeAffinity?.RequiredDuringSchedulingIgnoredDuringExecution is not { } required || Matches(required, node);
    }

    /// <summary>Whether any term matches the node; a selector without terms matches none.</summary>
    public static bool Matches(NodeSelector selector, Node node)
    {
        foreach (var term in selector.NodeSelectorTerms.OrEmpty())
        {
            if (Matches(term, node))
                return true;
        }
        return false;
    }

    /// <summary>Whether all of a term holds; an empty one matches no node.</summary>
    public static bool Matches(NodeSelectorTerm term, Node node)
    {
        var expressions = term.MatchExpressions.OrEmpty();
        var fields = term.MatchFields.OrEmpty();
        if (expressions.Count == 0 && fields.Count == 0)
            return false;
        foreach (var requirement in expressions)
        {
            var has = node.Metadata.Labels.OrEmpty().TryGetValue(requirement.Key, out var value);
            if (!Holds(requirement, has ? value : null))
                return false;
        }
        foreach (var requirement in fields)
        {
            // The one field that a selector may name.
            if (requirement.Key != "metadata.name" || !Holds(requirement, node.Metadata.Name))
                return false;
        }
        return true;
    }

    /// <param name="value">Null: the node has no such label.</param>
    private static bool Holds(NodeSelectorRequirement requirement, string? value) => requirement.Operator switch
    {
        NodeSelectorOperator.NodeSelectorOpIn => value is not null && requirement.Values.OrEmpty().Contains(value),
        NodeSelectorOperator.NodeSelectorOpNotIn => value is null || !requirement.Values.OrEmpty().Contains(value),
        NodeSelectorOperator.NodeSelectorOpExists => value is not null,
        NodeSelectorOperator.NodeSelectorOpDoesNotExist => value is null,
        NodeSelectorOperator.NodeSelectorOpGt => Number(value) > Number(requirement.Values.OrEmpty().FirstOrDefault()),
        NodeSelectorOperator.NodeSelectorOpLt => Number(value) < Number(requirement.Values.OrEmpty().FirstOrDefault()),
        _ => false,
    };

    private static long? Number(string? text) =>
        long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var value) ? value : null;
}
