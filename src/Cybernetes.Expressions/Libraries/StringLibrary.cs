using System.Globalization;
using System.Text;

namespace Cybernetes.Expressions.Libraries;

/// <summary>The language's own string functions and the strings extension, version 2.</summary>
internal static class StringLibrary
{
    public static void AddTo(FunctionTable table)
    {
        var (text, number) = (CelType.String, CelType.Int);
        table.Member("contains", [text, text], CelType.Bool, a => CelBool.Of(Text(a[0]).Contains(Text(a[1]), StringComparison.Ordinal)), Costs.Contains);
        table.Member("startsWith", [text, text], CelType.Bool, a => CelBool.Of(Text(a[0]).StartsWith(Text(a[1]), StringComparison.Ordinal)), Costs.First);
        table.Member("endsWith", [text, text], CelType.Bool, a => CelBool.Of(Text(a[0]).EndsWith(Text(a[1]), StringComparison.Ordinal)), Costs.First);
        table.Member("charAt", [text, number], text, CharAt);
        table.Member("indexOf", [text, text], number, a => IndexOf(Text(a[0]), Text(a[1]), 0), Costs.First);
        table.Member("indexOf", [text, text, number], number, a => IndexOf(Text(a[0]), Text(a[1]), Number(a[2])), Costs.First);
        table.Member("lastIndexOf", [text, text], number, a => LastIndexOf(Text(a[0]), Text(a[1]), null), Costs.First);
        table.Member("lastIndexOf", [text, text, number], number, a => LastIndexOf(Text(a[0]), Text(a[1]), Number(a[2])), Costs.First);
        table.Member("lowerAscii", [text], text, a => new CelString(Ascii(Text(a[0]), char.ToLowerInvariant)), Costs.First);
        table.Member("upperAscii", [text], text, a => new CelString(Ascii(Text(a[0]), char.ToUpperInvariant)), Costs.First);
        table.Member("trim", [text], text, a => new CelString(Text(a[0]).Trim()), Costs.First);
        table.Member("reverse", [text], text, a => new CelString(CodePoints.Reverse(Text(a[0]))), Costs.First);
        table.Member("replace", [text, text, text], text, a => new CelString(Replace(Text(a[0]), Text(a[1]), Text(a[2]), -1)), Costs.FirstTwice);
        table.Member(
            "replace", [text, text, text, number], text, a => new CelString(Replace(Text(a[0]), Text(a[1]), Text(a[2]), Number(a[3]))), Costs.FirstTwice);
        table.Member("split", [text, text], CelType.List(text), a => Split(Text(a[0]), Text(a[1]), -1), Costs.FirstTwice);
        table.Member("split", [text, text, number], CelType.List(text), a => Split(Text(a[0]), Text(a[1]), Number(a[2])), Costs.FirstTwice);
        table.Member("substring", [text, number], text, a => Substring(Text(a[0]), Number(a[1]), null), Costs.First);
        table.Member("substring", [text, number, number], text, a => Substring(Text(a[0]), Number(a[1]), Number(a[2])), Costs.First);
        table.Member("join", [CelType.List(text)], text, a => Join((CelList)a[0], ""), Costs.ResultTwice);
        table.Member("join", [CelType.List(text), text], text, a => Join((CelList)a[0], Text(a[1])), Costs.ResultTwice);
        table.Global("strings.quote", [text], text, a => new CelString(Quote(Text(a[0]))), Costs.First);
        table.Global("jsonpatch.escapeKey", [text], text, a => new CelString(Pointer(Text(a[0]))), Costs.First);
        table.Member("format", [text, CelType.List(CelType.Dyn)], text, a => StringFormatting.Format(Text(a[0]), (CelList)a[1]), Costs.ResultTwice);
    }

    /// <summary>The text in double quotes, with the escapes of the language.</summary>
    internal static string Quote(string text)
    {
        var builder = new StringBuilder("\"");
        foreach (var c in text)
        {
            var escape = c switch
            {
                '\a' => 'a',
                '\b' => 'b',
                '\f' => 'f',
                '\n' => 'n',
                '\r' => 'r',
                '\t' => 't',
                '\v' => 'v',
                '\\' => '\\',
                '"' => '"',
                _ => '\0',
            };
            if (escape == '\0') builder.Append(c);
            else builder.Append('\\').Append(escape);
        }
        return builder.Append('"').ToString();
    }

