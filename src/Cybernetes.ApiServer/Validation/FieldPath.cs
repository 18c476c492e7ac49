using System.Globalization;
using System.Text;

namespace Cybernetes.ApiServer.Validation;

/// <summary>
/// Where in an object a value stands: <c>spec.containers[0].env["A"]</c>. Immutable and cheap: a link to its parent; text is made only
/// when an error names it.
/// </summary>
public sealed class FieldPath
{
    private readonly FieldPath? _parent;
    private readonly string? _name;
    private readonly int _index;
    private readonly bool _isKey;

    private FieldPath(FieldPath? parent, string? name, int index, bool isKey)
    {
        _parent = parent;
        _name = name;
        _index = index;
        _isKey = isKey;
    }

    /// <summary>The path <c>metadata</c>.</summary>
    public static readonly FieldPath Metadata = Of("metadata");

    /// <summary>The path <c>spec</c>.</summary>
    public static readonly FieldPath Spec = Of("spec");

    /// <summary>The path <c>status</c>.</summary>
    public static readonly FieldPath Status = Of("status");

    /// <summary>A path of one field.</summary>
    public static FieldPath Of(string name) => new(null, name, -1, false);

    /// <summary>A field of this value.</summary>
    public FieldPath Child(string name) => new(this, name, -1, false);

    /// <summary>A field of a field of this value.</summary>
    public FieldPath Child(string name, string deeper) => Child(name).Child(deeper);

    /// <summary>An item of this list.</summary>
    public FieldPath Index(int index) => new(this, null, index, false);

    /// <summary>An entry of this map.</summary>
    public FieldPath Key(string key) => new(this, key, -1, true);

    /// <inheritdoc/>
    public override string ToString()
    {
        var builder = new StringBuilder();
        Append(builder);
        return builder.ToString();
    }

    private void Append(StringBuilder builder)
    {
        _parent?.Append(builder);
        if (_isKey)
            builder.Append('[').Append(_name).Append(']');
        else if (_name is null)
            builder.Append('[').Append(_index.ToString(CultureInfo.InvariantCulture)).Append(']');
        else if (builder.Length > 0)
            builder.Append('.').Append(_name);
        else
            builder.Append(_name);
    }
}
