using System.Runtime.InteropServices;
using System.Text.Json;

namespace Cybernetes.Wire;

/// <summary>Lays an applied configuration over the live object: fields are set, lists are merged by their keys, atomic values are replaced.</summary>
internal static class AppliedMerge
{
    /// <summary>The merged document.</summary>
    public static ReadOnlyMemory<byte> Merge(JsonElement live, JsonElement applied, ApplySchema schema)
    {
        JsonPieces to = new(JsonMarshal.GetRawUtf8Value(live).Length + JsonMarshal.GetRawUtf8Value(applied).Length / 4 + 64);
        Write(to, schema, live, applied);
        return to.Json;
    }

    private static void Write(JsonPieces to, ApplySchema schema, JsonElement live, JsonElement applied)
    {
        if (ApplyValues.IsAbsent(applied))
        {
            to.Copy(live);
            return;
        }
        ApplyShape shape = ApplyValues.ShapeOf(schema, applied);
        bool isWhole = ApplyValues.IsAbsent(live) || ApplyValues.IsLeaf(schema, shape) || ApplyValues.ShapeOf(schema, live) != shape;
        // Null on one side of a map or list says nothing about its parts.
        if (!isWhole && ApplyValues.IsEmpty(applied) && !ApplyValues.IsEmpty(live)) to.Copy(live);
        else if (isWhole || ApplyValues.IsEmpty(live)) to.Copy(applied);
        else if (shape == ApplyShape.Map) Maps(to, schema, live, applied);
        else Lists(to, schema, live, applied);
    }

    private static void Maps(JsonPieces to, ApplySchema schema, JsonElement live, JsonElement applied)
    {
        to.Open((byte)'{');
        int place = 0;
        int left = applied.GetPropertyCount();
        ApplyValues.Properties wanted = new(applied);
        foreach (JsonProperty property in live.EnumerateObject())
        {
            JsonElement other = wanted.Find(property);
            to.CopyName(property);
            if (ApplyValues.IsAbsent(other))
            {
                to.Copy(property.Value);
                continue;
            }
            left--;
            if (ApplyValues.SameBytes(property.Value, other)) to.Copy(other);
            else Write(to, ApplyValues.SchemaOf(schema, property, ref place), property.Value, other);
        }
        ApplyValues.Properties known = new(left > 0 ? live : default);
        foreach (JsonProperty property in applied.EnumerateObject())
        {
            if (left <= 0) break;
            if (!ApplyValues.IsAbsent(known.Find(property))) continue;
            to.CopyName(property);
            to.Copy(property.Value);
        }
        to.Close((byte)'}');
    }

    /// <summary>
    /// Elements of both sides keep the applied order, those of the live side alone stay where they are between them: the order of upstream's merge.
    /// </summary>
    private static void Lists(JsonPieces to, ApplySchema schema, JsonElement live, JsonElement applied)
    {
        if (ApplyValues.SameBytes(live, applied))
        {
            to.Copy(applied);
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
            Write(to, item, liveIndex.One(element), appliedIndex.First(element));
            if (shared.TryPeek(out PathElement? next) && next.Equals(element)) shared.Dequeue();
        }

        to.Open((byte)'[');
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
                    to.Copy(left[l].Value);
                    l++;
                    continue;
                }
                if (done.Contains(element)) l++;
            }
            if (r < right.Length) TakeApplied(right[r++]);
        }
        to.Close((byte)']');
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
