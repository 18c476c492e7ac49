using System.Globalization;
using System.Text;
using System.Text.Json;
using Cybernetes.Objects;

namespace Cybernetes.Wire;

/// <summary>What a <see cref="JsonScalar"/> is.</summary>
public enum JsonScalarKind
{
    Null,
    False,
    True,
    Number,
    String,
}

/// <summary>A string, number, true, false or null. Immutable.</summary>
public sealed class JsonScalar : JsonTree
{
    private JsonScalar(JsonScalarKind kind, string text)
    {
        Kind = kind;
        Text = text;
    }

    public static JsonScalar Null { get; } = new(JsonScalarKind.Null, "null");

    public static JsonScalar True { get; } = new(JsonScalarKind.True, "true");

    public static JsonScalar False { get; } = new(JsonScalarKind.False, "false");

    public JsonScalarKind Kind { get; }

    /// <summary>The string itself, the number's digits as written, or the word.</summary>
    public string Text { get; }

    public override string GoKind => Kind switch
    {
        JsonScalarKind.Null => "null",
        JsonScalarKind.String => "string",
        JsonScalarKind.Number => "number",
        _ => "bool",
    };

    public static JsonScalar Of(string text) => new(JsonScalarKind.String, text);

    public static JsonScalar Of(long number) => new(JsonScalarKind.Number, number.ToString(CultureInfo.InvariantCulture));

    public static JsonScalar Of(bool flag) => flag ? True : False;

    /// <summary>A number by its JSON digits, which the caller vouches for.</summary>
    public static JsonScalar Number(string digits) => new(JsonScalarKind.Number, digits);

    /// <summary>The whole number this is; false for anything else.</summary>
    public bool TryInt64(out long value)
    {
        value = 0;
        return Kind == JsonScalarKind.Number
            && long.TryParse(Text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out value);
    }

    public override void WriteJson(Utf8JsonWriter writer)
    {
        switch (Kind)
        {
            case JsonScalarKind.String: writer.WriteStringValue(Text); break;
            case JsonScalarKind.Number: writer.WriteRawValue(Text, skipInputValidation: true); break;
            case JsonScalarKind.Null: writer.WriteNullValue(); break;
            default: writer.WriteBooleanValue(Kind == JsonScalarKind.True); break;
        }
    }

    public override JsonTree DeepClone() => this;

    public override bool DeepEquals(JsonTree? other) => other is JsonScalar scalar && scalar.Kind == Kind && scalar.Text == Text;

    internal override void AppendGo(StringBuilder builder) => builder.Append(Kind == JsonScalarKind.Null ? "<nil>" : Text);

    internal static JsonScalar Read(ref Utf8JsonReader reader) => reader.TokenType switch
    {
        JsonTokenType.String => Of(JsonRead.Text(ref reader)),
        JsonTokenType.Number => Number(JsonRead.NumberText(ref reader)),
        JsonTokenType.True => True,
        JsonTokenType.False => False,
        _ => Null,
    };
}
