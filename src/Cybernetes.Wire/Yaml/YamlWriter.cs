using System.Globalization;
using System.Text;
using Cybernetes.Objects;

namespace Cybernetes.Wire;

/// <summary>
/// JSON into YAML as upstream writes it: keys sorted, lists not indented under their key, strings quoted where they would be read
/// as
/// something else, several lines as a block. Long lines are not folded.
/// </summary>
public static class YamlWriter
{
    /// <summary>The document as UTF-8 YAML with a final line break.</summary>
    /// <exception cref="ObjectDecodeException">The JSON is malformed.</exception>
    public static byte[] FromJson(ReadOnlySpan<byte> json) => Encoding.UTF8.GetBytes(Write(JsonTree.Parse(json)));

    public static string Write(JsonTree tree)
    {
        StringBuilder builder = new();
        switch (tree)
        {
            case JsonMap { Count: > 0 } map:
                WriteMap(builder, map, 0, inList: false);
                break;
            case JsonList { Count: > 0 } list:
                WriteList(builder, list, 0);
                break;
            default:
                WriteInline(builder, tree, 0);
                break;
        }
        return builder.ToString();
    }

    private static void WriteMap(StringBuilder builder, JsonMap map, int indent, bool inList)
    {
        bool first = inList;
        foreach ((string key, JsonTree value) in map.OrderBy(entry => entry.Key, StringComparer.Ordinal))
        {
            // The first key stands behind the dash.
            if (!first) builder.Append(' ', indent);
            first = false;
            WriteString(builder, key, indent, isKey: true);
            builder.Append(':');
            switch (value)
            {
                case JsonMap { Count: > 0 } child:
                    builder.Append('\n');
                    WriteMap(builder, child, indent + 2, inList: false);
                    break;
                case JsonList { Count: > 0 } list:
                    builder.Append('\n');
                    WriteList(builder, list, indent);
                    break;
                default:
                    builder.Append(' ');
                    WriteInline(builder, value, indent);
                    break;
            }
        }
    }

    private static void WriteList(StringBuilder builder, JsonList list, int indent)
    {
        foreach (JsonTree item in list)
        {
            builder.Append(' ', indent).Append("- ");
            WriteItem(builder, item, indent);
        }
    }

    private static void WriteItem(StringBuilder builder, JsonTree item, int indent)
    {
        switch (item)
        {
            case JsonMap { Count: > 0 } map:
                WriteMap(builder, map, indent + 2, inList: true);
                break;
            case JsonList { Count: > 0 } inner:
                for (int i = 0; i < inner.Count; i++)
                {
                    if (i > 0) builder.Append(' ', indent + 2);
                    builder.Append("- ");
                    WriteItem(builder, inner[i], indent + 2);
                }
                break;
            default:
                WriteInline(builder, item, indent);
                break;
        }
    }

    private static void WriteInline(StringBuilder builder, JsonTree value, int indent)
    {
        switch (value)
        {
            case JsonMap:
                builder.Append("{}");
                break;
            case JsonList:
                builder.Append("[]");
                break;
            case JsonScalar { Kind: JsonScalarKind.String } scalar:
                WriteString(builder, scalar.Text, indent, isKey: false);
                break;
            default:
                builder.Append(((JsonScalar)value).Text);
                break;
        }
        builder.Append('\n');
    }

    private static void WriteString(StringBuilder builder, string text, int indent, bool isKey)
    {
        if (!isKey && text.Contains('\n') && CanBeBlock(text))
        {
            WriteBlock(builder, text, indent);
            return;
        }
        bool printable = text.EnumerateRunes().All(IsPrintable);
        if (!printable || YamlScalars.IsAmbiguous(text)) builder.Append(DoubleQuoted(text));
        else if (CanBePlain(text)) builder.Append(text);
        else if (text.Contains('\t')) builder.Append(DoubleQuoted(text));
        else builder.Append('\'').Append(text.Replace("'", "''", StringComparison.Ordinal)).Append('\'');
    }

    private static bool CanBeBlock(string text) =>
        text.Trim('\n').Length > 0 && text[0] != '\n' && text[0] != ' ' && !text.Contains(" \n", StringComparison.Ordinal)
        && text[^1] != ' '
            && text.EnumerateRunes().All(rune => rune.Value == '\n' || (IsPrintable(rune) && rune.Value < 0x10000));

    private static bool IsPrintable(Rune rune) =>
        rune.Value is '\t' or (>= ' ' and <= '~') or (>= 0xA0 and not 0xFEFF and not 0x2028 and not 0x2029);

    private static void WriteBlock(StringBuilder builder, string text, int indent)
    {
        builder.Append('|');
        string body = text;
        if (!text.EndsWith('\n')) builder.Append('-');
        else if (text.EndsWith("\n\n", StringComparison.Ordinal)) builder.Append('+');
        if (body.EndsWith('\n')) body = body[..^1];
        foreach (string line in body.Split('\n'))
        {
            builder.Append('\n');
            if (line.Length > 0) builder.Append(' ', indent + 2).Append(line);
        }
    }

    private static bool CanBePlain(string text)
    {
        if (text.Length == 0 || text[0] is ' ' or '\t' || text[^1] is ' ' or '\t' or ':') return false;
        if ("#,[]{}&*!|>'\"%@`=".Contains(text[0])) return false;
        if (text[0] is '-' or '?' or ':' && (text.Length == 1 || text[1] is ' ' or '\t')) return false;
        if (text is "---" or "..." || text.StartsWith("--- ", StringComparison.Ordinal)
            || text.StartsWith("... ", StringComparison.Ordinal)) return false;
        return !text.Contains('\t') && !text.Contains(": ", StringComparison.Ordinal)
            && !text.Contains(" #", StringComparison.Ordinal);
    }

    private static string DoubleQuoted(string text)
    {
        StringBuilder builder = new("\"", text.Length + 8);
        foreach (Rune rune in text.EnumerateRunes())
        {
            switch (rune.Value)
            {
                case '"': builder.Append("\\\""); break;
                case '\\': builder.Append("\\\\"); break;
                case '\n': builder.Append("\\n"); break;
                case '\r': builder.Append("\\r"); break;
                case '\t': builder.Append("\\t"); break;
                case '\0': builder.Append("\\0"); break;
                case < 0x20 or (>= 0x7F and < 0xA0): builder.Append(CultureInfo.InvariantCulture, $"\\x{rune.Value:X2}"); break;
                case 0xFEFF or 0x2028 or 0x2029: builder.Append(CultureInfo.InvariantCulture, $"\\u{rune.Value:X4}"); break;
                default: builder.Append(rune.ToString()); break;
            }
        }
        return builder.Append('"').ToString();
    }
}
