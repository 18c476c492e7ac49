namespace Cybernetes.Client.Informers;

/// <summary>
/// The place of one object in a store and in all its indexes: a new state of the object is put in here, and no index need hear of it whose values
/// stay.
/// </summary>
internal sealed class ObjectSlot<T>(T value)
    where T : class
{
    public T Value { get; set; } = value;
}

/// <summary>One index: from a value to the objects that have it. Its store's lock guards it.</summary>
internal sealed class ObjectIndex<T>(Func<T, IEnumerable<string>> valuesOf, Func<T, T, bool>? isSame)
    where T : class
{
    private readonly Dictionary<string, HashSet<ObjectSlot<T>>> _slots = new(StringComparer.Ordinal);

    public int Count(string value) => _slots.TryGetValue(value, out HashSet<ObjectSlot<T>>? slots) ? slots.Count : 0;

    public IReadOnlyList<string> Values() => [.. _slots.Keys];

    public IReadOnlyList<T> Find(string value)
    {
        if (!_slots.TryGetValue(value, out HashSet<ObjectSlot<T>>? slots))
            return [];
        var found = new List<T>(slots.Count);
        foreach (ObjectSlot<T> slot in slots)
            found.Add(slot.Value);
        return found;
    }

    public void Add(ObjectSlot<T> slot)
    {
        foreach (string value in valuesOf(slot.Value))
        {
            if (!_slots.TryGetValue(value, out HashSet<ObjectSlot<T>>? slots))
                _slots[value] = slots = [];
            slots.Add(slot);
        }
    }

    /// <param name="slot">With the object's new state.</param>
    /// <param name="old">Its former one.</param>
    public void Change(ObjectSlot<T> slot, T old)
    {
        if (isSame is not null ? isSame(old, slot.Value) : valuesOf(old).SequenceEqual(valuesOf(slot.Value), StringComparer.Ordinal))
            return;
        Remove(slot, old);
        Add(slot);
    }

    public void Remove(ObjectSlot<T> slot, T last)
    {
        foreach (string value in valuesOf(last))
        {
            if (_slots.TryGetValue(value, out HashSet<ObjectSlot<T>>? slots) && slots.Remove(slot) && slots.Count == 0)
                _slots.Remove(value);
        }
    }
}
