using System.Globalization;
using System.Text;

namespace Cybernetes.Objects;

/// <summary>The way from an object's root to one of its fields: <c>spec.containers[0].name</c>. Immutable; share and extend it
/// freely.</summary>
public sealed class FieldPath
{
    private readonly FieldPath? _parent;
    private readonly string _text;
    private readonly int _index;
    private readonly Part _part;

    private FieldPath(FieldPath? parent, Part part, string text, int index)
    {
        _parent = parent;
        _part = part;
        _text = text;
        _index = index;
    }

    private enum Part : byte
    {
        Name,
        Key,
        Index,
    }

    /// <summary>What a missing path prints as, in messages about selectors given without one.</summary>
    public const string None = "<nil>";

    public static FieldPath Of(string name) => new(null, Part.Name, name, 0);

    public static FieldPath Of(string name, string child) => Of(name).Child(child);

    public FieldPath Child(string name) => new(this, Part.Name, name, 0);

    public FieldPath Child(string name, string next) => Child(name).Child(next);

    /// <summary>The element with this number: <c>[3]</c>.</summary>
    public FieldPath Index(int index) => new(this, Part.Index, "", index);

    /// <summary>The map entry with this key: <c>[key]</c>.</summary>
    public FieldPath Key(string key) => new(this, Part.Key, key, 0);

    public override string ToString()
    {
        if (_parent is null && _part == Part.Name) return _text;
        StringBuilder builder = new();
        Append(builder);
        return builder.ToString();
    }

    private void Append(StringBuilder builder)
    {
        _parent?.Append(builder);
        switch (_part)
        {
            case Part.Name:
                if (_parent is not null) builder.Append('.');
                builder.Append(_text);
                break;
            case Part.Key:
                builder.Append('[').Append(_text).Append(']');
                break;
            default:
                builder.Append(CultureInfo.InvariantCulture, $"[{_index}]");
                break;
        }
    }
}
