using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace Cybernetes.Expressions.Libraries;

/// <summary>
/// Rewrites RE2 patterns for .NET: Perl classes mean ASCII, $ means the end and no line before it, named groups and POSIX classes are spelled
/// differently. What RE2 does not know is refused.
/// </summary>
internal static class Re2Pattern
{
    private static readonly Dictionary<string, string> s_posix = new(StringComparer.Ordinal)
    {
        ["alnum"] = "0-9A-Za-z",
        ["alpha"] = "A-Za-z",
        ["ascii"] = "\\x00-\\x7F",
        ["blank"] = "\\t ",
        ["cntrl"] = "\\x00-\\x1F\\x7F",
        ["digit"] = "0-9",
        ["graph"] = "!-~",
        ["lower"] = "a-z",
        ["print"] = " -~",
        ["punct"] = "!-/:-@\\[-`{-~",
        ["space"] = "\\t\\n\\v\\f\\r ",
        ["upper"] = "A-Z",
        ["word"] = "0-9A-Za-z_",
        ["xdigit"] = "0-9A-Fa-f",
    };

    /// <summary>Null where the pattern is no RE2.</summary>
    public static string? Translate(string pattern)
    {
        var output = new StringBuilder(pattern.Length + 8);
        for (var at = 0; at < pattern.Length;)
        {
            var c = pattern[at];
            if (c == '\\')
            {
                if (!Escape(pattern, ref at, output, inClass: false)) return null;
            }
            else if (c == '[')
            {
                if (!Class(pattern, ref at, output)) return null;
            }
            else if (c == '(' && at + 2 < pattern.Length && pattern[at + 1] == '?')
            {
                if (!Group(pattern, ref at, output)) return null;
            }
            else
            {
                output.Append(c == '$' && !pattern.Contains("(?m", StringComparison.Ordinal) ? "\\z" : c == '#' ? "\\#" : c.ToString());
                at++;
            }
        }
        return output.ToString();
    }

    private static bool Group(string pattern, ref int at, StringBuilder output)
    {
        var named = string.CompareOrdinal(pattern, at, "(?P<", 0, 4) == 0;
        if (named || (string.CompareOrdinal(pattern, at, "(?<", 0, 3) == 0 && at + 3 < pattern.Length && pattern[at + 3] is not ('=' or '!')))
        {
            output.Append("(?<");
            at += named ? 4 : 3;
            return true;
        }
        var end = at + 2;
        while (end < pattern.Length && pattern[end] is 'i' or 'm' or 's' or 'U' or '-') end++;
        if (end >= pattern.Length || pattern[end] is not (':' or ')') || pattern.AsSpan(at, end - at).Contains('U')) return false;
        output.Append(pattern, at, end - at + 1);
        at = end + 1;
        return true;
    }

    private static bool Class(string pattern, ref int at, StringBuilder output)
    {
        output.Append('[');
        at++;
        if (at < pattern.Length && pattern[at] == '^')
        {
            output.Append('^');
            at++;
        }
        var first = true;
        while (at < pattern.Length && (pattern[at] != ']' || first))
        {
            first = false;
            if (pattern[at] == '\\')
            {
                if (!Escape(pattern, ref at, output, inClass: true)) return false;
            }
            else if (string.CompareOrdinal(pattern, at, "[:", 0, 2) == 0 && pattern.IndexOf(":]", at, StringComparison.Ordinal) is var end and > 0)
            {
                if (!s_posix.TryGetValue(pattern[(at + 2)..end], out var set)) return false;
                output.Append(set);
                at = end + 2;
            }
            else
            {
                if (pattern[at] is '[' or ']') output.Append('\\');
                output.Append(pattern[at++]);
            }
        }
        if (at >= pattern.Length) return false;
        output.Append(']');
        at++;
        return true;
    }

    private static bool Escape(string pattern, ref int at, StringBuilder output, bool inClass)
    {
        if (at + 1 >= pattern.Length) return false;
        var c = pattern[at + 1];
        at += 2;
        switch (c)
        {
            case 'd' or 's' or 'w':
                var set = c == 'd' ? "0-9" : c == 's' ? "\\t\\n\\f\\r " : "0-9A-Za-z_";
                output.Append(inClass ? set : $"[{set}]");
                return true;
            case 'D' or 'S' or 'W' when !inClass:
                output.Append(c == 'D' ? "[^0-9]" : c == 'S' ? "[^\\t\\n\\f\\r ]" : "[^0-9A-Za-z_]");
                return true;
            case 'Q' when !inClass:
                var end = pattern.IndexOf("\\E", at, StringComparison.Ordinal);
                var literal = end < 0 ? pattern[at..] : pattern[at..end];
                output.Append(Regex.Escape(literal));
                at = end < 0 ? pattern.Length : end + 2;
                return true;
            case 'x' when at < pattern.Length && pattern[at] == '{':
                return Hex(pattern, ref at, output);
            case >= '1' and <= '9' or 'Z' or 'G' or 'k' or 'e' or 'c':
                return false;
            default:
                // The rest (\n, \., \pL, \b, \z, \x41) means the same in both; letters that mean nothing are refused by .NET.
                output.Append('\\').Append(c);
                return true;
        }
    }

    private static bool Hex(string pattern, ref int at, StringBuilder output)
    {
        var end = pattern.IndexOf('}', at);
        if (end < 0) return false;
        var digits = pattern.AsSpan(at + 1, end - at - 1);
        if (!int.TryParse(digits, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var code) || !Rune.IsValid(code)) return false;
        output.Append(Regex.Escape(new Rune(code).ToString()));
        at = end + 1;
        return true;
    }
}
