using System.Text.Json;
using Cybernetes.Objects;
using Cybernetes.Objects.Schema;

namespace Cybernetes.ApiServer.Registry;

/// <summary>
/// A structure as upstream's errors print it: its validation sees internal Go types, which have no JSON names, so their JSON bears the Go names
/// and leaves nothing out. Types of meta/v1 keep their JSON names.
/// </summary>
internal static class GoNamedJson
{
    private const string KeepsNames = "meta/v1.";

    /// <summary>The value for an error; <paramref name="type"/> is its facts' name, such as <c>core/v1.VolumeNodeAffinity</c>.</summary>
    public static object Of(IJsonWritable? value, string type)
    {
        if (value is null)
            return "null"; // upstream quotes it
        using var document = JsonDocument.Parse(FieldChecks.JsonValue.Of(value.WriteJson).ToString());
        return FieldChecks.JsonValue.Of(writer => WriteStruct(writer, document.RootElement, type));
    }

    private static void WriteStruct(Utf8JsonWriter writer, JsonElement value, string type)
    {
        if (type.StartsWith(KeepsNames, StringComparison.Ordinal) && value.ValueKind == JsonValueKind.Object)
        {
            value.WriteTo(writer);
            return;
        }
        writer.WriteStartObject();
        foreach (var field in SchemaFacts.FieldsOf(SchemaFacts.Type(type)))
        {
            writer.WritePropertyName(field.Name);
            var given = value.ValueKind == JsonValueKind.Object && value.TryGetProperty(field.JsonName, out var found) ? found : default;
            Write(writer, given, field.Type);
        }
        writer.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter writer, JsonElement value, TypeReference type)
    {
        if (value.ValueKind is JsonValueKind.Undefined or JsonValueKind.Null)
        {
            WriteZero(writer, type);
            return;
        }
        switch (type.Shape)
        {
            case TypeShape.Struct:
                WriteStruct(writer, value, type.StructName!);
                break;
            case TypeShape.List:
                writer.WriteStartArray();
                foreach (var item in value.EnumerateArray())
                    Write(writer, item, type.Element!);
                writer.WriteEndArray();
                break;
            case TypeShape.Map:
                writer.WriteStartObject();
                foreach (var item in value.EnumerateObject())
                {
                    writer.WritePropertyName(item.Name);
                    Write(writer, item.Value, type.Element!);
                }
                writer.WriteEndObject();
                break;
            default:
                value.WriteTo(writer);
                break;
        }
    }

    private static void WriteZero(Utf8JsonWriter writer, TypeReference type)
    {
        switch (type.Shape)
        {
            case TypeShape.Struct when !type.Pointer:
                WriteStruct(writer, default, type.StructName!);
                break;
            case TypeShape.String when !type.Pointer:
                writer.WriteStringValue("");
                break;
            case TypeShape.Boolean when !type.Pointer:
                writer.WriteBooleanValue(false);
                break;
            case TypeShape.Int32 or TypeShape.Int64 or TypeShape.Double or TypeShape.IntOrString when !type.Pointer:
                writer.WriteNumberValue(0);
                break;
            case TypeShape.Quantity when !type.Pointer:
                writer.WriteStringValue("0");
                break;
            default:
                writer.WriteNullValue();
                break;
        }
    }
}
