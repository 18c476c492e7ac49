using System.Buffers;
using System.Text.Json;
using Cybernetes.ApiServer.Failures;
using Cybernetes.ApiServer.Pipeline;
using Cybernetes.Objects;

namespace Cybernetes.ApiServer.Registry;

/// <summary>The forms a stored object is served in: as it is, converted to another version, as metadata only.</summary>
internal static class ObjectForms
{
    /// <summary>The object in the version asked for; the stored bytes themselves when that is the storage version.</summary>
    public static ReadOnlyMemory<byte> Serve(ServedKind target, ReadOnlyMemory<byte> stored)
    {
        if (target.Version.IsStorage)
            return stored;
        var buffer = new ArrayBufferWriter<byte>(stored.Length + 64);
        using (var writer = new Utf8JsonWriter(buffer, JsonLimits.WriterOptions))
            target.Version.Encode(target.Kind.DecodeStored(stored), writer);
        return buffer.WrittenMemory;
    }

    /// <summary>The object's metadata as PartialObjectMetadata.</summary>
    public static ReadOnlyMemory<byte> Partial(AcceptedMedia media, ReadOnlyMemory<byte> stored)
    {
        var buffer = new ArrayBufferWriter<byte>(1024);
        using (var writer = new Utf8JsonWriter(buffer, JsonText.WriterOptions))
            WritePartial(writer, media.MetaVersion, stored);
        return buffer.WrittenMemory;
    }

    /// <summary>Writes the object's metadata as PartialObjectMetadata.</summary>
    public static void WritePartial(Utf8JsonWriter writer, string metaVersion, ReadOnlyMemory<byte> stored)
    {
        writer.WriteStartObject();
        writer.WriteString("kind", "PartialObjectMetadata");
        writer.WriteString("apiVersion", $"meta.k8s.io/{metaVersion}");
        writer.WritePropertyName("metadata");
        writer.WriteRawValue(StoredJson.Metadata(stored).Span, skipInputValidation: true);
        writer.WriteEndObject();
    }
}
