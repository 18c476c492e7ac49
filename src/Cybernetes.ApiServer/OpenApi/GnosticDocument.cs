using System.Text.Json;
using Cybernetes.Objects;
using Cybernetes.Wire;

namespace Cybernetes.ApiServer.OpenApi;

/// <summary>
/// The v2 document in the protobuf form that kubectl asks for: the message Document of gnostic's OpenAPIv2.proto. Field numbers are that file's;
/// only members that our documents have are written. Pure.
/// </summary>
internal static class GnosticDocument
{
    public static ReadOnlyMemory<byte> FromJson(ReadOnlyMemory<byte> json)
    {
        using var document = JsonDocument.Parse(json);
        var writer = new ProtobufWriter(json.Length);
        var root = document.RootElement;
        writer.String(1, root.GetProperty("swagger").GetString()!);
        var info = writer.StartMessage(2);
        writer.String(1, root.GetProperty("info").GetProperty("title").GetString()!);
        writer.String(2, root.GetProperty("info").GetProperty("version").GetString()!);
        writer.EndMessage(info);
        var paths = writer.StartMessage(8);
        foreach (var path in root.GetProperty("paths").EnumerateObject())
            GnosticParts.Named(writer, 2, path, WritePath);
        writer.EndMessage(paths);
        var definitions = writer.StartMessage(9);
        foreach (var definition in root.GetProperty("definitions").EnumerateObject())
            GnosticParts.Named(writer, 1, definition, WriteSchema);
        writer.EndMessage(definitions);
        return writer.ToArray();
    }

    private static void WritePath(ProtobufWriter writer, JsonElement path)
    {
        foreach (var member in path.EnumerateObject())
        {
            if (member.Name == "parameters")
            {
                WriteParameters(writer, 9, member.Value);
                continue;
            }
            var field = member.Name switch { "get" => 2, "put" => 3, "post" => 4, "delete" => 5, "patch" => 8, _ => 0 };
            var operation = writer.StartMessage(field);
            WriteOperation(writer, member.Value);
            writer.EndMessage(operation);
        }
    }

    private static void WriteOperation(ProtobufWriter writer, JsonElement operation)
    {
        writer.String(5, operation.GetProperty("operationId").GetString()!);
        foreach (var type in operation.GetProperty("produces").EnumerateArray())
            writer.String(6, type.GetString()!);
        foreach (var type in operation.GetProperty("consumes").EnumerateArray())
            writer.String(7, type.GetString()!);
        WriteParameters(writer, 8, operation.GetProperty("parameters"));
        var responses = writer.StartMessage(9);
        foreach (var response in operation.GetProperty("responses").EnumerateObject())
            GnosticParts.Named(writer, 1, response, WriteResponse);
        writer.EndMessage(responses);
        GnosticParts.Extensions(writer, 13, operation);
    }

    /// <summary>A ResponseValue, which is a response or a reference to one.</summary>
    private static void WriteResponse(ProtobufWriter writer, JsonElement response)
    {
        var inner = writer.StartMessage(1);
        writer.String(1, response.GetProperty("description").GetString()!);
        if (response.TryGetProperty("schema", out var schema))
        {
            var item = writer.StartMessage(2);
            Schema(writer, 1, schema);
            writer.EndMessage(item);
        }
        writer.EndMessage(inner);
    }

    private static void WriteParameters(ProtobufWriter writer, int field, JsonElement parameters)
    {
        foreach (var parameter in parameters.EnumerateArray())
        {
            var item = writer.StartMessage(field);
            var either = writer.StartMessage(1);
            if (parameter.GetProperty("in").GetString() == "body")
                WriteBodyParameter(writer, parameter);
            else
                WriteOtherParameter(writer, parameter);
            writer.EndMessage(either);
            writer.EndMessage(item);
        }
    }

    private static void WriteBodyParameter(ProtobufWriter writer, JsonElement parameter)
    {
        var body = writer.StartMessage(1);
        writer.String(2, parameter.GetProperty("name").GetString()!);
        writer.String(3, "body");
        writer.Boolean(4, true);
        Schema(writer, 5, parameter.GetProperty("schema"));
        writer.EndMessage(body);
    }

    /// <summary>A NonBodyParameter: the third choice in it is for the query, the fourth for the path.</summary>
    private static void WriteOtherParameter(ProtobufWriter writer, JsonElement parameter)
    {
        var isPath = parameter.GetProperty("in").GetString() == "path";
        var other = writer.StartMessage(2);
        var inner = writer.StartMessage(isPath ? 4 : 3);
        if (isPath)
            writer.Boolean(1, true);
        writer.String(2, isPath ? "path" : "query");
        writer.String(4, parameter.GetProperty("name").GetString()!);
        writer.String(isPath ? 5 : 6, parameter.GetProperty("type").GetString()!);
        writer.EndMessage(inner);
        writer.EndMessage(other);
    }

    private static void Schema(ProtobufWriter writer, int field, JsonElement schema)
    {
        var inner = writer.StartMessage(field);
        WriteSchema(writer, schema);
        writer.EndMessage(inner);
    }

    private static void WriteSchema(ProtobufWriter writer, JsonElement schema)
    {
        foreach (var member in schema.EnumerateObject())
        {
            switch (member.Name)
            {
                case "$ref": writer.String(1, member.Value.GetString()!); break;
                case "format": writer.String(2, member.Value.GetString()!); break;
                case "description": writer.String(4, member.Value.GetString()!); break;
                case "required":
                    foreach (var name in member.Value.EnumerateArray())
                        writer.String(19, name.GetString()!);
                    break;
                case "enum":
                    foreach (var value in member.Value.EnumerateArray())
                        GnosticParts.Any(writer, 20, value);
                    break;
                case "additionalProperties":
                    var item = writer.StartMessage(21);
                    Schema(writer, 1, member.Value);
                    writer.EndMessage(item);
                    break;
                case "type":
                    var type = writer.StartMessage(22);
                    writer.String(1, member.Value.GetString()!);
                    writer.EndMessage(type);
                    break;
                case "items":
                    var items = writer.StartMessage(23);
                    Schema(writer, 1, member.Value);
                    writer.EndMessage(items);
                    break;
                case "properties":
                    var properties = writer.StartMessage(25);
                    foreach (var property in member.Value.EnumerateObject())
                        GnosticParts.Named(writer, 1, property, WriteSchema);
                    writer.EndMessage(properties);
                    break;
            }
        }
        GnosticParts.Extensions(writer, 31, schema);
    }
}
