using Cybernetes.ApiServer.Failures;
using Cybernetes.ApiServer.Pipeline;
using Cybernetes.ApiServer.Registry;

namespace Cybernetes.ApiServer.OpenApi;

/// <summary>Answers <c>/openapi/v2</c> and <c>/openapi/v3</c>. Documents are made on first use, kept packed, and made anew with a new catalog.</summary>
internal sealed class OpenApiPaths(RegistryServices services) : IPathHandler
{
    private const string ProtobufV2 = "application/com.github.proto-openapi.spec.v2@v1.0+protobuf";

    /// <summary>What the answer calls it: an "@" is no legal part of a media type, and Go's parser refuses it.</summary>
    private const string ProtobufV2Answer = "application/com.github.proto-openapi.spec.v2.v1.0+protobuf";

    private const string V3Prefix = "/openapi/v3/";
    private const string ProtobufV3 = "application/com.github.proto-openapi.spec.v3@v1.0+protobuf";
    private const string ProtobufV3Answer = "application/com.github.proto-openapi.spec.v3.v1.0+protobuf";
    private static readonly TimeSpan HashedLife = TimeSpan.FromDays(365);
    private OpenApiCache _cache = new(services.Catalog);

    public bool Serves(string path) => path.StartsWith("/openapi/", StringComparison.Ordinal);

    public Task HandleAsync(ApiRequest request)
    {
        if (request.Info.Verb is not ("get" or "head" or "list"))
            throw Failure.MethodNotAllowed();
        if (!ReferenceEquals(_cache.Catalog, services.Catalog))
            _cache = new OpenApiCache(services.Catalog);
        var path = request.Info.Path.TrimEnd('/');
        if (path == "/openapi/v2")
            return WriteV2Async(request);
        if (path == "/openapi/v3")
            return WriteAsync(request, _cache.Index(), "application/json");
        if (path.StartsWith(V3Prefix, StringComparison.Ordinal) && _cache.V3(path[V3Prefix.Length..]) is { } document)
            return WriteV3Async(request, path, document, services.Time.GetUtcNow());
        throw Failure.NoSuchRoute();
    }

    private Task WriteV2Async(ApiRequest request)
    {
        foreach (var clause in Accept(request).Split(',', StringSplitOptions.TrimEntries))
        {
            var type = clause.Split(';')[0].Trim();
            // Older clients call the same message by gnostic's name.
            if (type.StartsWith("application/com.github.", StringComparison.Ordinal) && type.EndsWith("+protobuf", StringComparison.Ordinal))
                return WriteAsync(request, _cache.V2Protobuf(), ProtobufV2Answer);
            if (type is "application/json" or "*/*" or "application/*" or "")
                return WriteAsync(request, _cache.V2(), "application/json");
        }
        throw Failure.NotAcceptable("application/json, " + ProtobufV2);
    }

    /// <summary>A document asked for by its hash never changes; by an old hash the client is sent to the new one.</summary>
    private Task WriteV3Async(ApiRequest request, string path, OpenApiDocument document, DateTimeOffset now)
    {
        var contentType = V3Type(Accept(request)) ?? throw Failure.NotAcceptable("application/json, " + ProtobufV3);
        var asked = request.Query("hash");
        if (asked.Length > 0 && asked != document.Hash)
        {
            request.Http.Response.StatusCode = 301;
            request.Http.Response.Headers.Location = $"{path}?hash={document.Hash}";
            return Task.CompletedTask;
        }
        if (asked.Length > 0)
        {
            request.Http.Response.Headers.CacheControl = "public, immutable";
            request.Http.Response.Headers.Expires = (now + HashedLife).ToString("R", System.Globalization.CultureInfo.InvariantCulture);
        }
        return WriteAsync(request, contentType == ProtobufV3Answer ? _cache.V3Protobuf(path[V3Prefix.Length..])! : document, contentType);
    }

    /// <summary>The content type of the answer; null when the client takes none of them.</summary>
    private static string? V3Type(string accept)
    {
        if (accept.Length == 0)
            return "application/json";
        foreach (var clause in AcceptClause.Parse(accept))
        {
            if (clause.Type is "application/json" or "application/*" or "*/*")
                return "application/json";
            if (clause.Type is ProtobufV3 or ProtobufV3Answer)
                return ProtobufV3Answer;
        }
        return null;
    }

    private static async Task WriteAsync(ApiRequest request, OpenApiDocument document, string contentType)
    {
        var response = request.Http.Response;
        var tag = '"' + document.Hash + '"';
        response.Headers.ETag = tag;
        response.Headers.Vary = "Accept-Encoding, Accept";
        if (request.Http.Request.Headers.IfNoneMatch == tag)
        {
            response.StatusCode = 304;
            return;
        }
        response.StatusCode = 200;
        response.ContentType = contentType;
        var isHead = string.Equals(request.Http.Request.Method, "HEAD", StringComparison.Ordinal);
        if (request.Http.Request.Headers.AcceptEncoding.ToString().Contains("gzip", StringComparison.Ordinal))
        {
            response.Headers.ContentEncoding = "gzip";
            response.ContentLength = document.Packed.Length;
            if (!isHead)
                await response.BodyWriter.WriteAsync(document.Packed, request.Aborted);
            return;
        }
        response.ContentLength = document.Length;
        if (isHead)
            return;
        await using var plain = document.Open();
        await plain.CopyToAsync(response.Body, request.Aborted);
    }

    private static string Accept(ApiRequest request) => request.Http.Request.Headers.Accept.ToString();
}
