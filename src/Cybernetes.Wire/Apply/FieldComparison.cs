using System.Text.Json;

namespace Cybernetes.Wire;

/// <summary>How two states of an object differ, as sets of fields.</summary>
/// <param name="Added">Fields, maps and list elements that only the second has.</param>
/// <param name="Modified">Fields that both have, with other values.</param>
/// <param name="Removed">What only the first has.</param>
public sealed record FieldComparison(FieldSet Added, FieldSet Modified, FieldSet Removed)
{
    /// <summary>No difference.</summary>
    public static FieldComparison None { get; } = new(FieldSet.Empty, FieldSet.Empty, FieldSet.Empty);

    public bool IsEmpty => Added.IsEmpty && Modified.IsEmpty && Removed.IsEmpty;

    /// <summary>What the second state sets: added and modified.</summary>
    public FieldSet Set => Added.Union(Modified);

    /// <summary>Compares two documents of one schema. What is the same in bytes is not looked into.</summary>
    internal static FieldComparison Of(TapeValue before, TapeValue after, ApplySchema schema)
    {
        Parts top = default;
        if (!ApplyValues.SameBytes(before, after)) Walk(schema, before, after, inLeaf: false, ref top);
        return new FieldComparison(FieldSet.Of(top.Added), FieldSet.Of(top.Modified), FieldSet.Of(top.Removed));
    }

    /// <summary>The three sets without what a filter takes out.</summary>
    public FieldComparison Filter(FieldFilter filter) =>
        filter.KeepsAll ? this : new FieldComparison(filter.Apply(Added), filter.Apply(Modified), filter.Apply(Removed));

    private static void Child(ApplySchema schema, PathElement element, TapeValue before, TapeValue after, ref Parts parent)
    {
        Parts below = default;
        Mark mark = Walk(schema, before, after, inLeaf: false, ref below);
        parent.Attach(element, mark, ref below);
    }

    /// <summary>Compares below a path; says what the path itself is.</summary>
    private static Mark Walk(ApplySchema schema, TapeValue before, TapeValue after, bool inLeaf, ref Parts parts)
    {
        bool isNew = ApplyValues.IsAbsent(before);
        bool isGone = ApplyValues.IsAbsent(after);
        ApplyShape shape = ApplyValues.ShapeOf(schema, isGone ? before : after);
        if (!isNew && !isGone)
        {
            if (ApplyValues.SameBytes(before, after)) return Mark.None;
            ApplyShape old = ApplyValues.ShapeOf(schema, before);
            if (old != shape)
            {
                // Free JSON became something else: the old parts go, the new ones come.
                if (!ApplyValues.IsLeaf(schema, old)) Walk(schema, before, default, inLeaf, ref parts);
                if (!ApplyValues.IsLeaf(schema, shape)) Walk(schema, default, after, inLeaf, ref parts);
                return Mark.Modified;
            }
        }
        if (ApplyValues.IsLeaf(schema, shape) || (ApplyValues.IsEmpty(before) && ApplyValues.IsEmpty(after)))
            return isNew ? Mark.Added : isGone ? Mark.Removed : before.DeepEquals(after) ? Mark.None : Mark.Modified;

        if (shape == ApplyShape.Map) Maps(schema, before, after, ref parts);
        else Lists(schema, before, after, ref parts);
        return isNew ? Mark.Added : isGone ? Mark.Removed : Mark.None;
    }

    private static void Maps(ApplySchema schema, TapeValue before, TapeValue after, ref Parts parts)
    {
        int place = 0;
        if (before.Kind == JsonValueKind.Object)
        {
            ApplyValues.Properties found = new(after);
            foreach (TapeValue property in before)
            {
                TapeValue other = found.Find(property);
                MapItem(schema, property, property, other, ref place, ref parts);
            }
        }
        if (after.Kind != JsonValueKind.Object) return;
        place = 0;
        ApplyValues.Properties known = new(before);
        foreach (TapeValue property in after)
        {
            if (ApplyValues.IsAbsent(known.Find(property))) MapItem(schema, property, default, property, ref place, ref parts);
        }
    }

    private static void MapItem(ApplySchema schema, TapeValue property, TapeValue before, TapeValue after, ref int place, ref Parts parts)
    {
        if (!ApplyValues.IsAbsent(before) && !ApplyValues.IsAbsent(after) && ApplyValues.SameBytes(before, after)) return;
        ApplyField? field = ApplyValues.FieldOf(schema, property, ref place);
        if (field is { IsStripped: true }) return;
        Child(field?.Schema ?? schema.Element ?? ApplySchema.Deduced, field?.Element ?? RecentElements.Field(property), before, after, ref parts);
    }

    private static void Lists(ApplySchema schema, TapeValue before, TapeValue after, ref Parts parts)
    {
        ListIndex old = ListIndex.Of(schema, before);
        ListIndex now = ListIndex.Of(schema, after);
        for (int i = 0; i < old.Count; i++) ListItem(schema, old.Element(i), old, now, ref parts);
        for (int i = 0; i < now.Count; i++)
        {
            if (!old.Contains(now.Element(i))) ListItem(schema, now.Element(i), old, now, ref parts);
        }
    }

    /// <summary>Elements that stand several times are owned together, by a mark.</summary>
    private static void ListItem(ApplySchema schema, PathElement element, ListIndex old, ListIndex now, ref Parts parts)
    {
        ApplySchema item = schema.Element ?? ApplySchema.Deduced;
        (int before, int after) = (old.Times(element), now.Times(element));
        if (before <= 1 && after <= 1)
        {
            Child(item, element, old.First(element), now.First(element), ref parts);
            return;
        }
        Parts none = default;
        if (before >= 2 && after >= 2)
        {
            if (!old.All(element).SequenceEqual(now.All(element), Equality.Instance)) parts.Attach(element, Mark.Modified, ref none);
        }
        else if (before >= 2)
        {
            if (after != 0) Child(item, element, default, now.First(element), ref parts);
            parts.Attach(element, Mark.Removed, ref none);
        }
        else
        {
            if (before != 0) Child(item, element, old.First(element), default, ref parts);
            parts.Attach(element, Mark.Added, ref none);
        }
    }

    private enum Mark
    {
        None,
        Added,
        Modified,
        Removed,
    }

    private struct Parts
    {
        public List<FieldNode>? Added;
        public List<FieldNode>? Modified;
        public List<FieldNode>? Removed;

        public void Attach(PathElement element, Mark mark, ref Parts below)
        {
            Attach(ref Added, element, mark == Mark.Added, below.Added);
            Attach(ref Modified, element, mark == Mark.Modified, below.Modified);
            Attach(ref Removed, element, mark == Mark.Removed, below.Removed);
        }

        private static void Attach(ref List<FieldNode>? nodes, PathElement element, bool isMember, List<FieldNode>? below)
        {
            if (isMember || below is not null) (nodes ??= []).Add(new FieldNode(element, isMember, below is null ? null : FieldSet.Of(below)));
        }
    }

    private sealed class Equality : IEqualityComparer<TapeValue>
    {
        public static readonly Equality Instance = new();

        public bool Equals(TapeValue x, TapeValue y) => x.DeepEquals(y);

        public int GetHashCode(TapeValue obj) => (int)obj.Kind;
    }
}
