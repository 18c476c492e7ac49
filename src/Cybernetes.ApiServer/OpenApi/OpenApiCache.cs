using System.Buffers;
using System.Collections.Concurrent;
using System.IO.Compression;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Cybernetes.ApiServer.Registry;
using Cybernetes.Objects;

namespace Cybernetes.ApiServer.OpenApi;

/// <summary>
/// The documents of one catalog. What they are made of is known before they are: so their hashes cost nothing, and the index of all of them and the
/// question whether one has changed are answered without making any. Thread-safe.
/// </summary>
internal sealed class OpenApiCache(KindCatalog catalog)
{
    // Everything in a document that is not the catalog's comes out of these two.
    private static readonly string s_build =
        $"{typeof(OpenApiCache).Module.ModuleVersionId} {typeof(IKubernetesObject).Module.ModuleVersionId}";

    private readonly ConcurrentDictionary<string, OpenApiDocument> _documents = new(StringComparer.Ordinal);
    private readonly ILookup<string, ServedKind> _byPath = catalog.Served.ToLookup(PathOf);

    public KindCatalog Catalog { get; } = catalog;

    /// <summary>The v2 document over all kinds.</summary>
    public OpenApiDocument V2() => Get("v2", Catalog.Served, () => OpenApiDocuments.V2(Catalog.Served));

    /// <summary>The same as gnostic's message.</summary>
    public OpenApiDocument V2Protobuf() => Get("v2protobuf", Catalog.Served, () => GnosticDocument.FromJson(OpenApiDocuments.V2(Catalog.Served)));

    /// <summary>Where the v3 documents are.</summary>
    public OpenApiDocument Index() => Get("index", Catalog.Served, WriteIndex);

    /// <summary>The document of <c>api/v1</c> or <c>apis/GROUP/VERSION</c>; null when nothing is served there.</summary>
    public OpenApiDocument? V3(string path) => _byPath.Contains(path) ? Get(path, _byPath[path], () => OpenApiDocuments.V3(_byPath[path])) : null;

    /// <summary>The same as gnostic's message.</summary>
    public OpenApiDocument? V3Protobuf(string path) => _byPath.Contains(path)
        ? Get(path + " protobuf", _byPath[path], () => GnosticV3Document.FromJson(OpenApiDocuments.V3(_byPath[path])))
        : null;

    private OpenApiDocument Get(string key, IEnumerable<ServedKind> kinds, Func<ReadOnlyMemory<byte>> make) =>
        _documents.TryGetValue(key, out var known) ? known : _documents.GetOrAdd(key, new OpenApiDocument(HashOf(key, kinds), make));

    private static string HashOf(string key, IEnumerable<ServedKind> kinds)
    {
        var text = new StringBuilder(s_build).Append(key);
        foreach (var served in kinds)
        {
            text.Append('\n').Append(served.Version.APIVersion).Append(' ').Append(served.Version.Kind).Append(' ').Append(served.Kind.Plural)
                .Append(' ').Append((int)served.Kind.Verbs).Append(served.Kind.HasStatus).Append(served.Kind.HasScale);
            foreach (var subresource in served.Kind.Subresources)
                text.Append(' ').Append(subresource.Name);
        }
        return Convert.ToHexString(SHA512.HashData(Encoding.UTF8.GetBytes(text.ToString())));
    }

    private ReadOnlyMemory<byte> WriteIndex()
    {
        var buffer = new ArrayBufferWriter<byte>(4096);
        using (var writer = new Utf8JsonWriter(buffer, JsonLimits.WriterOptions))
        {
            writer.WriteStartObject();
            writer.WriteStartObject("paths");
            foreach (var path in _byPath.Select(g => g.Key).Order(StringComparer.Ordinal))
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

/// <summary>A document, made when its bytes are first asked for and kept packed: most clients take it so, and it is a tenth of its size.</summary>
internal sealed class OpenApiDocument
{
    private readonly Lazy<(byte[] Packed, int Length)> _content;

    /// <param name="hash">Stands for what the document is made of.</param>
    /// <param name="make">Makes it.</param>
    public OpenApiDocument(string hash, Func<ReadOnlyMemory<byte>> make)
    {
        Hash = hash;
        _content = new(() => Pack(make()));
    }

    public string Hash { get; }

    /// <summary>The document compressed by gzip.</summary>
    public ReadOnlyMemory<byte> Packed => _content.Value.Packed;

    /// <summary>Its bytes when unpacked.</summary>
    public int Length => _content.Value.Length;

    /// <summary>The document, unpacked as it is read.</summary>
    public Stream Open() => new GZipStream(new MemoryStream(_content.Value.Packed), CompressionMode.Decompress);

    private static (byte[] Packed, int Length) Pack(ReadOnlyMemory<byte> bytes)
    {
        using var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.Fastest))
            gzip.Write(bytes.Span);
        return (packed.ToArray(), bytes.Length);
    }
}
