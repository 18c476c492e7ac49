using System.Text.Json;

namespace Cybernetes.ApiServer.OpenApi;

/// <summary>Writes a path with its operations, in the dialect of v2 or v3.</summary>
internal sealed class PathWriter(Utf8JsonWriter writer, SchemaWriter schemas, bool isV3)
{
    private static readonly string[] s_bodies = ["application/json", "application/yaml", "application/vnd.kubernetes.protobuf"];

    private static readonly string[] s_patches =
        ["application/json-patch+json", "application/merge-patch+json", "application/strategic-merge-patch+json", "application/apply-patch+yaml"];

    private static readonly HashSet<string> s_numbers = new(StringComparer.Ordinal) { "gracePeriodSeconds", "limit", "timeoutSeconds" };

    private static readonly HashSet<string> s_flags =
        new(StringComparer.Ordinal) { "allowWatchBookmarks", "force", "orphanDependents", "sendInitialEvents", "watch" };

    public void Write(OpenApiPath path)
    {
        writer.WriteStartObject(path.Path);
        foreach (var operation in path.Operations)
            WriteOperation(path, operation);
        writer.WriteStartArray("parameters");
        if (path.HasName)
            WriteParameter("name", "path", required: true);
        if (path.HasNamespace)
            WriteParameter("namespace", "path", required: true);
        writer.WriteEndArray();
        writer.WriteEndObject();
    }

    private void WriteOperation(OpenApiPath path, OpenApiOperation operation)
    {
        writer.WriteStartObject(operation.Method);
        if (!isV3)
        {
            WriteStrings("consumes", operation.Method == "patch" ? s_patches : s_bodies);
            WriteStrings("produces", s_bodies);
        }
        writer.WriteString("operationId", OperationId(path, operation));
        writer.WriteStartArray("parameters");
        if (!isV3 && operation.Method == "patch")
            WriteBodyParameter(SchemaWriter.Patch);
        else if (!isV3 && operation.Body.Length > 0)
            WriteBodyParameter(operation.Body);
        foreach (var name in operation.Query)
            WriteParameter(name, "query", required: false);
        writer.WriteEndArray();
        if (isV3)
            WriteRequestBody(operation);
        WriteResponses(operation);
        writer.WriteString("x-kubernetes-action", operation.Action);
        writer.WritePropertyName("x-kubernetes-group-version-kind");
        schemas.WriteKind(operation.Subject);
        writer.WriteEndObject();
    }

    private void WriteRequestBody(OpenApiOperation operation)
    {
        var isPatch = operation.Method == "patch";
        if (operation.Body.Length == 0 && !isPatch)
            return;
        writer.WriteStartObject("requestBody");
        WriteContent(isPatch ? s_patches : ["*/*"], isPatch ? SchemaWriter.Patch : operation.Body);
        writer.WriteEndObject();
    }

    private void WriteResponses(OpenApiOperation operation)
    {
        writer.WriteStartObject("responses");
        writer.WriteStartObject("200");
        writer.WriteString("description", "OK");
        if (operation.Answer.Length > 0 && isV3)
            WriteContent(s_bodies, operation.Answer);
        else if (operation.Answer.Length > 0)
        {
            writer.WritePropertyName("schema");
            schemas.WriteReference(operation.Answer);
        }
        writer.WriteEndObject();
        writer.WriteStartObject("401");
        writer.WriteString("description", "Unauthorized");
        writer.WriteEndObject();
        writer.WriteEndObject();
    }

    private void WriteContent(IReadOnlyList<string> types, string definition)
    {
        writer.WriteStartObject("content");
        foreach (var type in types)
        {
            writer.WriteStartObject(type);
            writer.WritePropertyName("schema");
            schemas.WriteReference(definition);
            writer.WriteEndObject();
        }
        writer.WriteEndObject();
    }

    private void WriteBodyParameter(string definition)
    {
        writer.WriteStartObject();
        writer.WriteString("in", "body");
        writer.WriteString("name", "body");
        writer.WriteBoolean("required", true);
        writer.WritePropertyName("schema");
        schemas.WriteReference(definition);
        writer.WriteEndObject();
    }

    private void WriteParameter(string name, string place, bool required)
    {
        var type = s_numbers.Contains(name) ? "integer" : s_flags.Contains(name) ? "boolean" : "string";
        writer.WriteStartObject();
        writer.WriteString("in", place);
        writer.WriteString("name", name);
        if (required)
            writer.WriteBoolean("required", true);
        if (isV3)
            writer.WriteStartObject("schema");
        writer.WriteString("type", type);
        writer.WriteBoolean("uniqueItems", true);
        if (isV3)
            writer.WriteEndObject();
        writer.WriteEndObject();
    }

    private void WriteStrings(string name, IReadOnlyList<string> values)
    {
        writer.WriteStartArray(name);
        foreach (var value in values)
            writer.WriteStringValue(value);
        writer.WriteEndArray();
    }

    /// <summary>Unique over the document: verb, group, version, scope and resource, as upstream builds it.</summary>
    private static string OperationId(OpenApiPath path, OpenApiOperation operation)
    {
        var verb = operation.Action switch
        {
            "get" => "read",
            "post" => "create",
            "put" => "replace",
            "deletecollection" => "deleteCollection",
            "connect" => "connect" + Capital(operation.Method),
            var same => same,
        };
        var words = path.Path.Split('/', StringSplitOptions.RemoveEmptyEntries).Where(p => p[0] != '{' && p is not ("apis" or "api"))
            .Select(p => string.Concat(p.Split('.', '-').Select(Capital)));
        return verb + string.Concat(words) + (path.HasNamespace ? "Namespaced" : "");
    }

    private static string Capital(string word) => word.Length == 0 ? "" : char.ToUpperInvariant(word[0]) + word[1..];
}