    /// <summary>A key as one step of a JSON pointer (RFC 6901).</summary>
    private static string Pointer(string key) => key.Replace("~", "~0", StringComparison.Ordinal).Replace("/", "~1", StringComparison.Ordinal);

    private static string Text(CelValue value) => ((CelString)value).Value;

    private static long Number(CelValue value) => ((CelInt)value).Value;

    private static CelError Range(long index) => new(string.Create(CultureInfo.InvariantCulture, $"index out of range: {index}"));

    private static string Ascii(string text, Func<char, char> map) =>
        string.Create(text.Length, (text, map), static (span, state) =>
        {
            for (var i = 0; i < span.Length; i++) span[i] = char.IsAscii(state.text[i]) ? state.map(state.text[i]) : state.text[i];
        });

    private static CelValue CharAt(CelValue[] arguments)
    {
        var (text, index) = (Text(arguments[0]), Number(arguments[1]));
        var size = CodePoints.Count(text);
        if (index < 0 || index > size) return Range(index);
        if (index == size) return CelString.Empty;
        var at = CodePoints.Offset(text, index);
        return new CelString(text.Substring(at, CodePoints.Width(text, at)));
    }

    private static CelValue IndexOf(string text, string wanted, long from)
    {
        if (wanted.Length == 0 && from == 0) return CelInt.Of(0);
        if (from < 0 || from > CodePoints.Count(text)) return Range(from);
        var at = text.IndexOf(wanted, CodePoints.Offset(text, from), StringComparison.Ordinal);
        return CelInt.Of(at < 0 ? -1 : CodePoints.IndexOf(text, at));
    }

    private static CelValue LastIndexOf(string text, string wanted, long? from)
    {
        var size = CodePoints.Count(text);
        if (from is { } start && (start < 0 || start > size)) return Range(start);
        // The match may begin at the index, not after it.
        var end = from is null ? text.Length : Math.Min(text.Length, CodePoints.Offset(text, from.Value) + wanted.Length);
        var at = text.AsSpan(0, end).LastIndexOf(wanted);
        return CelInt.Of(at < 0 ? -1 : CodePoints.IndexOf(text, at));
    }

    private static string Replace(string text, string old, string with, long limit)
    {
        if (limit == 0 || old == with) return text;
        var builder = new StringBuilder();
        var at = 0;
        for (; limit != 0; limit--)
        {
            var found = text.IndexOf(old, at, StringComparison.Ordinal);
            if (found < 0) break;
            if (old.Length == 0)
            {
                // Between every two characters, and at both ends.
                builder.Append(with);
                if (at >= text.Length) return builder.ToString();
                var width = CodePoints.Width(text, at);
                builder.Append(text, at, width);
                at += width;
                continue;
            }
            builder.Append(text, at, found - at).Append(with);
            at = found + old.Length;
        }
        return builder.Append(text, at, text.Length - at).ToString();
    }

    private static CelList Split(string text, string separator, long limit)
    {
        if (limit == 0) return CelList.Empty;
        var count = limit < 0 ? int.MaxValue : (int)Math.Min(limit, int.MaxValue);
        if (separator.Length > 0) return CelList.Of([.. text.Split(separator, count).Select(s => new CelString(s))]);
        var parts = new List<CelValue>();
        for (var at = 0; at < text.Length;)
        {
            var width = parts.Count == count - 1 ? text.Length - at : CodePoints.Width(text, at);
            parts.Add(new CelString(text.Substring(at, width)));
            at += width;
        }
        return CelList.Of(parts);
    }

    private static CelValue Substring(string text, long start, long? end)
    {
        var size = CodePoints.Count(text);
        if (end is { } last)
        {
            if (start > last) return new CelError(string.Create(CultureInfo.InvariantCulture, $"invalid substring range. start: {start}, end: {last}"));
            if (last > size || last < 0) return Range(last);
        }
        if (start < 0 || start > size) return Range(start);
        var from = CodePoints.Offset(text, start);
        return new CelString(text[from..(end is null ? text.Length : CodePoints.Offset(text, end.Value))]);
    }

    private static CelValue Join(CelList list, string separator)
    {
        var parts = new List<string>(list.Count);
        foreach (var element in list.Elements())
        {
            if (element is not CelString text) return CelError.NoSuchOverload;
            parts.Add(text.Value);
        }
        return new CelString(string.Join(separator, parts));
    }
}
