using System.Buffers;
using System.Text.Json;
using Cybernetes.Objects;
using Cybernetes.Wire;

namespace Cybernetes.ApiServer.Registry;

/// <summary>The versions of a kind as the keeping of field owners asks for them. One a kind.</summary>
internal sealed class FieldVersions(KindDefinition kind) : IFieldVersions
{
    /// <summary>Fields that a write of the object cannot set.</summary>
    public FieldFilter OfWrite { get; } = FieldFilter.Excluding([.. kind.FieldsKeptOnWrite]);

    /// <summary>Fields that a write of the status cannot set.</summary>
    public FieldFilter OfStatusWrite { get; } = FieldFilter.Excluding([.. kind.FieldsKeptOnStatusWrite]);

    public ApplySchema? SchemaOf(string apiVersion) => Find(apiVersion)?.ApplySchema;

    public ReadOnlyMemory<byte> Empty(string apiVersion) => Known(apiVersion).Empty;

    public ReadOnlyMemory<byte> Convert(ReadOnlyMemory<byte> json, string from, string to)
    {
        var reader = new Utf8JsonReader(json.Span, JsonLimits.ReaderOptions);
        reader.Read();
        var stored = Known(from).Decode(ref reader, new DecodeContext(collectStrict: false) { Source = json });
        var buffer = new ArrayBufferWriter<byte>(json.Length + 64);
        using (var writer = new Utf8JsonWriter(buffer, JsonLimits.WriterOptions))
            Known(to).Encode(stored, writer);
        return buffer.WrittenMemory;
    }

    // All that can be served, not only those that are: fields owned in a version that was switched off stay owned.
    private ServedVersion? Find(string apiVersion)
    {
        foreach (var version in kind.Served)
        {
            if (version.APIVersion == apiVersion)
                return version;
        }
        return null;
    }

    private ServedVersion Known(string apiVersion) =>
        Find(apiVersion) ?? throw new InvalidOperationException($"{kind.Kind} has no version {apiVersion}");
}
