using System.Text.Json;
using Cybernetes.ApiServer.Failures;
using Cybernetes.ApiServer.Registry;
using Cybernetes.Objects;
using Cybernetes.Wire;
using Microsoft.AspNetCore.Http;

namespace Cybernetes.ApiServer.Pipeline;

/// <summary>Writes answers. Bodies are stored bytes wherever the client takes them as they are.</summary>
internal static class Answers
{
    // As much as a TLS record holds; of a smaller rest what fits in.
    private const int MaxPieceBytes = 4096;
    private static readonly byte[] NewLine = "\n"u8.ToArray();

    /// <summary>Writes a JSON body: as it is, as YAML, as protobuf or indented, as agreed.</summary>
    public static Task WriteAsync(ApiRequest request, int status, AcceptedMedia media, ReadOnlyMemory<byte> json)
    {
        var response = request.Http.Response;
        response.StatusCode = status;
        response.ContentType = media.ContentType;
        if (media.Format == MediaFormat.Yaml)
            json = YamlWriter.FromJson(json.Span);
        else if (media.Format == MediaFormat.Protobuf)
            json = JsonToProtobuf.Write(json.Span);
        else if (WantsPretty(request, media))
            json = Indent(json);
        var length = json.Length + (media.Format == MediaFormat.Json ? NewLine.Length : 0);
        if (HttpMethods.IsHead(request.Http.Request.Method))
        {
            response.ContentLength = length;
            return Task.CompletedTask;
        }
        if (length > AnswerBody.FlushEveryBytes)
            return WriteLongAsync(request, media, json, length);
        // Straight into the connection's buffer, behind the headers; the end of the request sends both at once.
        response.ContentLength = length;
        var started = response.StartAsync(request.Aborted);
        if (!started.IsCompletedSuccessfully)
            return WriteShortAsync(started, response.BodyWriter, media, json);
        WriteShort(response.BodyWriter, media, json.Span);
        return Task.CompletedTask;
    }

    private static void WriteShort(System.IO.Pipelines.PipeWriter writer, AcceptedMedia media, ReadOnlySpan<byte> json)
    {
        Copy(writer, json);
        if (media.Format == MediaFormat.Json)
            Copy(writer, NewLine);
    }

    private static async Task WriteShortAsync(
        Task started, System.IO.Pipelines.PipeWriter writer, AcceptedMedia media, ReadOnlyMemory<byte> json)
    {
        await started;
        WriteShort(writer, media, json.Span);
    }

    private static async Task WriteLongAsync(ApiRequest request, AcceptedMedia media, ReadOnlyMemory<byte> json, int length)
    {
        var body = new AnswerBody(request, length);
        body.Write(json.Span);
        if (media.Format == MediaFormat.Json)
            body.Write(NewLine);
        await body.CompleteAsync();
    }

    /// <summary>Writes one stored object in the version and form asked for.</summary>
    public static Task WriteObjectAsync(ApiRequest request, int status, ReadOnlyMemory<byte> stored)
    {
        var media = request.Media;
        var body = media.Transform switch
        {
            MediaTransform.None => ObjectForms.Serve(request.Target, stored),
            MediaTransform.Table => TableForm.Of(request, media).Whole(stored),
            MediaTransform.PartialObjectMetadata => ObjectForms.Partial(media, stored),
            _ => throw Failure.NoSuchForm("you requested PartialObjectMetadataList, but the requested object is not a list "
                + $"({GoTypeOf(request)})"),
        };
        return WriteAsync(request, status, media, body);
    }

    /// <summary>A kind as Go prints its type: <c>*v1.Pod</c>.</summary>
    public static string GoTypeOf(ApiRequest request) => $"*{request.Target.Version.Version}.{request.Target.Version.Kind}";

    /// <summary>Writes a failure as a Status.</summary>
    public static Task WriteFailureAsync(ApiRequest request, RequestFailure failure)
    {
        var response = request.Http.Response;
        response.Clear();
        response.Headers["Audit-Id"] = request.AuditId;
        response.Headers.CacheControl = "no-cache, private";
        if (failure.RetryAfterSeconds > 0)
            response.Headers.RetryAfter = failure.RetryAfterSeconds.ToString(System.Globalization.CultureInfo.InvariantCulture);
        // A failure is told in JSON to whoever takes nothing else: what was wrong first is what they should see.
        var media = MediaNegotiation.Find(request.Http.Request.Headers.Accept, new MediaOffer(Transforms: false)) ?? new(MediaFormat.Json);
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
            var room = writer.GetSpan(Math.Min(bytes.Length, MaxPieceBytes));
            var count = Math.Min(room.Length, bytes.Length);
            bytes[..count].CopyTo(room);
            writer.Advance(count);
            bytes = bytes[count..];
        }
    }

    /// <summary>People at a browser or curl get indented JSON, as upstream gives them.</summary>
    public static bool WantsPretty(ApiRequest request, AcceptedMedia media)
    {
        if (media.Pretty)
            return true;
        if (request.Query("pretty") is { Length: > 0 } asked)
            return asked is "1" or "t" or "T" or "true" or "True" or "TRUE";
        var agent = request.Http.Request.Headers.UserAgent.ToString();
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
