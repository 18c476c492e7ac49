using System.Text.Json;

namespace Cybernetes.Wire;

/// <summary>The elements of a keyed list or set by what tells them apart. Elements without it are passed over.</summary>
internal sealed class ListIndex
{
    // Up to so many elements are searched one by one.
    private const int IndexFrom = 12;

    private static readonly ListIndex s_empty = new(0);

    private readonly List<Entry> _entries;
    private Dictionary<PathElement, int>? _places;

    private ListIndex(int capacity) => _entries = new List<Entry>(capacity);

    /// <summary>How many different elements there are.</summary>
    public int Count => _entries.Count;

    public static ListIndex Of(ApplySchema schema, TapeValue list)
    {
        if (list.Kind != JsonValueKind.Array || list.Count == 0) return s_empty;
        ListIndex index = new(list.Count);
        foreach (TapeValue item in list)
        {
            if (RecentElements.Of(schema, item) is { } element) index.Add(element, item);
        }
        return index;
    }

    /// <summary>The same of elements whose keys are known.</summary>
    public static ListIndex Of(List<(PathElement Element, TapeValue Value)> items)
    {
        ListIndex index = new(items.Count);
        foreach ((PathElement element, TapeValue value) in items) index.Add(element, value);
        return index;
    }

    /// <summary>What tells the element at a place apart, in the list's order.</summary>
    public PathElement Element(int place) => _entries[place].Element;

    /// <summary>Whether something stands under an element.</summary>
    public bool Contains(PathElement element) => PlaceOf(element) >= 0;

    /// <summary>How often an element stands in the list.</summary>
    public int Times(PathElement element) => PlaceOf(element) is >= 0 and var place ? 1 + (_entries[place].Others?.Count ?? 0) : 0;

    /// <summary>The first value under an element; absent when there is none.</summary>
    public TapeValue First(PathElement element) => PlaceOf(element) is >= 0 and var place ? _entries[place].Value : default;

    /// <summary>The one value under an element; absent when there is none or several.</summary>
    public TapeValue One(PathElement element) =>
        PlaceOf(element) is >= 0 and var place && _entries[place].Others is null ? _entries[place].Value : default;

    /// <summary>Every value under an element.</summary>
    public IEnumerable<TapeValue> All(PathElement element) =>
        PlaceOf(element) is >= 0 and var place ? [_entries[place].Value, .. _entries[place].Others ?? []] : [];

    private int PlaceOf(PathElement element)
    {
        if (_places is not null) return _places.GetValueOrDefault(element, -1);
        for (int i = 0; i < _entries.Count; i++)
        {
            if (_entries[i].Element.CompareTo(element) == 0) return i;
        }
        return -1;
    }

    private void Add(PathElement element, TapeValue item)
    {
        int place = PlaceOf(element);
        if (place >= 0)
        {
            Entry entry = _entries[place];
            _entries[place] = entry with { Others = [.. entry.Others ?? [], item] };
            return;
        }
        _entries.Add(new Entry(element, item, null));
        if (_places is not null) _places[element] = _entries.Count - 1;
        else if (_entries.Count == IndexFrom) _places = _entries.Select((entry, i) => (entry.Element, i)).ToDictionary();
    }

    private readonly record struct Entry(PathElement Element, TapeValue Value, List<TapeValue>? Others);
}
