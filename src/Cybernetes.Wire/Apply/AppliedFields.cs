using System.Text.Json;

namespace Cybernetes.Wire;

/// <summary>The set of the fields that a document names: what its author asks to own.</summary>
public static class AppliedFields
{
    /// <summary>Reads the set off a document.</summary>
    public static FieldSet Of(JsonElement document, ApplySchema schema)
    {
        List<FieldNode>? nodes = null;
        Walk(schema, document, ref nodes);
        return FieldSet.Of(nodes);
    }

    /// <summary>The part of the set that is at or below the paths of another one.</summary>
    public static FieldSet Within(JsonElement document, ApplySchema schema, FieldSet part)
    {
        ApplyShape shape = ApplyValues.ShapeOf(schema, document);
        if (ApplyValues.IsLeaf(schema, shape)) return FieldSet.Empty;
        List<FieldNode>? nodes = null;
        if (shape == ApplyShape.Map && document.ValueKind == JsonValueKind.Object)
        {
            int place = 0;
            foreach (JsonProperty property in document.EnumerateObject())
            {
                ApplyField? field = ApplyValues.FieldOf(schema, property, ref place);
                PathElement element = field?.Element ?? PathElement.Field(property.Name);
                if (!part.TryGet(element, out FieldNode wanted)) continue;
                if (wanted.IsMember) MapItem(schema, property, ref place, ref nodes);
                else Below(ref nodes, element, Within(property.Value, field?.Schema ?? schema.Element ?? ApplySchema.Deduced, wanted.Children!));
            }
        }
        else if (shape == ApplyShape.List && document.ValueKind == JsonValueKind.Array)
        {
            ListIndex index = ListIndex.Of(schema, document);
            for (int i = 0; i < index.Count; i++)
            {
                PathElement element = index.Element(i);
                if (!part.TryGet(element, out FieldNode wanted)) continue;
                if (wanted.IsMember) ListItem(schema, index, element, ref nodes);
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

    /// <summary>Gathers what is below a value; true when the value itself is a leaf.</summary>
    private static bool Walk(ApplySchema schema, JsonElement value, ref List<FieldNode>? nodes)
    {
        ApplyShape shape = ApplyValues.ShapeOf(schema, value);
        if (ApplyValues.IsLeaf(schema, shape)) return true;
        if (shape == ApplyShape.Map && value.ValueKind == JsonValueKind.Object)
        {
            int place = 0;
            foreach (JsonProperty property in value.EnumerateObject()) MapItem(schema, property, ref place, ref nodes);
        }
        else if (shape == ApplyShape.List && value.ValueKind == JsonValueKind.Array)
        {
            ListIndex index = ListIndex.Of(schema, value);
            for (int i = 0; i < index.Count; i++) ListItem(schema, index, index.Element(i), ref nodes);
        }
        return false;
    }

    private static void ListItem(ApplySchema schema, ListIndex index, PathElement element, ref List<FieldNode>? nodes)
    {
        List<FieldNode>? below = null;
        if (index.Times(element) == 1) Walk(schema.Element ?? ApplySchema.Deduced, index.First(element), ref below);
        Add(ref nodes, element, isMember: true, below);
    }

    private static void MapItem(ApplySchema schema, JsonProperty property, ref int place, ref List<FieldNode>? nodes)
    {
        ApplyField? field = ApplyValues.FieldOf(schema, property, ref place);
        if (field is { IsStripped: true }) return;
        JsonElement value = property.Value;
        List<FieldNode>? below = null;
        bool isLeaf = Walk(field?.Schema ?? schema.Element ?? ApplySchema.Deduced, value, ref below);
        bool isBare = value.ValueKind == JsonValueKind.Null || (value.ValueKind == JsonValueKind.Object && value.GetPropertyCount() == 0);
        Add(ref nodes, field?.Element ?? PathElement.Field(property.Name), isLeaf || isBare || field is null, below);
    }

    private static void Add(ref List<FieldNode>? nodes, PathElement element, bool isMember, List<FieldNode>? below)
    {
        if (isMember || below is not null) (nodes ??= []).Add(new FieldNode(element, isMember, below is null ? null : FieldSet.Of(below)));
    }
}
