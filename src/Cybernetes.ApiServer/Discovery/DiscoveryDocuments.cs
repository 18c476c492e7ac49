using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Cybernetes.ApiServer.Registry;
using Cybernetes.Objects;
using Cybernetes.Wire;

namespace Cybernetes.ApiServer.Discovery;

/// <summary>The discovery documents of one catalog as JSON bytes, each made on first use. Thread-safe; a new catalog needs a new instance.</summary>
internal sealed class DiscoveryDocuments(KindCatalog catalog)
{
    private readonly Lazy<IReadOnlyList<DiscoveryGroup>> _groups = new(() => DiscoveryGroup.Of(catalog));
    private readonly System.Collections.Concurrent.ConcurrentDictionary<string, DiscoveryDocument> _documents = new(StringComparer.Ordinal);

    public KindCatalog Catalog { get; } = catalog;

    /// <summary>Groups and versions in the order in which clients should prefer them.</summary>
    public IReadOnlyList<DiscoveryGroup> Groups => _groups.Value;

    /// <summary>The document behind a path in its plain form; null when there is none.</summary>
    public DiscoveryDocument? Plain(string path)
    {
        if (_documents.TryGetValue(path, out var known))
            return known;
        // Paths that lead nowhere are not remembered: there is no end to them.
        return MakePlain(path) is { } made ? _documents.GetOrAdd(path, made) : null;
    }

    /// <summary>The aggregated document of <c>/api</c> or <c>/apis</c> in version v2 or v2beta1 of apidiscovery.k8s.io.</summary>
    public DiscoveryDocument Aggregated(string path, string version) =>
        _documents.GetOrAdd(path + "#" + version, _ => DiscoveryDocument.Of(writer =>
            AggregatedDiscovery.Write(writer, version, Groups.Where(g => g.Name.Length == 0 == (path == "/api")))));

    private DiscoveryDocument? MakePlain(string path)
    {
        var parts = path.Split('/', StringSplitOptions.RemoveEmptyEntries);
        return parts switch
        {
            ["api"] => DiscoveryDocument.Of(WriteCoreVersions),
            ["apis"] => DiscoveryDocument.Of(WriteGroupList),
            ["api", var version] => Resources("", version),
            ["apis", var group] when Find(group) is { } found => DiscoveryDocument.Of(writer => WriteGroup(writer, found, alone: true)),
            ["apis", var group, var version] => Resources(group, version),
            _ => null,
        };
    }

    private DiscoveryGroup? Find(string group) => Groups.FirstOrDefault(g => g.Name == group && group.Length > 0);

    private DiscoveryDocument? Resources(string group, string version)
    {
        var found = Groups.FirstOrDefault(g => g.Name == group)?.Versions.FirstOrDefault(v => v.Version == version);
        return found is null ? null : DiscoveryDocument.Of(writer => ResourceListing.Write(writer, found));
    }

    private void WriteCoreVersions(Utf8JsonWriter writer)
    {
        writer.WriteStartObject();
        writer.WriteString("kind", "APIVersions");
        writer.WriteStartArray("versions");
        foreach (var version in Groups.Where(g => g.Name.Length == 0).SelectMany(g => g.Versions))
            writer.WriteStringValue(version.Version);
        writer.WriteEndArray();
        // Where to reach this server is what the client knows already: no other address is offered.
        writer.WriteStartArray("serverAddressByClientCIDRs");
        writer.WriteEndArray();
        writer.WriteEndObject();
    }

    private void WriteGroupList(Utf8JsonWriter writer)
    {
        writer.WriteStartObject();
        writer.WriteString("kind", "APIGroupList");
        writer.WriteString("apiVersion", "v1");
        writer.WriteStartArray("groups");
        foreach (var group in Groups.Where(g => g.Name.Length > 0))
            WriteGroup(writer, group, alone: false);
        writer.WriteEndArray();
        writer.WriteEndObject();
    }

    private static void WriteGroup(Utf8JsonWriter writer, DiscoveryGroup group, bool alone)
    {
        writer.WriteStartObject();
        if (alone)
        {
            writer.WriteString("kind", "APIGroup");
            writer.WriteString("apiVersion", "v1");
        }
        writer.WriteString("name", group.Name);
        writer.WriteStartArray("versions");
        foreach (var version in group.Versions)
            WriteVersion(writer, null, version);
        writer.WriteEndArray();
        WriteVersion(writer, "preferredVersion", group.Versions[0]);
        writer.WriteEndObject();
    }

    private static void WriteVersion(Utf8JsonWriter writer, string? name, DiscoveryVersion version)
    {
        if (name is null) writer.WriteStartObject();
        else writer.WriteStartObject(name);
        writer.WriteString("groupVersion", version.APIVersion);
        writer.WriteString("version", version.Version);
        writer.WriteEndObject();
    }
}

/// <summary>A document's bytes and its entity tag (quoted).</summary>
internal sealed record DiscoveryDocument(ReadOnlyMemory<byte> Json, string ETag)
{
    private byte[]? _protobuf;

    /// <summary>The same document in an envelope.</summary>
    public ReadOnlyMemory<byte> Protobuf => _protobuf ??= JsonToProtobuf.Write(Json.Span);

    public static DiscoveryDocument Of(Action<Utf8JsonWriter> write)
    {
        var buffer = new System.Buffers.ArrayBufferWriter<byte>(1024);
        using (var writer = new Utf8JsonWriter(buffer, JsonLimits.WriterOptions))
            write(writer);
        return new(buffer.WrittenMemory, '"' + Convert.ToHexString(SHA512.HashData(buffer.WrittenSpan)) + '"');
    }
}

/// <summary>The hash by which clients see that two resources are stored as one: the start of SHA-256 over the storage version's name.</summary>
internal static class StorageVersionHash
{
    public static string Of(KindDefinition kind)
    {
        var text = $"{kind.Group}/{kind.Version}/{kind.Kind}";
        return Convert.ToBase64String(SHA256.HashData(Encoding.UTF8.GetBytes(text)).AsSpan(0, 8));
    }
}
