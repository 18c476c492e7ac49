using System.Globalization;
using Cybernetes.Objects;
using Cybernetes.Objects.Core.V1;
using Cybernetes.Scheduler.Snapshot;

namespace Cybernetes.Scheduler.Plugins.NodeAffinity;

/// <summary>Turns node selectors into sets of nodes, by the label index.</summary>
internal static class NodeSelection
{
    /// <summary>Keeps in <paramref name="nodes"/> what carries all the given labels.</summary>
    public static void IntersectLabels(ClusterColumns columns, NodeBits nodes, Dictionary<string, string> labels)
    {
        foreach (var (key, value) in labels)
            nodes.IntersectWith(columns.Labels.WithPair(key, value));
    }

    /// <summary>The live nodes that match at least one term; an empty term matches nothing.</summary>
    public static NodeBits Matching(ClusterColumns columns, IReadOnlyList<NodeSelectorTerm> terms)
    {
        var any = new NodeBits(columns.Capacity);
        foreach (var term in terms)
            any.UnionWith(Matching(columns, term));
        return any;
    }

    public static NodeBits Matching(ClusterColumns columns, NodeSelectorTerm term)
    {
        var nodes = new NodeBits(columns.Capacity);
        var expressions = term.MatchExpressions.OrEmpty();
        var fields = term.MatchFields.OrEmpty();
        if (expressions.Count == 0 && fields.Count == 0)
            return nodes;
        nodes.CopyFrom(columns.Live);
        foreach (var requirement in expressions)
            Apply(columns, nodes, requirement);
        foreach (var requirement in fields)
            ApplyName(columns, nodes, requirement);
        return nodes;
    }

    private static void Apply(ClusterColumns columns, NodeBits nodes, NodeSelectorRequirement requirement)
    {
        switch (requirement.Operator)
        {
            case NodeSelectorOperator.NodeSelectorOpIn:
                nodes.IntersectWith(AnyOf(columns, requirement));
                break;
            case NodeSelectorOperator.NodeSelectorOpNotIn:
                nodes.ExceptWith(AnyOf(columns, requirement));
                break;
            case NodeSelectorOperator.NodeSelectorOpExists:
                nodes.IntersectWith(columns.Labels.WithKey(requirement.Key));
                break;
            case NodeSelectorOperator.NodeSelectorOpDoesNotExist:
                nodes.ExceptWith(columns.Labels.WithKey(requirement.Key));
                break;
            case NodeSelectorOperator.NodeSelectorOpGt or NodeSelectorOperator.NodeSelectorOpLt:
                nodes.IntersectWith(columns.Labels.WithKey(requirement.Key));
                Compare(columns, nodes, requirement);
                break;
            default:
                nodes.Clear();
                break;
        }
    }

    private static NodeBits AnyOf(ClusterColumns columns, NodeSelectorRequirement requirement)
    {
        var any = new NodeBits(columns.Capacity);
        foreach (var value in requirement.Values.OrEmpty())
            any.UnionWith(columns.Labels.WithPair(requirement.Key, value));
        return any;
    }

    private static void Compare(ClusterColumns columns, NodeBits nodes, NodeSelectorRequirement requirement)
    {
        var bound = Number(requirement.Values.OrEmpty().FirstOrDefault());
        foreach (var slot in nodes)
        {
            var value = Number(columns.LabelsOf(slot)[requirement.Key]);
            var holds = requirement.Operator == NodeSelectorOperator.NodeSelectorOpGt ? value > bound : value < bound;
            if (!holds)
                nodes.Remove(slot);
        }
    }

    /// <summary>The only field a selector may name is <c>metadata.name</c>, with one value.</summary>
    private static void ApplyName(ClusterColumns columns, NodeBits nodes, NodeSelectorRequirement requirement)
    {
        var named = new NodeBits(columns.Capacity);
        foreach (var value in requirement.Values.OrEmpty())
        {
            if (columns.SlotOf(value) is >= 0 and var slot)
                named.Add(slot);
        }
        if (requirement.Operator == NodeSelectorOperator.NodeSelectorOpNotIn) nodes.ExceptWith(named);
        else nodes.IntersectWith(named);
    }

    private static long? Number(string? text) =>
        long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var value) ? value : null;
}
