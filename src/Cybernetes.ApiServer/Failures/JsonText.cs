using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Cybernetes.ApiServer.Failures;

/// <summary>How this room writes JSON: no escaping beyond what JSON demands, no needless validation.</summary>
internal static class JsonText
{
    /// <summary>Options of every writer of an answer or a stored object.</summary>
    public static readonly JsonWriterOptions WriterOptions = new()
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        SkipValidation = true,
    };

    /// <summary>Go's <c>%q</c> of a string: in double quotes, with backslash escapes.</summary>
    public static string Quote(string text)
    {
        var builder = new StringBuilder(text.Length + 2).Append('"');
        foreach (var rune in text.EnumerateRunes())
        {
            switch (rune.Value)
            {
                case '"': builder.Append("\\\""); break;
                case '\\': builder.Append("\\\\"); break;
                case '\a': builder.Append("\\a"); break;
                case '\b': builder.Append("\\b"); break;
                case '\f': builder.Append("\\f"); break;
                case '\n': builder.Append("\\n"); break;
                case '\r': builder.Append("\\r"); break;
                case '\t': builder.Append("\\t"); break;
                case '\v': builder.Append("\\v"); break;
                case < 0x20 or 0x7F: builder.Append("\\x").Append(rune.Value.ToString("x2")); break;
                default: builder.Append(rune.ToString()); break;
            }
        }
        return builder.Append('"').ToString();
    }
}
