using System.Globalization;
using System.Text.Json;

namespace Cybernetes.Objects;

/// <summary>A 32-bit whole number or a string: a port number or name, a count or a percentage (intstr.IntOrString). Default: the
/// number 0.</summary>
public readonly struct IntOrString : IEquatable<IntOrString>, IJsonWritable
{
    private readonly string? _text;
    private readonly int _number;

    private IntOrString(int number, string? text)
    {
        _number = number;
        _text = text;
    }

    /// <summary>True when it holds a string.</summary>
    public bool IsString => _text is not null;

    /// <summary>The string, or "" when it holds a number.</summary>
    public string StringValue => _text ?? "";

    /// <summary>The number; of a string its value as a whole number, 0 when it is none.</summary>
    public int IntValue =>
        _text is null ? _number : int.TryParse(_text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture,
            out int value) ? value : 0;

    public static IntOrString FromInt(int number) => new(number, null);

    public static IntOrString FromString(string text) => new(0, text);

    /// <summary>A number where the text is one, else the text.</summary>
    public static IntOrString Parse(string text) =>
        int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out int number)
            ? FromInt(number)
            : FromString(text);

    public static implicit operator IntOrString(int number) => FromInt(number);

    public static implicit operator IntOrString(string text) => FromString(text);

    public static bool operator ==(IntOrString left, IntOrString right) => left.Equals(right);

    public static bool operator !=(IntOrString left, IntOrString right) => !left.Equals(right);

    /// <summary>The number itself, or the percentage of <paramref name="total"/>; null on success, else upstream's error
    /// text.</summary>
    public string? TryScale(int total, bool roundUp, out int value)
    {
        value = _number;
        if (_text is null) return null;
        if (!_text.EndsWith('%')) return "invalid value for IntOrString: invalid type: string is not a percentage";
        string digits = _text[..^1];
        if (!TryAtoi(digits, out long percent, out string reason))
        {
            string parsing = $"strconv.Atoi: parsing {GoText.Quote(digits)}: {reason}";
            return $"invalid value for IntOrString: invalid value {GoText.Quote(_text)}: {parsing}";
        }
        double scaled = (double)percent * total / 100;
        value = (int)(roundUp ? Math.Ceiling(scaled) : Math.Floor(scaled));
        return null;
    }

    /// <summary>As <see cref="TryScale"/>, for values that validation has let through.</summary>
    /// <exception cref="FormatException">A string that is no percentage.</exception>
    public int Scale(int total, bool roundUp) =>
        TryScale(total, roundUp, out int value) is { } error ? throw new FormatException(error) : value;

    /// <summary>Reads a JSON number or string.</summary>
    public static IntOrString ReadJson(ref Utf8JsonReader reader, DecodeContext context) =>
        reader.TokenType == JsonTokenType.String
            ? FromString(JsonRead.String(ref reader, context))
            : FromInt(JsonRead.Int32(ref reader, context));

    /// <summary>Writes a JSON number or string.</summary>
    public void WriteJson(Utf8JsonWriter writer)
    {
        if (_text is null) writer.WriteNumberValue(_number);
        else writer.WriteStringValue(_text);
    }

    public bool Equals(IntOrString other) =>
        _number == other._number && string.Equals(_text, other._text, StringComparison.Ordinal);

    public override bool Equals(object? obj) => obj is IntOrString other && Equals(other);

    public override int GetHashCode() => HashCode.Combine(_number, _text);

    public override string ToString() => _text ?? _number.ToString(CultureInfo.InvariantCulture);

    private static bool TryAtoi(string text, out long value, out string reason)
    {
        reason = "invalid syntax";
        if (long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out value)) return true;
        if (text.AsSpan().TrimStart("+-").Length > 18
            && !text.AsSpan().TrimStart("+-").ContainsAnyExceptInRange('0', '9')) reason = "value out of range";
        return false;
    }
}
