using System.Text.Json;

namespace Cybernetes.Wire;

/// <summary>Lays an applied configuration over the live object: fields are set, lists are merged by their keys, atomic values are replaced.</summary>
internal static class AppliedMerge
{
    /// <summary>The merged document, without the managedFields of the live one where the configuration has metadata.</summary>
    public static ReadOnlyMemory<byte> Merge(TapeValue live, TapeValue applied, ApplySchema schema)
    {
        JsonPieces to = new(live.Raw.Length + applied.Raw.Length / 4 + 64);
        Write(to, schema, live, applied);
        return to.Json;
    }

    private static void Write(JsonPieces to, ApplySchema schema, TapeValue live, TapeValue applied)
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

    private static void Maps(JsonPieces to, ApplySchema schema, TapeValue live, TapeValue applied)
    {
        to.Open((byte)'{');
        int place = 0;
        int left = applied.Count;
        ApplyValues.Properties wanted = new(applied);
        foreach (TapeValue property in live)
        {
            if (schema.IsMetadata && property.RawName.SequenceEqual("managedFields"u8)) continue;
            TapeValue other = wanted.Find(property);
            to.CopyName(property);
            if (ApplyValues.IsAbsent(other))
            {
                to.Copy(property);
                continue;
            }
            left--;
            if (ApplyValues.SameBytes(property, other)) to.Copy(other);
            else Write(to, ApplyValues.SchemaOf(schema, property, ref place), property, other);
        }
        ApplyValues.Properties known = new(left > 0 ? live : default);
        foreach (TapeValue property in applied)
        {
            if (left <= 0) break;
            if (!ApplyValues.IsAbsent(known.Find(property))) continue;
            to.CopyName(property);
            to.Copy(property);
        }
        to.Close((byte)'}');
    }

    /// <summary>
    /// Elements of both sides keep the applied order, those of the live side alone stay where they are between them: the order of upstream's merge.
    /// </summary>
    private static void Lists(JsonPieces to, ApplySchema schema, TapeValue live, TapeValue applied)
    {
        if (ApplyValues.SameBytes(live, applied))
        {
            to.Copy(applied);
            return;
        }
        if (IsSameSequence(schema, live, applied))
        {
            Pairs(to, schema.Element ?? ApplySchema.Deduced, live, applied);
            return;
        }
        List<(PathElement Element, TapeValue Value)> left = Items(schema, live);
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

    /// <summary>Whether both sides have the same elements in the same order, as is usual. The applied side has each once.</summary>
    private static bool IsSameSequence(ApplySchema schema, TapeValue live, TapeValue applied)
    {
        if (live.Count != applied.Count) return false;
        TapeValue.Enumerator other = applied.GetEnumerator();
        foreach (TapeValue item in live)
        {
            other.MoveNext();
            if (RecentElements.Of(schema, item) is not { } element || !element.Equals(RecentElements.Of(schema, other.Current))) return false;
        }
        return true;
    }

    private static void Pairs(JsonPieces to, ApplySchema item, TapeValue live, TapeValue applied)
    {
        to.Open((byte)'[');
        TapeValue.Enumerator other = applied.GetEnumerator();
        foreach (TapeValue value in live)
        {
            other.MoveNext();
            Write(to, item, value, other.Current);
        }
        to.Close((byte)']');
    }

    private static List<(PathElement, TapeValue)> Items(ApplySchema schema, TapeValue list)
    {
        List<(PathElement, TapeValue)> items = new(list.Count);
        foreach (TapeValue value in list)
        {
            if (RecentElements.Of(schema, value) is { } element) items.Add((element, value));
        }
        return items;
    }
}
