using System.Buffers;
using System.Text;
using System.Text.Json;

namespace Cybernetes.ApiServer.Registry;

/// <summary>Says in a few lines how two objects differ. Upstream prints a diff of Go values here, whose form it does not promise.</summary>
internal static class ObjectDifference
{
    private const int MaximumLines = 40;

    /// <summary>One line for each field that is gone (-) or new (+), with its path.</summary>
    public static string Of(Action<Utf8JsonWriter> before, Action<Utf8JsonWriter> after)
    {
        using var left = JsonDocument.Parse(Json(before));
        using var right = JsonDocument.Parse(Json(after));
        List<string> lines = [];
        Compare("", left.RootElement, right.RootElement, lines);
        var text = new StringBuilder();
        foreach (var line in lines.Take(MaximumLines))
            text.Append("  ").Append(line).Append('\n');
        if (lines.Count > MaximumLines)
            text.Append("  ...\n");
        return text.ToString();
    }

    private static void Compare(string path, JsonElement left, JsonElement right, List<string> lines)
    {
        if (left.ValueKind == right.ValueKind && left.ValueKind != JsonValueKind.Undefined && JsonElement.DeepEquals(left, right))
            return;
        if (left.ValueKind == JsonValueKind.Object && right.ValueKind == JsonValueKind.Object)
        {
            foreach (var name in left.EnumerateObject().Concat(right.EnumerateObject()).Select(p => p.Name).Distinct(StringComparer.Ordinal))
                Compare(path.Length == 0 ? name : $"{path}.{name}", Member(left, name), Member(right, name), lines);
            return;
        }
        if (left.ValueKind == JsonValueKind.Array && right.ValueKind == JsonValueKind.Array)
        {
            for (var i = 0; i < Math.Max(left.GetArrayLength(), right.GetArrayLength()); i++)
                Compare($"{path}[{i}]", Item(left, i), Item(right, i), lines);
            return;
        }
        if (left.ValueKind != JsonValueKind.Undefined)
            lines.Add($"- {path}: {left.GetRawText()}");
        if (right.ValueKind != JsonValueKind.Undefined)
            lines.Add($"+ {path}: {right.GetRawText()}");
    }

    private static JsonElement Member(JsonElement element, string name) => element.TryGetProperty(name, out var value) ? value : default;

    private static JsonElement Item(JsonElement element, int index) => index < element.GetArrayLength() ? element[index] : default;

    private static ReadOnlyMemory<byte> Json(Action<Utf8JsonWriter> write)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(buffer))
            write(writer);
        return buffer.WrittenMemory;
    }
}
