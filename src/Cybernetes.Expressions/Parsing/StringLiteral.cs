using System.Globalization;
using System.Text;

namespace Cybernetes.Expressions.Parsing;

/// <summary>Reads string and bytes literals: four quotes, raw and bytes prefixes, escapes.</summary>
internal static class StringLiteral
{
    internal readonly record struct Result(CelValue? Value, int End, string? Error);

    /// <summary>Whether a literal, with its prefix, begins here.</summary>
    public static bool StartsAt(string text, int at)
    {
        for (var i = 0; i < 3 && at + i < text.Length; i++)
        {
            if (text[at + i] is '"' or '\'') return true;
            if (text[at + i] is not ('r' or 'R' or 'b' or 'B')) return false;
        }
        return false;
    }

    public static Result Read(string text, int start)
    {
        var at = start;
        bool raw = false, bytes = false;
        for (; text[at] is not ('"' or '\''); at++)
        {
            raw |= text[at] is 'r' or 'R';
            bytes |= text[at] is 'b' or 'B';
        }
        var one = text[at];
        var triple = string.CompareOrdinal(text, at, new string(one, 3), 0, 3) == 0;
        var quote = new string(one, triple ? 3 : 1);
        var body = at + quote.Length;
        var end = End(text, body, quote, raw);
        if (end < 0) return new Result(null, 0, $"Syntax error: token recognition error at: '{text[start..]}'");
        var written = text[body..end];
        var after = end + quote.Length;
        if (triple) written = written.Replace("\r\n", "\n", StringComparison.Ordinal).Replace('\r', '\n');
        if (raw) return new Result(bytes ? new CelBytes(Encoding.UTF8.GetBytes(written)) : new CelString(written), after, null);
        return Unescape(written, bytes) is { } value
            ? new Result(value, after, null)
            : new Result(null, 0, $"Syntax error: token recognition error at: '{text[start..Math.Min(text.Length, after)]}'");
    }

    private static int End(string text, int at, string quote, bool raw)
    {
        for (; at < text.Length; at++)
        {
            if (string.CompareOrdinal(text, at, quote, 0, quote.Length) == 0) return at;
            if (text[at] == '\\' && !raw) at++;
            else if (text[at] is '\n' or '\r' && quote.Length == 1) return -1;
        }
        return -1;
    }

    private static CelValue? Unescape(string written, bool bytes)
    {
        if (!written.Contains('\\')) return bytes ? new CelBytes(Encoding.UTF8.GetBytes(written)) : new CelString(written);
        var builder = new StringBuilder();
        var output = new List<byte>();
        for (var at = 0; at < written.Length;)
        {
            if (written[at] != '\\')
            {
                var width = CodePoints.Width(written, at);
                builder.Append(written, at, width);
                if (bytes) output.AddRange(Encoding.UTF8.GetBytes(written.Substring(at, width)));
                at += width;
                continue;
            }
            if (Escape(written, ref at, bytes) is not { } code) return null;
            if (bytes) output.Add((byte)code);
            else if (Rune.IsValid(code)) builder.Append(new Rune(code).ToString());
            else return null;
        }
        return bytes ? new CelBytes(output.ToArray()) : new CelString(builder.ToString());
    }

    /// <summary>The code point (or byte) an escape stands for; null where it is none.</summary>
    private static int? Escape(string text, ref int at, bool bytes)
    {
        if (at + 1 >= text.Length) return null;
        var c = text[at + 1];
        at += 2;
        switch (c)
        {
            case 'a': return 7;
            case 'b': return 8;
            case 'f': return 12;
            case 'n': return 10;
            case 'r': return 13;
            case 't': return 9;
            case 'v': return 11;
            case '\\' or '\'' or '"' or '`' or '?': return c;
            case 'x' or 'X': return Number(text, ref at, 2, NumberStyles.AllowHexSpecifier);
            case 'u' when !bytes: return Number(text, ref at, 4, NumberStyles.AllowHexSpecifier);
            case 'U' when !bytes: return Number(text, ref at, 8, NumberStyles.AllowHexSpecifier);
            case >= '0' and <= '3' when at + 1 < text.Length && text[at] is >= '0' and <= '7' && text[at + 1] is >= '0' and <= '7':
                var value = ((c - '0') << 6) + ((text[at] - '0') << 3) + (text[at + 1] - '0');
                at += 2;
                return value;
            default: return null;
        }
    }

    private static int? Number(string text, ref int at, int digits, NumberStyles style)
    {
        if (at + digits > text.Length || !int.TryParse(text.AsSpan(at, digits), style, CultureInfo.InvariantCulture, out var value)) return null;
        at += digits;
        return value;
    }
}
