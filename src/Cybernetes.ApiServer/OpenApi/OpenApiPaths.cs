using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text.Json;
using Cybernetes.ApiServer.Failures;
using Cybernetes.ApiServer.Pipeline;
using Cybernetes.ApiServer.Registry;
using Cybernetes.Objects;

namespace Cybernetes.ApiServer.OpenApi;

/// <summary>Answers <c>/openapi/v2</c> and <c>/openapi/v3</c>. Documents are made on first use, kept as bytes, and made anew with a new catalog.</summary>
internal sealed class OpenApiPaths(RegistryServices services) : IPathHandler
{
    private const string ProtobufV2 = "application/com.github.proto-openapi.spec.v2@v1.0+protobuf";

    /// <summary>What the answer calls it: an "@" is no legal part of a media type, and Go's parser refuses it.</summary>
    private const string ProtobufV2Answer = "application/com.github.proto-openapi.spec.v2.v1.0+protobuf";

    private Cache _cache = new(services.Catalog);

    public bool Serves(string path) => path.StartsWith("/openapi/", StringComparison.Ordinal);

    public Task HandleAsync(ApiRequest request)
    {
        if (request.Info.Verb is not ("get" or "head" or "list"))
            throw Failure.MethodNotAllowed();
        if (!ReferenceEquals(_cache.Catalog, services.Catalog))
            _cache = new Cache(services.Catalog);
        var path = request.Info.Path.TrimEnd('/');
        if (path == "/openapi/v2")
            return WriteV2Async(request);
        if (path == "/openapi/v3")
            return WriteAsync(request, _cache.Index(), "application/json");
        if (path.StartsWith("/openapi/v3/", StringComparison.Ordinal) && _cache.V3(path["/openapi/v3/".Length..]) is { } document)
            return WriteV3Async(request, path, document);
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
    private static Task WriteV3Async(ApiRequest request, string path, OpenApiDocument document)
    {
        var accept = Accept(request);
        if (accept.Length > 0 && !accept.Contains("json", StringComparison.Ordinal) && !accept.Contains('*'))
            throw Failure.NotAcceptable("application/json");
        var asked = request.Query("hash");
        if (asked.Length > 0 && asked != document.Hash)
        {
            request.Http.Response.StatusCode = 301;
            request.Http.Response.Headers.Location = $"{path}?hash={document.Hash}";
            return Task.CompletedTask;
        }
        if (asked.Length > 0)
            request.Http.Response.Headers.CacheControl = "public, immutable";
        return WriteAsync(request, document, "application/json");
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
        var body = document.Bytes;
        if (request.Http.Request.Headers.AcceptEncoding.ToString().Contains("gzip", StringComparison.Ordinal))
        {
            body = document.Gzip();
            response.Headers.ContentEncoding = "gzip";
        }
        response.ContentLength = body.Length;
        if (!string.Equals(request.Http.Request.Method, "HEAD", StringComparison.Ordinal))
            await response.BodyWriter.WriteAsync(body, request.Aborted);
    }

    private static string Accept(ApiRequest request) => request.Http.Request.Headers.Accept.ToString();

    /// <summary>The documents of one catalog.</summary>
    private sealed class Cache(KindCatalog catalog)
    {
        private readonly ConcurrentDictionary<string, OpenApiDocument?> _documents = new(StringComparer.Ordinal);

        public KindCatalog Catalog { get; } = catalog;

        public OpenApiDocument V2() => Get("v2", () => OpenApiDocuments.V2(Catalog.Served));

        public OpenApiDocument V2Protobuf() => Get("v2protobuf", () => GnosticDocument.FromJson(V2().Bytes));

        public OpenApiDocument Index() => Get("index", WriteIndex);

        /// <summary>The document of <c>api/v1</c> or <c>apis/GROUP/VERSION</c>; null when nothing is served there.</summary>
        public OpenApiDocument? V3(string path)
        {
            var kinds = Catalog.Served.Where(s => PathOf(s) == path).ToList();
            return kinds.Count == 0 ? null : Get(path, () => OpenApiDocuments.V3(kinds));
        }

        private OpenApiDocument Get(string key, Func<ReadOnlyMemory<byte>> make) => _documents.GetOrAdd(key, _ => new OpenApiDocument(make()))!;

        private ReadOnlyMemory<byte> WriteIndex()
        {
            var buffer = new System.Buffers.ArrayBufferWriter<byte>(1024);
            using (var writer = new Utf8JsonWriter(buffer, JsonLimits.WriterOptions))
            {
                writer.WriteStartObject();
                writer.WriteStartObject("paths");
                foreach (var path in Catalog.Served.Select(PathOf).Distinct().Order(StringComparer.Ordinal))
                {
                    writer.WriteStartObject(path);
                    writer.WriteString("serverRelativeURL", $"/openapi/v3/{path}?hash={V3(path)!.Hash}");
                    writer.WriteEndObject();
                }
                writer.WriteEndObject();
                writer.WriteEndObject();
            }
            return buffer.WrittenMemory;
        }

        private static string PathOf(ServedKind served) => (served.Version.Group.Length == 0 ? "api/" : "apis/") + served.Version.APIVersion;
    }
}

/// <summary>A document's bytes with their hash, and packed once somebody takes it so.</summary>
internal sealed class OpenApiDocument(ReadOnlyMemory<byte> bytes)
{
    private readonly Lazy<ReadOnlyMemory<byte>> _gzip = new(() => Pack(bytes));

    public ReadOnlyMemory<byte> Bytes { get; } = bytes;

    public string Hash { get; } = Convert.ToHexString(SHA512.HashData(bytes.Span));

    public ReadOnlyMemory<byte> Gzip() => _gzip.Value;

    private static ReadOnlyMemory<byte> Pack(ReadOnlyMemory<byte> bytes)
    {
        using var packed = new MemoryStream();
        using (var gzip = new System.IO.Compression.GZipStream(packed, System.IO.Compression.CompressionLevel.Fastest))
            gzip.Write(bytes.Span);
        return packed.ToArray();
    }
}
