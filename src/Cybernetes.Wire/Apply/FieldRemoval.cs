using System.Buffers;
using System.Text.Json;
using Cybernetes.Objects;

namespace Cybernetes.Wire;

/// <summary>Takes fields out of a document. Maps and lists that lose all they had become null, which decodes as absent.</summary>
internal static class FieldRemoval
{
    /// <summary>The document without these fields.</summary>
    public static byte[] Remove(JsonElement document, FieldSet fields, ApplySchema schema)
    {
        ArrayBufferWriter<byte> buffer = new(4096);
        using (Utf8JsonWriter writer = new(buffer, JsonLimits.WriterOptions)) Write(writer, schema, document, fields);
        return buffer.WrittenSpan.ToArray();
    }

    private static void Write(Utf8JsonWriter writer, ApplySchema schema, JsonElement value, FieldSet fields)
    {
        ApplyShape shape = ApplyValues.ShapeOf(schema, value);
        if (ApplyValues.IsLeaf(schema, shape)) ApplyValues.Copy(writer, value);
        else if (ApplyValues.IsEmpty(value)) writer.WriteNullValue();
        else if (shape == ApplyShape.Map) Map(writer, schema, value, fields);
        else List(writer, schema, value, fields);
    }

    private static void Map(Utf8JsonWriter writer, ApplySchema schema, JsonElement value, FieldSet fields)
    {
        bool isStarted = false;
        int place = 0;
        foreach (JsonProperty property in value.EnumerateObject())
        {
            ApplyField? field = ApplyValues.FieldOf(schema, property, ref place);
            bool isMet = fields.TryGet(field?.Element ?? PathElement.Field(property.Name), out FieldNode node);
            if (isMet && node.IsMember) continue;
            if (!isStarted) writer.WriteStartObject();
            isStarted = true;
            ApplyValues.CopyName(writer, property);
            if (isMet && node.Children is not null)
                Write(writer, field?.Schema ?? schema.Element ?? ApplySchema.Deduced, property.Value, node.Children);
            else ApplyValues.Copy(writer, property.Value);
        }
        if (isStarted) writer.WriteEndObject();
        else writer.WriteNullValue();
    }

    private static void List(Utf8JsonWriter writer, ApplySchema schema, JsonElement value, FieldSet fields)
    {
        bool isStarted = false;
        foreach (JsonElement item in value.EnumerateArray())
        {
            FieldNode node = default;
            bool isMet = ApplyValues.ElementOf(schema, item, out _) is { } element && fields.TryGet(element, out node);
            if (isMet && node.IsMember) continue;
            if (!isStarted) writer.WriteStartArray();
            isStarted = true;
            if (isMet && node.Children is not null) Write(writer, schema.Element ?? ApplySchema.Deduced, item, node.Children);
            else ApplyValues.Copy(writer, item);
        }
        if (isStarted) writer.WriteEndArray();
        else writer.WriteNullValue();
    }
}
