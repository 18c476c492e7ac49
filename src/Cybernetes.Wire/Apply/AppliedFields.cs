using System.Runtime.InteropServices;
using System.Text.Json;

namespace Cybernetes.Wire;

/// <summary>The set of the fields that a document names: what its author asks to own.</summary>
internal static class AppliedFields
{
    // A large document must not keep its room for ever.
    private const int MaximumKeptNodes = 16 * 1024;

    [ThreadStatic]
    private static List<FieldNode>? t_nodes;

    /// <summary>Reads the set off a document.</summary>
    /// <param name="document">The document.</param>
    /// <param name="schema">Its type.</param>
    /// <param name="known">A set that is likely much the same: what of it is equal is taken from it, so that it is known to be equal.</param>
    public static FieldSet Of(TapeValue document, ApplySchema schema, FieldSet? known = null)
    {
        List<FieldNode> nodes = t_nodes ?? [];
        t_nodes = null;
        nodes.Clear();
        FieldSet set = Below(schema, document, nodes, known, out _) ?? FieldSet.Empty;
        if (nodes.Capacity <= MaximumKeptNodes) t_nodes = nodes;
        return set;
    }

    /// <summary>The part of the set that is at or below the paths of another one.</summary>
    public static FieldSet Within(TapeValue document, ApplySchema schema, FieldSet part)
    {
        ApplyShape shape = ApplyValues.ShapeOf(schema, document);
        if (ApplyValues.IsLeaf(schema, shape)) return FieldSet.Empty;
        List<FieldNode>? nodes = null;
        if (shape == ApplyShape.Map && document.Kind == JsonValueKind.Object)
        {
            int place = 0;
            foreach (TapeValue property in document)
            {
                ApplyField? field = ApplyValues.FieldOf(schema, property, ref place);
                PathElement element = field?.Element ?? RecentElements.Field(property);
                if (!part.TryGet(element, out FieldNode wanted)) continue;
                if (wanted.IsMember) MapItem(schema, property, ref place, nodes ??= [], null);
                else Below(ref nodes, element, Within(property, field?.Schema ?? schema.Element ?? ApplySchema.Deduced, wanted.Children!));
            }
        }
        else if (shape == ApplyShape.List && document.Kind == JsonValueKind.Array)
        {
            ListIndex index = ListIndex.Of(schema, document);
            for (int i = 0; i < index.Count; i++)
            {
                PathElement element = index.Element(i);
                if (!part.TryGet(element, out FieldNode wanted)) continue;
                if (wanted.IsMember && index.Times(element) > 1) (nodes ??= []).Add(new FieldNode(element, true, null));
                else if (wanted.IsMember) ListItem(schema, element, index.First(element), nodes ??= [], null);
                else if (index.Times(element) == 1)
                    Below(ref nodes, element, Within(index.First(element), schema.Element ?? ApplySchema.Deduced, wanted.Children!));
            }
        }
        return FieldSet.Of(nodes);
    }

    private static void Below(ref List<FieldNode>? nodes, PathElement element, FieldSet below)
    {
        if (!below.IsEmpty) (nodes ??= []).Add(new FieldNode(element, false, below));
    }

    /// <summary>What is below a value, null when there is nothing. The nodes from the present count on are for this level.</summary>
    private static FieldSet? Below(ApplySchema schema, TapeValue value, List<FieldNode> nodes, FieldSet? known, out bool isLeaf)
    {
        ApplyShape shape = ApplyValues.ShapeOf(schema, value);
        isLeaf = ApplyValues.IsLeaf(schema, shape);
        if (isLeaf) return null;
        int start = nodes.Count;
        if (shape == ApplyShape.Map && value.Kind == JsonValueKind.Object)
        {
            int place = 0;
            foreach (TapeValue property in value) MapItem(schema, property, ref place, nodes, known);
        }
        else if (shape == ApplyShape.List && value.Kind == JsonValueKind.Array)
        {
            ListItems(schema, value, nodes, known);
        }
        if (nodes.Count == start) return null;
        FieldSet set = FieldSet.Of(CollectionsMarshal.AsSpan(nodes)[start..], known);
        nodes.RemoveRange(start, nodes.Count - start);
        return set;
    }

    private static void ListItems(ApplySchema schema, TapeValue list, List<FieldNode> nodes, FieldSet? known)
    {
        const int few = 12;
        ListIndex? index = list.Count > few ? ListIndex.Of(schema, list) : null;
        int start = nodes.Count;
        foreach (TapeValue item in list)
        {
            if (RecentElements.Of(schema, item) is not { } element) continue;
            int before = index is null ? PlaceOf(element, nodes, start) : index.Times(element) > 1 ? PlaceOf(element, nodes, start) : -1;
            // What stands twice is owned as a whole.
            if (before >= 0) nodes[before] = new FieldNode(element, true, null);
            else ListItem(schema, element, item, nodes, known);
        }
    }

    private static int PlaceOf(PathElement element, List<FieldNode> nodes, int start)
    {
        for (int i = start; i < nodes.Count; i++)
        {
            if (nodes[i].Element.CompareTo(element) == 0) return i;
        }
        return -1;
    }

    private static void ListItem(ApplySchema schema, PathElement element, TapeValue item, List<FieldNode> nodes, FieldSet? known)
    {
        FieldSet? children = Below(schema.Element ?? ApplySchema.Deduced, item, nodes, KnownBelow(known, element), out _);
        nodes.Add(new FieldNode(element, true, children));
    }

    private static void MapItem(ApplySchema schema, TapeValue property, ref int place, List<FieldNode> nodes, FieldSet? known)
    {
        ApplyField? field = ApplyValues.FieldOf(schema, property, ref place);
        if (field is { IsStripped: true }) return;
        PathElement element = field?.Element ?? RecentElements.Field(property);
        ApplySchema below = field?.Schema ?? schema.Element ?? ApplySchema.Deduced;
        FieldSet? children = Below(below, property, nodes, KnownBelow(known, element), out bool isLeaf);
        bool isBare = property.Kind == JsonValueKind.Null || (property.Kind == JsonValueKind.Object && property.Count == 0);
        bool isMember = isLeaf || isBare || field is null;
        if (isMember || children is not null) nodes.Add(new FieldNode(element, isMember, children));
    }

    private static FieldSet? KnownBelow(FieldSet? known, PathElement element) =>
        known is not null && known.TryGet(element, out FieldNode node) ? node.Children : null;
}
