using System.Buffers;
using System.Text.Json;
using Cybernetes.ApiServer.Registry;
using Cybernetes.ApiServer.Server;
using Cybernetes.Objects;

namespace Cybernetes.ApiServer.OpenApi;

/// <summary>Writes the OpenAPI documents of kinds as JSON. Pure.</summary>
internal static class OpenApiDocuments
{
    /// <summary>The v2 (Swagger) document over all kinds.</summary>
    public static ReadOnlyMemory<byte> V2(IEnumerable<ServedKind> kinds) => Write(new OpenApiModel(kinds), isV3: false);

    /// <summary>The v3 document of one group and version.</summary>
    public static ReadOnlyMemory<byte> V3(IEnumerable<ServedKind> kinds) => Write(new OpenApiModel(kinds), isV3: true);

    private static ReadOnlyMemory<byte> Write(OpenApiModel model, bool isV3)
    {
        var buffer = new ArrayBufferWriter<byte>(1 << 18);
        using (var writer = new Utf8JsonWriter(buffer, JsonLimits.WriterOptions))
        {
            var schemas = new SchemaWriter(writer, isV3);
            writer.WriteStartObject();
            writer.WriteString(isV3 ? "openapi" : "swagger", isV3 ? "3.0.0" : "2.0");
            writer.WriteStartObject("info");
            writer.WriteString("title", "Kubernetes");
            writer.WriteString("version", VersionPath.GitVersion);
            writer.WriteEndObject();
            writer.WriteStartObject("paths");
            foreach (var path in model.Paths.OrderBy(p => p.Path, StringComparer.Ordinal))
                new PathWriter(writer, schemas, isV3).Write(path);
            writer.WriteEndObject();
            if (isV3)
                writer.WriteStartObject("components");
            writer.WriteStartObject(isV3 ? "schemas" : "definitions");
            schemas.WriteDefinitions(model);
            writer.WriteEndObject();
            if (isV3)
                writer.WriteEndObject();
            writer.WriteEndObject();
        }
        return buffer.WrittenMemory;
    }
}
