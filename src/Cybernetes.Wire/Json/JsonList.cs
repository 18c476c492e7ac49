using System.Collections;
using System.Text;
using System.Text.Json;

namespace Cybernetes.Wire;

/// <summary>A JSON array.</summary>
public sealed class JsonList : JsonTree, IList<JsonTree>
{
    private readonly List<JsonTree> _items;

    public JsonList() => _items = [];

    public JsonList(IEnumerable<JsonTree> items) => _items = [.. items];

    public int Count => _items.Count;

    public bool IsReadOnly => false;

    public override string GoKind => "array";

    public JsonTree this[int index]
    {
        get => _items[index];
        set => _items[index] = value;
    }

    public void Add(JsonTree item) => _items.Add(item);

    public void Insert(int index, JsonTree item) => _items.Insert(index, item);

    public void RemoveAt(int index) => _items.RemoveAt(index);

    public int RemoveAll(Predicate<JsonTree> match) => _items.RemoveAll(match);

    public void Clear() => _items.Clear();

    public int IndexOf(JsonTree item) => _items.FindIndex(item.DeepEquals);

    public bool Contains(JsonTree item) => IndexOf(item) >= 0;

    public bool Remove(JsonTree item)
    {
        int index = IndexOf(item);
        if (index >= 0) _items.RemoveAt(index);
        return index >= 0;
    }

    public void CopyTo(JsonTree[] array, int arrayIndex) => _items.CopyTo(array, arrayIndex);

    public IEnumerator<JsonTree> GetEnumerator() => _items.GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    public override void WriteJson(Utf8JsonWriter writer)
    {
        writer.WriteStartArray();
        foreach (JsonTree item in _items) item.WriteJson(writer);
        writer.WriteEndArray();
    }

    public override JsonTree DeepClone()
    {
        JsonList clone = [];
        foreach (JsonTree item in _items) clone._items.Add(item.DeepClone());
        return clone;
    }

    public override bool DeepEquals(JsonTree? other)
    {
        if (other is not JsonList list || list.Count != Count) return false;
        for (int i = 0; i < Count; i++)
        {
            if (!_items[i].DeepEquals(list[i])) return false;
        }
        return true;
    }

    internal override void AppendGo(StringBuilder builder)
    {
        builder.Append('[');
        for (int i = 0; i < Count; i++)
        {
            if (i > 0) builder.Append(' ');
            _items[i].AppendGo(builder);
        }
        builder.Append(']');
    }
}
