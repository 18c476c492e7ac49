using System.Text.Json;
using Cybernetes.Objects;
using Cybernetes.Wire;

namespace Cybernetes.ApiServer.OpenApi;

/// <summary>
/// A v3 document in protobuf: the message Document of gnostic's OpenAPIv3.proto. Field numbers are that file's; only members that our documents have
/// are written. Pure.
/// </summary>
internal static class GnosticV3Document
{
    public static ReadOnlyMemory<byte> FromJson(ReadOnlyMemory<byte> json)
    {
        using var document = JsonDocument.Parse(json);
        var writer = new ProtobufWriter(json.Length);
        var root = document.RootElement;
        writer.String(1, root.GetProperty("openapi").GetString()!);
        var info = writer.StartMessage(2);
        writer.String(1, root.GetProperty("info").GetProperty("title").GetString()!);
        writer.String(6, root.GetProperty("info").GetProperty("version").GetString()!);
        writer.EndMessage(info);
        Map(writer, 4, root.GetProperty("paths"), WritePath);
        var components = writer.StartMessage(5);
        Map(writer, 1, root.GetProperty("components").GetProperty("schemas"), WriteSchemaOrReference);
        writer.EndMessage(components);
        return writer.ToArray();
    }

    /// <summary>A message whose first field is a list of names with values.</summary>
    private static void Map(ProtobufWriter writer, int field, JsonElement map, Action<ProtobufWriter, JsonElement> value)
    {
        var message = writer.StartMessage(field);
        foreach (var member in map.EnumerateObject())
            GnosticParts.Named(writer, 1, member, value);
        writer.EndMessage(message);
    }

    private static void WritePath(ProtobufWriter writer, JsonElement path)
    {
        foreach (var member in path.EnumerateObject())
        {
            if (member.Name == "parameters")
            {
                WriteParameters(writer, 13, member.Value);
                continue;
            }
            var field = member.Name switch { "get" => 4, "put" => 5, "post" => 6, "delete" => 7, "patch" => 10, _ => 0 };
            var operation = writer.StartMessage(field);
            WriteOperation(writer, member.Value);
            writer.EndMessage(operation);
        }
    }

    private static void WriteOperation(ProtobufWriter writer, JsonElement operation)
    {
        writer.String(5, operation.GetProperty("operationId").GetString()!);
        WriteParameters(writer, 6, operation.GetProperty("parameters"));
        if (operation.TryGetProperty("requestBody", out var body))
        {
            var choice = writer.StartMessage(7);
            var inner = writer.StartMessage(1);
            Map(writer, 2, body.GetProperty("content"), WriteMediaType);
            writer.EndMessage(inner);
            writer.EndMessage(choice);
        }
        var responses = writer.StartMessage(8);
        foreach (var response in operation.GetProperty("responses").EnumerateObject())
            GnosticParts.Named(writer, 2, response, WriteResponse);
        writer.EndMessage(responses);
        GnosticParts.Extensions(writer, 13, operation);
    }

    private static void WriteResponse(ProtobufWriter writer, JsonElement response)
    {
        var inner = writer.StartMessage(1);
        writer.String(1, response.GetProperty("description").GetString()!);
        if (response.TryGetProperty("content", out var content))
            Map(writer, 3, content, WriteMediaType);
        writer.EndMessage(inner);
    }

    private static void WriteMediaType(ProtobufWriter writer, JsonElement type) => Nested(writer, 1, type.GetProperty("schema"));

    private static void WriteParameters(ProtobufWriter writer, int field, JsonElement parameters)
    {
        foreach (var parameter in parameters.EnumerateArray())
        {
            var choice = writer.StartMessage(field);
            var inner = writer.StartMessage(1);
            writer.String(1, parameter.GetProperty("name").GetString()!);
            writer.String(2, parameter.GetProperty("in").GetString()!);
            if (parameter.TryGetProperty("required", out var required))
                writer.Boolean(4, required.GetBoolean());
            Nested(writer, 10, parameter.GetProperty("schema"));
            writer.EndMessage(inner);
            writer.EndMessage(choice);
        }
    }

    private static void Nested(ProtobufWriter writer, int field, JsonElement schema)
    {
        var choice = writer.StartMessage(field);
        WriteSchemaOrReference(writer, schema);
        writer.EndMessage(choice);
    }

    private static void WriteSchemaOrReference(ProtobufWriter writer, JsonElement schema)
    {
        var isReference = schema.TryGetProperty("$ref", out var target);
        var inner = writer.StartMessage(isReference ? 2 : 1);
        if (isReference)
            writer.String(1, target.GetString()!);
        else
            WriteSchema(writer, schema);
        writer.EndMessage(inner);
    }

    private static void WriteSchema(ProtobufWriter writer, JsonElement schema)
    {
        foreach (var member in schema.EnumerateObject())
        {
            switch (member.Name)
            {
                case "uniqueItems": writer.Boolean(20, member.Value.GetBoolean()); break;
                case "required": Each(member.Value, name => writer.String(23, name.GetString()!)); break;
                case "enum": Each(member.Value, value => GnosticParts.Any(writer, 24, value)); break;
                case "type": writer.String(25, member.Value.GetString()!); break;
                case "allOf": Each(member.Value, part => Nested(writer, 26, part)); break;
                case "oneOf": Each(member.Value, part => Nested(writer, 27, part)); break;
                case "items" or "additionalProperties":
                    var item = writer.StartMessage(member.Name == "items" ? 30 : 32);
                    Nested(writer, 1, member.Value);
                    writer.EndMessage(item);
                    break;
                case "properties": Map(writer, 31, member.Value, WriteSchemaOrReference); break;
                case "default": WriteDefault(writer, member.Value); break;
                case "description": writer.String(34, member.Value.GetString()!); break;
                case "format": writer.String(35, member.Value.GetString()!); break;
            }
        }
        GnosticParts.Extensions(writer, 36, schema);
    }

    private static void Each(JsonElement list, Action<JsonElement> write)
    {
        foreach (var element in list.EnumerateArray())
            write(element);
    }

    /// <summary>The message has room for plain values only.</summary>
    private static void WriteDefault(ProtobufWriter writer, JsonElement value)
    {
        var start = writer.StartMessage(33);
        switch (value.ValueKind)
        {
            case JsonValueKind.Number: writer.Double(1, value.GetDouble()); break;
            case JsonValueKind.True or JsonValueKind.False: writer.Boolean(2, value.GetBoolean()); break;
            case JsonValueKind.String: writer.String(3, value.GetString()!); break;
        }
        writer.EndMessage(start);
    }
}
