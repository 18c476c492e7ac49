using System.Text;
using System.Text.Json;
using Cybernetes.Objects;

namespace Cybernetes.Wire;

/// <summary>
/// The annotation by which kubectl's client-side apply remembers what it applied. Moving to server-side apply, its fields are kubectl's own; moving
/// back, the annotation is found up to date.
/// </summary>
internal static class LastApplied
{
    private const string Annotation = "kubectl.kubernetes.io/last-applied-configuration";
    private const int MaximumAnnotationsBytes = 256 * 1024;

    /// <summary>The fields that client-side apply set last and that are still as it set them; none without a usable annotation.</summary>
    public static FieldSet Owned(TapeValue live, FieldWrite write)
    {
        if (Read(live) is not { Length: > 0 } text) return FieldSet.Empty;
        JsonTape last;
        try
        {
            last = JsonTape.Parse(Encoding.UTF8.GetBytes(text));
        }
        catch (JsonException)
        {
            // An annotation of anyone's making: then no conflict is settled by it.
            return FieldSet.Empty;
        }
        using (last)
        {
            TapeValue root = last.Root;
            TapeValue version = root.Find("apiVersion"u8);
            bool fits = version.Kind == JsonValueKind.String && version.Text == write.ApiVersion && AppliedCheck.Problem(root, write.Schema) is null;
            if (!fits) return FieldSet.Empty;
            FieldComparison change = FieldComparison.Of(root, live, write.Schema);
            return AppliedFields.Of(root, write.Schema).Difference(change.Modified).Difference(change.Added).Difference(change.Removed);
        }
    }

    /// <summary>The object with the annotation, if it has one, renewed by an applied configuration.</summary>
    public static ReadOnlyMemory<byte> Renew(ReadOnlyMemory<byte> json, TapeValue configuration)
    {
        if (json.Span.IndexOf("kubectl.kubernetes.io/last-applied-configuration"u8) < 0) return json;
        JsonMap document = JsonTree.ParseMap(json.Span);
        if (document.Map("metadata")?.Map("annotations") is not { } annotations || !annotations.ContainsKey(Annotation)) return json;
        JsonMap applied = JsonTree.ParseMap(configuration.Raw);
        applied.Map("metadata")?.Map("annotations")?.Remove(Annotation);
        StringBuilder text = new();
        WriteSorted(text, applied);
        annotations[Annotation] = JsonScalar.Of(text.Append('\n').ToString());
        int bytes = annotations.Sum(entry => Encoding.UTF8.GetByteCount(entry.Key) + Encoding.UTF8.GetByteCount(entry.Value.AsString ?? ""));
        if (bytes > MaximumAnnotationsBytes) annotations.Remove(Annotation);
        return document.ToUtf8();
    }

    private static string? Read(TapeValue live) =>
        live.Find("metadata"u8).Find("annotations"u8).Find("kubectl.kubernetes.io/last-applied-configuration"u8) is { Kind: JsonValueKind.String } text
            ? text.Text
            : null;

    /// <summary>JSON as Go writes a map: sorted keys, and <c>&lt; &gt; &amp;</c> escaped.</summary>
    private static void WriteSorted(StringBuilder text, JsonTree value)
    {
        switch (value)
        {
            case JsonMap map:
                text.Append('{');
                string comma = "";
                foreach ((string key, JsonTree child) in map.OrderBy(entry => entry.Key, StringComparer.Ordinal))
                {
                    text.Append(comma).Append(Escaped(JsonScalar.Of(key))).Append(':');
                    WriteSorted(text, child);
                    comma = ",";
                }
                text.Append('}');
                break;
            case JsonList list:
                text.Append('[');
                for (int i = 0; i < list.Count; i++)
                {
                    if (i > 0) text.Append(',');
                    WriteSorted(text, list[i]);
                }
                text.Append(']');
                break;
            default:
                text.Append(Escaped(value));
                break;
        }
    }

    private static string Escaped(JsonTree scalar) => scalar.ToString().Replace("<", "\\u003c").Replace(">", "\\u003e").Replace("&", "\\u0026");
}
