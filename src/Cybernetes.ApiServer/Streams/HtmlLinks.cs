using System.Text;

namespace Cybernetes.ApiServer.Streams;

/// <summary>Rewrites the links of an HTML page: the values of those attributes that hold a URL (HTML standard, index of attributes).</summary>
internal static class HtmlLinks
{
    private static readonly Dictionary<string, string[]> s_attributes = new(StringComparer.OrdinalIgnoreCase)
    {
        ["a"] = ["href"], ["applet"] = ["codebase"], ["area"] = ["href"], ["audio"] = ["src"], ["base"] = ["href"], ["blockquote"] = ["cite"],
        ["body"] = ["background"], ["button"] = ["formaction"], ["command"] = ["icon"], ["del"] = ["cite"], ["embed"] = ["src"],
        ["form"] = ["action"], ["frame"] = ["longdesc", "src"], ["head"] = ["profile"], ["html"] = ["manifest"], ["iframe"] = ["longdesc", "src"],
        ["img"] = ["longdesc", "src", "usemap"], ["input"] = ["src", "usemap", "formaction"], ["ins"] = ["cite"], ["link"] = ["href"],
        ["object"] = ["classid", "codebase", "data", "usemap"], ["q"] = ["cite"], ["script"] = ["src"], ["source"] = ["src"],
        ["video"] = ["poster", "src"],
    };

    /// <summary>The page with each link as <paramref name="rewrite"/> has it. Never fails: what is no tag stays as it is.</summary>
    public static string Rewrite(string page, Func<string, string> rewrite)
    {
        var result = new StringBuilder(page.Length + 256);
        var at = 0;
        while (at < page.Length)
        {
            var open = page.IndexOf('<', at);
            if (open < 0)
                break;
            result.Append(page, at, open - at);
            at = page.AsSpan(open).StartsWith("<!--") ? Copy(page, open, EndOf(page, "-->", open), result) : Tag(page, open, rewrite, result);
        }
        return result.Append(page, Math.Min(at, page.Length), page.Length - Math.Min(at, page.Length)).ToString();
    }

    private static int Copy(string page, int from, int to, StringBuilder result)
    {
        result.Append(page, from, to - from);
        return to;
    }

    private static int EndOf(string page, string mark, int from)
    {
        var found = page.IndexOf(mark, from, StringComparison.OrdinalIgnoreCase);
        return found < 0 ? page.Length : found + mark.Length;
    }

    private static int Tag(string page, int open, Func<string, string> rewrite, StringBuilder result)
    {
        var end = open + 1;
        while (end < page.Length && char.IsAsciiLetterOrDigit(page[end]))
            end++;
        var name = page[(open + 1)..end];
        var at = Copy(page, open, end, result);
        if (name.Length == 0)
            return at;
        var links = s_attributes.GetValueOrDefault(name) ?? [];
        while (at < page.Length && page[at] != '>')
            at = Attribute(page, at, links, rewrite, result);

        // The text of these is no HTML.
        return name.ToLowerInvariant() is "script" or "style" or "textarea" or "title" ? Copy(page, at, TextEnd(page, name, at), result) : at;
    }

    private static int TextEnd(string page, string name, int from)
    {
        var found = page.IndexOf("</" + name, from, StringComparison.OrdinalIgnoreCase);
        return found < 0 ? page.Length : found;
    }

    /// <summary>Copies one attribute, or one character between attributes.</summary>
    private static int Attribute(string page, int at, string[] links, Func<string, string> rewrite, StringBuilder result)
    {
        var start = at;
        while (at < page.Length && !char.IsWhiteSpace(page[at]) && page[at] is not ('=' or '>' or '/'))
            at++;
        if (at == start)
            return Copy(page, start, start + 1, result);
        var name = page[start..at];
        var value = at;
        while (value < page.Length && char.IsWhiteSpace(page[value]))
            value++;
        if (value >= page.Length || page[value] != '=')
            return Copy(page, start, at, result);
        value++;
        while (value < page.Length && char.IsWhiteSpace(page[value]))
            value++;
        var quote = value < page.Length && page[value] is '"' or '\'' ? page[value++] : '\0';
        var end = value;
        while (end < page.Length && (quote == '\0' ? !char.IsWhiteSpace(page[end]) && page[end] != '>' : page[end] != quote))
            end++;
        result.Append(page, start, value - start);
        var url = page[value..end];
        result.Append(links.Contains(name, StringComparer.OrdinalIgnoreCase) ? rewrite(url) : url);
        return end < page.Length && quote != '\0' ? Copy(page, end, end + 1, result) : end;
    }
}
