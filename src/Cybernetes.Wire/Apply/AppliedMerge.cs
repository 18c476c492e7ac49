using System.Buffers;
using System.Text.Json;
using Cybernetes.Objects;

namespace Cybernetes.Wire;

/// <summary>Lays an applied configuration over the live object: fields are set, lists are merged by their keys, atomic values are replaced.</summary>
internal static class AppliedMerge
{
    /// <summary>The merged document.</summary>
    public static byte[] Merge(JsonElement live, JsonElement applied, ApplySchema schema)
    {
        ArrayBufferWriter<byte> buffer = new(4096);
        using (Utf8JsonWriter writer = new(buffer, JsonLimits.WriterOptions)) Write(writer, schema, live, applied);
        return buffer.WrittenSpan.ToArray();
    }

    private static void Write(Utf8JsonWriter writer, ApplySchema schema, JsonElement live, JsonElement applied)
    {
        if (ApplyValues.IsAbsent(applied))
        {
            ApplyValues.Copy(writer, live);
            return;
        }
        ApplyShape shape = ApplyValues.ShapeOf(schema, applied);
        bool isWhole = ApplyValues.IsAbsent(live) || ApplyValues.IsLeaf(schema, shape) || ApplyValues.ShapeOf(schema, live) != shape;
        // Null on one side of a map or list says nothing about its parts.
        if (!isWhole && ApplyValues.IsEmpty(applied) && !ApplyValues.IsEmpty(live)) ApplyValues.Copy(writer, live);
        else if (isWhole || ApplyValues.IsEmpty(live)) ApplyValues.Copy(writer, applied);
        else if (shape == ApplyShape.Map) Maps(writer, schema, live, applied);
        else Lists(writer, schema, live, applied);
    }

    private static void Maps(Utf8JsonWriter writer, ApplySchema schema, JsonElement live, JsonElement applied)
    {
        writer.WriteStartObject();
        int place = 0;
        ApplyValues.Properties wanted = new(applied);
        foreach (JsonProperty property in live.EnumerateObject())
        {
            JsonElement other = wanted.Find(property);
            ApplyValues.CopyName(writer, property);
            if (ApplyValues.IsAbsent(other)) ApplyValues.Copy(writer, property.Value);
            else Write(writer, ApplyValues.SchemaOf(schema, property, ref place), property.Value, other);
        }
        ApplyValues.Properties known = new(live);
        foreach (JsonProperty property in applied.EnumerateObject())
        {
            if (!ApplyValues.IsAbsent(known.Find(property))) continue;
            ApplyValues.CopyName(writer, property);
            ApplyValues.Copy(writer, property.Value);
        }
        writer.WriteEndObject();
    }

    /// <summary>
    /// Elements of both sides keep the applied order, those of the live side alone stay where they are between them: the order of upstream's merge.
    /// </summary>
    private static void Lists(Utf8JsonWriter writer, ApplySchema schema, JsonElement live, JsonElement applied)
    {
        if (ApplyValues.SameBytes(live, applied))
        {
            ApplyValues.Copy(writer, applied);
            return;
        }
        List<(PathElement Element, JsonElement Value)> left = Items(schema, live);
        ListIndex liveIndex = ListIndex.Of(left);
        ListIndex appliedIndex = ListIndex.Of(schema, applied);
        PathElement[] right = new PathElement[appliedIndex.Count];
        Queue<PathElement> shared = new(right.Length);
        for (int i = 0; i < right.Length; i++)
        {
            right[i] = appliedIndex.Element(i);
            if (liveIndex.Contains(right[i])) shared.Enqueue(right[i]);
        }
        HashSet<PathElement> done = [];
        ApplySchema item = schema.Element ?? ApplySchema.Deduced;

        void TakeApplied(PathElement element)
        {
            done.Add(element);
            Write(writer, item, liveIndex.One(element), appliedIndex.First(element));
            if (shared.TryPeek(out PathElement? next) && next.Equals(element)) shared.Dequeue();
        }

        writer.WriteStartArray();
        (int l, int r) = (0, 0);
        while (l < left.Count || r < right.Length)
        {
            if (l < left.Count)
            {
                PathElement element = left[l].Element;
                bool isShared = appliedIndex.Contains(element);
                if (r < right.Length && element.Equals(right[r]))
                {
                    TakeApplied(element);
                    l++;
                    r++;
                    continue;
                }
                if (r < right.Length && isShared && shared.TryPeek(out PathElement? next) && !next.Equals(element))
                {
                    // It comes with the applied side, in the order there.
                    l++;
                    continue;
                }
                if (!isShared)
                {
                    ApplyValues.Copy(writer, left[l].Value);
                    l++;
                    continue;
                }
                if (done.Contains(element)) l++;
            }
            if (r < right.Length) TakeApplied(right[r++]);
        }
        writer.WriteEndArray();
    }

    private static List<(PathElement, JsonElement)> Items(ApplySchema schema, JsonElement list)
    {
        List<(PathElement, JsonElement)> items = new(list.GetArrayLength());
        foreach (JsonElement value in list.EnumerateArray())
        {
            if (ApplyValues.ElementOf(schema, value, out _) is { } element) items.Add((element, value));
        }
        return items;
    }
}
