using System.Text.Json;

namespace Cybernetes.Wire;

/// <summary>
/// What the writer of a new object owns, written as FieldsV1 in one pass over the object: creates are the most frequent of all writes. The same as the
/// general way gives, which tests hold it against: <see cref="FieldComparison"/> with an object without any value.
/// </summary>
internal sealed class CreatedFields
{
    // A large object must not keep its room for ever.
    private const int MaximumKeptBytes = 256 * 1024;
    private const int MaximumKeptSteps = 16 * 1024;

    [ThreadStatic]
    private static CreatedFields? t_recent;

    private readonly JsonPieces _to = new(2048);

    // The children of the maps and lists that are being written, those of inner ones behind those of outer ones.
    private readonly List<Step> _steps = [];
    private bool _isOdd;

    /// <summary>Writes the fields.</summary>
    /// <param name="empty">An object without any value.</param>
    /// <param name="created">The object.</param>
    /// <param name="schema">Their type.</param>
    /// <param name="filter">Fields that are not counted.</param>
    /// <param name="fields">The fields; null when there are none.</param>
    /// <returns>False where only the general way can say.</returns>
    public static bool TryWrite(TapeValue empty, TapeValue created, ApplySchema schema, FieldFilter filter, out byte[]? fields)
    {
        fields = null;
        if (!filter.IsOfTopFields || empty.Kind != JsonValueKind.Object || created.Kind != JsonValueKind.Object) return false;
        CreatedFields writer = t_recent ?? new CreatedFields();
        t_recent = null;
        writer._to.Clear();
        writer._steps.Clear();
        writer._isOdd = false;
        writer._to.Open((byte)'{');
        writer.Map(schema, empty, created, filter);
        if (writer._isOdd) return false;
        if (writer._to.Length > 1)
        {
            writer._to.Close((byte)'}');
            fields = writer._to.Json.ToArray();
        }
        if (writer._to.Length <= MaximumKeptBytes && writer._steps.Capacity <= MaximumKeptSteps) t_recent = writer;
        return true;
    }

    private void Item(in Step step, bool isPinned)
    {
        int start = _to.Length;
        _to.Append(step.Element.Utf8Name);
        bool isWritten = step.IsRepeated ? Leaf() : Value(step.Schema, step.Before, step.After, isPinned);
        if (!isWritten) _to.Truncate(start);
    }

    /// <summary>Writes what is owned of a value; false when nothing is.</summary>
    private bool Value(ApplySchema schema, TapeValue before, TapeValue after, bool isPinned)
    {
        ApplyShape shape = ApplyValues.ShapeOf(schema, after);
        bool isNew = before.IsAbsent;
        if (!isNew && ApplyValues.SameBytes(before, after)) return false;
        if (!isNew && ApplyValues.ShapeOf(schema, before) != shape)
        {
            _isOdd = true;
            return false;
        }
        if (ApplyValues.IsLeaf(schema, shape) || (ApplyValues.IsEmpty(before) && ApplyValues.IsEmpty(after)))
            return !isPinned && (isNew || !before.DeepEquals(after)) && Leaf();

        bool isMember = isNew && !isPinned;
        _to.Open((byte)'{');
        if (isMember) _to.Append("\".\":{}"u8);
        int inner = _to.Length;
        if (shape == ApplyShape.Map) Map(schema, before, after, FieldFilter.None);
        else List(schema, before, after);
        if (_to.Length == inner && !isMember) return false;
        // Alone, a member is told without the dot.
        if (_to.Length == inner) _to.Truncate(inner - "\".\":{}".Length);
        _to.Close((byte)'}');
        return true;
    }

    private bool Leaf()
    {
        _to.Append("{}"u8);
        return true;
    }

    private void Map(ApplySchema schema, TapeValue before, TapeValue after, FieldFilter filter)
    {
        if (after.Kind != JsonValueKind.Object) return;
        int start = _steps.Count;
        int place = 0;
        ApplyValues.Properties known = new(before);
        foreach (TapeValue property in after)
        {
            ApplyField? field = ApplyValues.FieldOf(schema, property, ref place);
            if (field is { IsStripped: true }) continue;
            PathElement element = field?.Element ?? RecentElements.Field(property);
            if (filter.TakesOut(element)) continue;
            _steps.Add(new Step(element, field?.Schema ?? schema.Element ?? ApplySchema.Deduced, known.Find(property), property)
            {
                IsPinned = field is { IsPinned: true },
            });
        }
        Items(start);
    }

    private void List(ApplySchema schema, TapeValue before, TapeValue after)
    {
        // Objects without any value have no lists with elements.
        _isOdd |= before.Count > 0;
        if (after.Kind != JsonValueKind.Array) return;
        int start = _steps.Count;
        foreach (TapeValue item in after)
        {
            if (RecentElements.Of(schema, item) is { } element) _steps.Add(new Step(element, schema.Element ?? ApplySchema.Deduced, default, item));
        }
        Items(start);
    }

    /// <summary>Writes the children from a place on, in order; what stands twice is owned together.</summary>
    private void Items(int start)
    {
        Sort(start);
        int end = _steps.Count;
        for (int i = start; i < end; i++)
        {
            Step step = _steps[i];
            int next = i + 1;
            while (next < end && _steps[next].Element.CompareTo(step.Element) == 0) next++;
            Item(next > i + 1 ? step with { IsRepeated = true } : step, step.IsPinned);
            i = next - 1;
        }
        _steps.RemoveRange(start, _steps.Count - start);
    }

    private void Sort(int start)
    {
        const int few = 24;
        int end = _steps.Count;
        if (end - start > few)
        {
            _steps.Sort(start, end - start, Order.Instance);
            return;
        }
        for (int i = start + 1; i < end; i++)
        {
            if (_steps[i - 1].Element.CompareTo(_steps[i].Element) <= 0) continue;
            Step step = _steps[i];
            int at = i;
            for (; at > start && _steps[at - 1].Element.CompareTo(step.Element) > 0; at--) _steps[at] = _steps[at - 1];
            _steps[at] = step;
        }
    }

    private readonly record struct Step(PathElement Element, ApplySchema Schema, TapeValue Before, TapeValue After)
    {
        public bool IsPinned { get; init; }

        public bool IsRepeated { get; init; }
    }

    private sealed class Order : IComparer<Step>
    {
        public static readonly Order Instance = new();

        public int Compare(Step x, Step y) => x.Element.CompareTo(y.Element);
    }
}
