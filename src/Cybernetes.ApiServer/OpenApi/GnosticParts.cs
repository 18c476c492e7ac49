using System.Text.Json;
using Cybernetes.Objects;
using Cybernetes.Wire;

namespace Cybernetes.ApiServer.OpenApi;

/// <summary>What gnostic's messages of v2 and v3 have in common.</summary>
internal static class GnosticParts
{
    /// <summary>A Named… message: the name, and the value by the given writer.</summary>
    public static void Named(ProtobufWriter writer, int field, JsonProperty property, Action<ProtobufWriter, JsonElement> value)
    {
        var named = writer.StartMessage(field);
        writer.String(1, property.Name);
        var inner = writer.StartMessage(2);
        value(writer, property.Value);
        writer.EndMessage(inner);
        writer.EndMessage(named);
    }

    /// <summary>Extensions as NamedAny messages, whose value is YAML; JSON is that too.</summary>
    public static void Extensions(ProtobufWriter writer, int field, JsonElement element)
    {
        foreach (var member in element.EnumerateObject())
        {
            if (!member.Name.StartsWith("x-", StringComparison.Ordinal))
                continue;
            var named = writer.StartMessage(field);
            writer.String(1, member.Name);
            Any(writer, 2, member.Value);
            writer.EndMessage(named);
        }
    }

    /// <summary>Any value, as YAML.</summary>
    public static void Any(ProtobufWriter writer, int field, JsonElement value)
    {
        var any = writer.StartMessage(field);
        writer.String(2, value.GetRawText() + "\n");
        writer.EndMessage(any);
    }
}
