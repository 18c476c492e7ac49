using System.Text.Json;
using Cybernetes.ApiServer.Failures;
using Cybernetes.ApiServer.Registry;
using Cybernetes.Objects;
using Cybernetes.Wire;
using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;

namespace Cybernetes.ApiServer.Pipeline;

/// <summary>Writes answers. Bodies are stored bytes wherever the client takes them as they are.</summary>
internal static class Answers
{
    private static readonly byte[] NewLine = "\n"u8.ToArray();

    /// <summary>Writes a JSON body, as YAML or indented where asked for.</summary>
    public static async Task WriteAsync(ApiRequest request, int status, AcceptedMedia media, ReadOnlyMemory<byte> json)
    {
        var response = request.Http.Response;
        response.StatusCode = status;
        response.ContentType = media.ContentType;
        if (media.Format == MediaFormat.Yaml)
            json = YamlWriter.FromJson(json.Span);
        else if (WantsPretty(request))
            json = Indent(json);
        var head = HttpMethods.IsHead(request.Http.Request.Method);
        response.ContentLength = json.Length + (media.Format == MediaFormat.Json ? NewLine.Length : 0);
        if (head)
            return;
        var writer = response.BodyWriter;
        Copy(writer, json.Span);
        if (media.Format == MediaFormat.Json)
            Copy(writer, NewLine);
        await writer.FlushAsync(request.Aborted);
    }

    /// <summary>Writes one stored object in the version and form asked for.</summary>
    public static Task WriteObjectAsync(ApiRequest request, int status, ReadOnlyMemory<byte> stored)
    {
        var media = MediaNegotiation.Negotiate(request.Http.Request.Headers.Accept, transforms: true);
        var body = media.Transform switch
        {
            MediaTransform.None => ObjectForms.Serve(request.Target, stored),
            MediaTransform.Table => ObjectForms.Table(request, media, [stored], "", headers: true),
            MediaTransform.PartialObjectMetadata => ObjectForms.Partial(media, stored),
            _ => throw Failure.NotAcceptable(AcceptedMedia.All),
        };
        return WriteAsync(request, status, media, body);
    }

    /// <summary>Writes a failure as a Status.</summary>
    public static Task WriteFailureAsync(ApiRequest request, RequestFailure failure)
    {
        var response = request.Http.Response;
        response.Clear();
        response.Headers["Audit-Id"] = request.AuditId;
        response.Headers.CacheControl = "no-cache, private";
        if (failure.RetryAfterSeconds > 0)
            response.Headers.RetryAfter = failure.RetryAfterSeconds.ToString(System.Globalization.CultureInfo.InvariantCulture);
        var accept = request.Http.Request.Headers.Accept.ToString();
        var media = new AcceptedMedia(accept.StartsWith("application/yaml", StringComparison.Ordinal) ? MediaFormat.Yaml : MediaFormat.Json);
        return WriteAsync(request, failure.Code, media, failure.ToJson());
    }

    /// <summary>Writes the Status of a success (deletions).</summary>
    public static Task WriteSuccessAsync(ApiRequest request, int status, QualifiedResource resource, string name, string uid)
    {
        var media = MediaNegotiation.Negotiate(request.Http.Request.Headers.Accept, transforms: false);
        var buffer = new System.Buffers.ArrayBufferWriter<byte>(256);
        using (var writer = new Utf8JsonWriter(buffer, JsonText.WriterOptions))
        {
            writer.WriteStartObject();
            writer.WriteString("kind", "Status");
            writer.WriteString("apiVersion", "v1");
            writer.WriteStartObject("metadata");
            writer.WriteEndObject();
            writer.WriteString("status", "Success");
            if (name.Length > 0)
            {
                writer.WriteStartObject("details");
                writer.WriteString("name", name);
                if (resource.Group.Length > 0)
                    writer.WriteString("group", resource.Group);
                writer.WriteString("kind", resource.Resource);
                writer.WriteString("uid", uid);
                writer.WriteEndObject();
            }
            if (status != StatusCodes.Status200OK)
                writer.WriteNumber("code", status);
            writer.WriteEndObject();
        }
        return WriteAsync(request, status, media, buffer.WrittenMemory);
    }

    /// <summary>Writes plain text (health, metrics).</summary>
    public static async Task WriteTextAsync(ApiRequest request, int status, string contentType, string text)
    {
        var bytes = System.Text.Encoding.UTF8.GetBytes(text);
        request.Http.Response.StatusCode = status;
        request.Http.Response.ContentType = contentType;
        request.Http.Response.ContentLength = bytes.Length;
        if (!HttpMethods.IsHead(request.Http.Request.Method))
            await request.Http.Response.BodyWriter.WriteAsync(bytes, request.Aborted);
    }

    /// <summary>Copies bytes into a pipe.</summary>
    public static void Copy(System.IO.Pipelines.PipeWriter writer, ReadOnlySpan<byte> bytes)
    {
        while (!bytes.IsEmpty)
        {
            var room = writer.GetSpan(Math.Min(bytes.Length, 4096));
            var count = Math.Min(room.Length, bytes.Length);
            bytes[..count].CopyTo(room);
            writer.Advance(count);
            bytes = bytes[count..];
        }
    }

    /// <summary>People at a browser or curl get indented JSON, as upstream gives them.</summary>
    public static bool WantsPretty(ApiRequest request)
    {
        if (request.Http.Request.Query.ContainsKey("pretty"))
            return request.QueryFlag("pretty");
        var agent = request.Http.Request.Headers[HeaderNames.UserAgent].ToString();
        return agent.StartsWith("curl", StringComparison.Ordinal) || agent.StartsWith("Wget", StringComparison.Ordinal)
            || agent.StartsWith("Mozilla/5.0", StringComparison.Ordinal);
    }

    private static ReadOnlyMemory<byte> Indent(ReadOnlyMemory<byte> json)
    {
        using var document = JsonDocument.Parse(json, JsonLimits.DocumentOptions);
        var buffer = new System.Buffers.ArrayBufferWriter<byte>(json.Length * 2);
        using (var writer = new Utf8JsonWriter(buffer, JsonLimits.IndentedWriterOptions))
            document.RootElement.WriteTo(writer);
        return buffer.WrittenMemory;
    }
}
