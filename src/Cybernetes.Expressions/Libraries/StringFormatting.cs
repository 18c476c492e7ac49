using System.Globalization;
using System.Text;

namespace Cybernetes.Expressions.Libraries;

/// <summary>"%s has %d".format([…]): verbs s, d, f, e, b, o, x, X and %%.</summary>
internal static class StringFormatting
{
    private const int DefaultPrecision = 6;
    private const int MaximumPrecision = 1000;

    public static CelValue Format(string format, CelList arguments)
    {
        var builder = new StringBuilder();
        var next = 0;
        for (var at = 0; at < format.Length; at++)
        {
            if (format[at] != '%')
            {
                builder.Append(format[at]);
                continue;
            }
            if (++at >= format.Length) return new CelError("unexpected end of string");
            if (format[at] == '%')
            {
                builder.Append('%');
                continue;
            }
            var precision = DefaultPrecision;
            if (format[at] == '.')
            {
                var digits = at + 1;
                while (digits < format.Length && char.IsAsciiDigit(format[digits])) digits++;
                if (!int.TryParse(format.AsSpan(at + 1, digits - at - 1), NumberStyles.None, CultureInfo.InvariantCulture, out precision)
                    || precision > MaximumPrecision)
                    return new CelError("error while converting precision to integer");
                at = digits;
                if (at >= format.Length) return new CelError("could not find end of precision specifier");
            }
            if (next >= arguments.Count) return new CelError(string.Create(CultureInfo.InvariantCulture, $"index {next} out of range"));
            if (Clause(format[at], arguments[next++], precision) is not { } text)
            {
                return "sdfebxXo".Contains(format[at])
                    ? new CelError($"error during formatting: {Refusal(format[at], arguments[next - 1])}")
                    : new CelError($"could not parse formatting clause: unrecognized formatting clause \"{format[at]}\"");
            }
            builder.Append(text);
        }
        return new CelString(builder.ToString());
    }

    private static string Refusal(char verb, CelValue value) => verb switch
    {
        'd' => $"decimal clause can only be used on integers, was given {value.Type.Name}",
        'f' => $"fixed-point clause can only be used on doubles, was given {value.Type.Name}",
        'e' => $"scientific clause can only be used on doubles, was given {value.Type.Name}",
        'b' => $"only integers and bools can be formatted as binary, was given {value.Type.Name}",
        'o' => $"octal clause can only be used on integers, was given {value.Type.Name}",
        'x' or 'X' => $"only integers, byte buffers, and strings can be formatted as hex, was given {value.Type.Name}",
        _ => "string clause can only be used on strings, bools, bytes, ints, doubles, maps, lists, types, durations, and timestamps, "
            + $"was given {value.Type.Name}",
    };

    private static string? Clause(char verb, CelValue value, int precision) => (verb, value) switch
    {
        ('s', CelError) => null,
        ('s', _) => Text(value),
        ('d', CelInt or CelUint) => CelFormat.Plain(value),
        ('d', CelDouble n) when !double.IsFinite(n.Value) => CelFormat.Plain(value),
        ('f', CelNumber n) => Real(n.AsDouble, "F" + precision.ToString(CultureInfo.InvariantCulture)),
        ('e', CelNumber n) => Exponent(Real(n.AsDouble, "e" + precision.ToString(CultureInfo.InvariantCulture))),
        ('b', CelInt n) => n.Value < 0 ? "-" + Base(Magnitude(n.Value), "b") : Base((ulong)n.Value, "b"),
        ('b', CelUint n) => Base(n.Value, "b"),
        ('b', CelBool b) => b.Value ? "1" : "0",
        ('o', CelInt n) => n.Value < 0 ? "-" + Octal(Magnitude(n.Value)) : Octal((ulong)n.Value),
        ('o', CelUint n) => Octal(n.Value),
        ('x' or 'X', CelInt n) => n.Value < 0 ? "-" + Base(Magnitude(n.Value), verb.ToString()) : Base((ulong)n.Value, verb.ToString()),
        ('x' or 'X', CelUint n) => Base(n.Value, verb.ToString()),
        ('x' or 'X', CelString s) => Hex(Encoding.UTF8.GetBytes(s.Value), verb),
        ('x' or 'X', CelBytes b) => Hex(b.Value.Span, verb),
        _ => null,
    };

    private static ulong Magnitude(long value) => (ulong)-(Int128)value;

    private static string Base(ulong value, string format) => value.ToString(format, CultureInfo.InvariantCulture);

    private static string Hex(ReadOnlySpan<byte> bytes, char verb) => verb == 'X' ? Convert.ToHexString(bytes) : Convert.ToHexStringLower(bytes);

    private static string Octal(ulong value)
    {
        var digits = new StringBuilder();
        do
        {
            digits.Insert(0, (char)('0' + (int)(value & 7)));
            value >>= 3;
        }
        while (value != 0);
        return digits.ToString();
    }

    private static string Real(double value, string format) =>
        double.IsNaN(value) ? "NaN" : double.IsInfinity(value) ? value > 0 ? "Infinity" : "-Infinity" : value.ToString(format, CultureInfo.InvariantCulture);

    /// <summary>Exponents of at least two digits, where .NET writes three.</summary>
    private static string Exponent(string text)
    {
        var at = text.LastIndexOf('e');
        if (at < 0) return text;
        var digits = text[(at + 2)..].TrimStart('0').PadLeft(2, '0');
        return text[..(at + 2)] + digits;
    }

    /// <summary>Strings bare at the top and quoted within collections; map keys in order.</summary>
    private static string Text(CelValue value, bool nested = false) => value switch
    {
        CelString s => nested ? StringLibrary.Quote(s.Value) : s.Value,
        CelBytes b => Encoding.UTF8.GetString(b.Value.Span),
        CelList list => "[" + string.Join(", ", list.Elements().Select(e => Text(e, nested: true))) + "]",
        CelMap map => "{" + string.Join(", ", map.Keys
            .Select(k => (Key: Text(k, nested: true), Value: map.TryGet(k, out var v) ? Text(v, nested: true) : ""))
            .OrderBy(e => e.Key, StringComparer.Ordinal).Select(e => e.Key + ": " + e.Value)) + "}",
        CelDouble n when !double.IsFinite(n.Value) => double.IsNaN(n.Value) ? "NaN" : n.Value > 0 ? "Infinity" : "-Infinity",
        _ => CelFormat.Plain(value),
    };
}
