using Cybernetes.Objects;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace Cybernetes.Wire;

/// <summary>
/// One YAML document's events, and the JSON tree they mean. Anchors are replayed in place; how much they may unfold is bounded as
/// upstream bounds it.
/// </summary>
internal sealed class YamlDocument
{
    private readonly List<ParsingEvent> _events;
    private readonly int[] _ends;
    private readonly Dictionary<string, int> _anchors = new(StringComparer.Ordinal);
    private readonly HashSet<string> _open = new(StringComparer.Ordinal);
    private readonly List<string>? _duplicates;
    private long _decoded;
    private long _aliased;
    private int _aliasDepth;

    /// <param name="events">The content events of the document, without its start and end.</param>
    /// <param name="duplicates">Takes <c>line N: key "a" already set in map</c>; null when they do not matter.</param>
    public YamlDocument(List<ParsingEvent> events, List<string>? duplicates)
    {
        _events = events;
        _duplicates = duplicates;
        _ends = new int[events.Count];
        Stack<int> open = new();
        for (int i = 0; i < events.Count; i++)
        {
            _ends[i] = i;
            if (events[i] is MappingStart or SequenceStart) open.Push(i);
            else if (events[i] is MappingEnd or SequenceEnd) _ends[open.Pop()] = i;
        }
    }

    public JsonTree Read() => _events.Count == 0 ? JsonScalar.Null : Read(0, 0);

    private JsonTree Read(int at, int depth)
    {
        Count();
        if (depth > JsonLimits.MaximumDepth) throw new YamlException("yaml: exceeded max depth of " + JsonLimits.MaximumDepth);
        switch (_events[at])
        {
            case Scalar scalar:
                Remember(scalar, at);
                return Value(scalar);
            case AnchorAlias alias:
                return Follow(alias, depth);
            case SequenceStart sequence:
                Remember(sequence, at);
                return ReadList(sequence, at, depth);
            case MappingStart mapping:
                Remember(mapping, at);
                return ReadMap(mapping, at, depth);
            default:
                throw new YamlException("yaml: unexpected event");
        }
    }

    private JsonList ReadList(NodeEvent start, int at, int depth)
    {
        using Opened opened = new(this, start);
        JsonList list = [];
        for (int i = at + 1; i < _ends[at]; i = _ends[i] + 1) list.Add(Read(i, depth + 1));
        return list;
    }

    private JsonMap ReadMap(NodeEvent start, int at, int depth)
    {
        using Opened opened = new(this, start);
        JsonMap map = [];
        HashSet<string>? own = _duplicates is null ? null : new(StringComparer.Ordinal);
        for (int i = at + 1; i < _ends[at];)
        {
            int valueAt = _ends[i] + 1;
            if (_events[i] is Scalar { Value: "<<", Style: ScalarStyle.Plain, Tag.IsEmpty: true })
            {
                MergeInto(map, valueAt, depth);
            }
            else
            {
                string key = Key(i, depth);
                if (own?.Add(key) == false)
                    _duplicates!.Add($"line {_events[i].Start.Line}: key {GoText.Quote(key)} already set in map");
                map[key] = Read(valueAt, depth + 1);
            }
            i = _ends[valueAt] + 1;
        }
        return map;
    }

    /// <summary>The merge key: a map, or a list of maps of which the first to set a key wins.</summary>
    private void MergeInto(JsonMap map, int at, int depth)
    {
        switch (Read(at, depth + 1))
        {
            case JsonMap source:
                foreach ((string key, JsonTree value) in source) map[key] = value;
                break;
            case JsonList sources when sources.All(source => source is JsonMap):
                foreach (JsonTree source in sources.Reverse())
                {
                    foreach ((string key, JsonTree value) in (JsonMap)source) map[key] = value.DeepClone();
                }
                break;
            default:
                throw new YamlException("yaml: map merge requires map or sequence of maps as the value");
        }
    }

    private string Key(int at, int depth)
    {
        JsonTree key = Read(at, depth + 1);
        return key switch
        {
            JsonScalar { Kind: JsonScalarKind.String or JsonScalarKind.True or JsonScalarKind.False } scalar => scalar.Text,
            JsonScalar { Kind: JsonScalarKind.Number } scalar => YamlScalars.FormatKey(scalar.Text),
            JsonScalar => throw new YamlException(
                "error converting YAML to JSON: unsupported map key of type: %!s(<nil>), key: <nil>, value: <nil>"),
            _ => throw new YamlException($"yaml: invalid map key: {key.ToGo()}"),
        };
    }

    private static JsonScalar Value(Scalar scalar)
    {
        string tag = scalar.Tag.IsEmpty ? "" : scalar.Tag.Value;
        bool plain = scalar.Style == ScalarStyle.Plain;
        JsonScalar value = YamlScalars.Resolve(tag.Length == 0 && !plain ? YamlScalars.StringTag : tag, scalar.Value);
        if (value is { Kind: JsonScalarKind.Number, Text: "NaN" or "+Inf" or "-Inf" })
            throw new YamlException("error converting YAML to JSON: json: unsupported value: " + value.Text);
        return value;
    }

    private JsonTree Follow(AnchorAlias alias, int depth)
    {
        string name = alias.Value.Value;
        if (!_anchors.TryGetValue(name, out int target)) throw new YamlException($"yaml: unknown anchor '{name}' referenced");
        if (_open.Contains(name)) throw new YamlException($"yaml: anchor '{name}' value contains itself");
        _aliasDepth++;
        JsonTree value = Read(target, depth);
        _aliasDepth--;
        return value;
    }

    private void Remember(NodeEvent node, int at)
    {
        if (!node.Anchor.IsEmpty) _anchors[node.Anchor.Value] = at;
    }

    /// <summary>Upstream's bound: the more there is, the smaller the share of it that may come from aliases.</summary>
    private void Count()
    {
        _decoded++;
        if (_aliasDepth > 0) _aliased++;
        if (_aliased <= 100 || _decoded <= 1000) return;
        double allowed =
            _decoded <= 400_000 ? 0.99 : _decoded >= 4_000_000 ? 0.10 : 0.99 - 0.89 * (_decoded - 400_000) / 3_600_000;
        if ((double)_aliased / _decoded > allowed) throw new YamlException("yaml: document contains excessive aliasing");
    }

    /// <summary>Marks an anchored collection as being read, so that it cannot hold itself.</summary>
    private readonly ref struct Opened
    {
        private readonly YamlDocument _document;
        private readonly string? _name;

        public Opened(YamlDocument document, NodeEvent node)
        {
            _document = document;
            _name = node.Anchor.IsEmpty ? null : node.Anchor.Value;
            if (_name is not null && !document._open.Add(_name)) _name = null;
        }

        public void Dispose()
        {
            if (_name is not null) _document._open.Remove(_name);
        }
    }
}
