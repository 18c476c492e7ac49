using System.Collections;
using System.Diagnostics.CodeAnalysis;
using System.Text;
using System.Text.Json;

namespace Cybernetes.Wire;

/// <summary>A JSON object. Keys keep the order they came in; small maps are searched, large ones indexed.</summary>
public sealed class JsonMap : JsonTree, IEnumerable<KeyValuePair<string, JsonTree>>
{
    private const int IndexFrom = 12;

    private readonly List<KeyValuePair<string, JsonTree>> _entries = [];
    private Dictionary<string, int>? _index;

    public int Count => _entries.Count;

    public override string GoKind => "object";

    public IEnumerable<string> Keys => _entries.Select(entry => entry.Key);

    /// <summary>The value of a key; setting replaces in place or appends.</summary>
    /// <exception cref="KeyNotFoundException">There is no such key to get.</exception>
    public JsonTree this[string key]
    {
        get => TryGet(key, out JsonTree? value) ? value : throw new KeyNotFoundException(key);
        set
        {
            int at = Find(key);
            if (at >= 0) _entries[at] = new(_entries[at].Key, value);
            else Append(key, value);
        }
    }

    public bool TryGet(string key, [NotNullWhen(true)] out JsonTree? value)
    {
        int at = Find(key);
        value = at < 0 ? null : _entries[at].Value;
        return at >= 0;
    }

    /// <summary>The value of a key, or null when there is none.</summary>
    public JsonTree? Get(string key) => TryGet(key, out JsonTree? value) ? value : null;

    /// <summary>The map under a key, or null when there is none or it is something else.</summary>
    public JsonMap? Map(string key) => Get(key) as JsonMap;

    /// <summary>The list under a key, or null when there is none or it is something else.</summary>
    public JsonList? List(string key) => Get(key) as JsonList;

    /// <summary>The string under a key, or null when there is none or it is something else.</summary>
    public string? String(string key) => Get(key)?.AsString;

    public bool ContainsKey(string key) => Find(key) >= 0;

    public bool TryAdd(string key, JsonTree value)
    {
        if (Find(key) >= 0) return false;
        Append(key, value);
        return true;
    }

    public void Add(string key, JsonTree value) => this[key] = value;

    public bool Remove(string key)
    {
        int at = Find(key);
        if (at < 0) return false;
        _entries.RemoveAt(at);
        _index = null;
        return true;
    }

    /// <summary>Removes every entry the predicate picks.</summary>
    public void RemoveAll(Predicate<KeyValuePair<string, JsonTree>> match)
    {
        if (_entries.RemoveAll(match) > 0) _index = null;
    }

    /// <summary>The entries at this moment, safe to walk while the map changes.</summary>
    public KeyValuePair<string, JsonTree>[] Snapshot() => [.. _entries];

    public List<KeyValuePair<string, JsonTree>>.Enumerator GetEnumerator() => _entries.GetEnumerator();

    IEnumerator<KeyValuePair<string, JsonTree>> IEnumerable<KeyValuePair<string, JsonTree>>.GetEnumerator() =>
        _entries.GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => _entries.GetEnumerator();

    public override void WriteJson(Utf8JsonWriter writer)
    {
        writer.WriteStartObject();
        foreach ((string key, JsonTree value) in _entries)
        {
            writer.WritePropertyName(key);
            value.WriteJson(writer);
        }
        writer.WriteEndObject();
    }

    public override JsonTree DeepClone()
    {
        JsonMap clone = [];
        foreach ((string key, JsonTree value) in _entries) clone._entries.Add(new(key, value.DeepClone()));
        return clone;
    }

    public override bool DeepEquals(JsonTree? other)
    {
        if (other is not JsonMap map || map.Count != Count) return false;
        foreach ((string key, JsonTree value) in _entries)
        {
            if (!value.DeepEquals(map.Get(key))) return false;
        }
        return true;
    }

    internal override void AppendGo(StringBuilder builder)
    {
        builder.Append("map[");
        bool first = true;
        foreach ((string key, JsonTree value) in _entries.OrderBy(entry => entry.Key, StringComparer.Ordinal))
        {
            if (!first) builder.Append(' ');
            first = false;
            builder.Append(key).Append(':');
            value.AppendGo(builder);
        }
        builder.Append(']');
    }

    /// <summary>Adds an entry under a key that is not there yet.</summary>
    internal void Append(string key, JsonTree value)
    {
        _index?.Add(key, _entries.Count);
        _entries.Add(new(key, value));
    }

    private int Find(string key)
    {
        if (_entries.Count < IndexFrom)
        {
            for (int i = 0; i < _entries.Count; i++)
            {
                if (string.Equals(_entries[i].Key, key, StringComparison.Ordinal)) return i;
            }
            return -1;
        }
        if (_index is null)
        {
            _index = new Dictionary<string, int>(_entries.Count, StringComparer.Ordinal);
            for (int i = 0; i < _entries.Count; i++) _index[_entries[i].Key] = i;
        }
        return _index.GetValueOrDefault(key, -1);
    }
}
