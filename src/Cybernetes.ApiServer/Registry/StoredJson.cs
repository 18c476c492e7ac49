using System.Buffers;
using System.Text.Json;
using Cybernetes.ApiServer.Failures;
using Cybernetes.Objects;
using Cybernetes.Store;

namespace Cybernetes.ApiServer.Registry;

/// <summary>The stored form: JSON in the storage version with a stamp where resourceVersion stands.</summary>
internal static class StoredJson
{
    // As long as a stamp with its quotes. In Go's field order only names and the uid come before it, so the first match is the field.
    private const string Placeholder = "00000000000000000000";
    private const string FieldText = "\"resourceVersion\":";
    private static readonly byte[] StampText = System.Text.Encoding.ASCII.GetBytes($"{FieldText}\"{Placeholder}\"");

    [ThreadStatic]
    private static ArrayBufferWriter<byte>? t_buffer;

    [ThreadStatic]
    private static Utf8JsonWriter? t_writer;

    /// <summary>Encodes an object for the store. Its resourceVersion is left as it was.</summary>
    public static (byte[] Json, int RevisionOffset) Encode(KindDefinition kind, IKubernetesObject obj)
    {
        SetType(kind, obj);
        return Encode(obj);
    }

    /// <summary>The same for an object that bears its type already.</summary>
    public static (byte[] Json, int RevisionOffset) Encode(IKubernetesObject obj)
    {
        var version = obj.Metadata.ResourceVersion;
        obj.Metadata.ResourceVersion = Placeholder;
        var json = Write(obj);
        obj.Metadata.ResourceVersion = version;
        return (json, json.AsSpan().IndexOf(StampText) + FieldText.Length);
    }

    /// <summary>Encodes an object as it is: answers of dry runs.</summary>
    public static byte[] Write(KindDefinition kind, IKubernetesObject obj)
    {
        SetType(kind, obj);
        return Write(obj);
    }

    private static void SetType(KindDefinition kind, IKubernetesObject obj)
    {
        obj.APIVersion = kind.Group.Length == 0 ? kind.Version : $"{kind.Group}/{kind.Version}";
        obj.Kind = kind.Kind;
    }

    private static byte[] Write(IKubernetesObject obj)
    {
        var buffer = t_buffer ??= new(4096);
        buffer.ResetWrittenCount();
        var writer = t_writer ??= new(buffer, JsonLimits.WriterOptions);
        writer.Reset(buffer);
        obj.WriteJson(writer);
        writer.Flush();
        var json = buffer.WrittenSpan.ToArray();
        if (buffer.Capacity > 1024 * 1024)
            t_buffer = null; // one large object must not keep its room for ever
        return json;
    }

    /// <summary>Whether two encodings differ in nothing but the stamp.</summary>
    public static bool SameBut(ReadOnlySpan<byte> left, int leftOffset, ReadOnlySpan<byte> right, int rightOffset) =>
        leftOffset == rightOffset && leftOffset >= 0 && left.Length == right.Length
        && left[..leftOffset].SequenceEqual(right[..rightOffset])
        && left[(leftOffset + RevisionStamp.Length)..].SequenceEqual(right[(rightOffset + RevisionStamp.Length)..]);

    /// <summary>The bytes of the top-level <c>metadata</c> value.</summary>
    public static ReadOnlyMemory<byte> Metadata(ReadOnlyMemory<byte> json)
    {
        var reader = new Utf8JsonReader(json.Span, JsonLimits.ReaderOptions);
        reader.Read();
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var found = reader.ValueTextEquals("metadata"u8);
            reader.Read();
            var start = (int)reader.TokenStartIndex;
            reader.Skip();
            if (found)
                return json[start..(int)reader.BytesConsumed];
        }
        return "{}"u8.ToArray();
    }

    /// <summary>The object's resourceVersion; empty when it has none.</summary>
    public static string ResourceVersion(ReadOnlyMemory<byte> json) => MetadataText(json, "resourceVersion"u8);

    /// <summary>The object's uid; empty when it has none.</summary>
    public static string Uid(ReadOnlyMemory<byte> json) => MetadataText(json, "uid"u8);

    private static string MetadataText(ReadOnlyMemory<byte> json, ReadOnlySpan<byte> field)
    {
        var metadata = Metadata(json);
        var reader = new Utf8JsonReader(metadata.Span, JsonLimits.ReaderOptions);
        reader.Read();
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var found = reader.ValueTextEquals(field);
            reader.Read();
            if (found)
                return reader.GetString() ?? "";
            reader.Skip();
        }
        return "";
    }

    /// <summary>The failure that a store's error means to a client.</summary>
    public static RequestFailure FailureOf(StoreError error) => error.Kind switch
    {
        StoreErrorKind.Compacted => Failure.Expired("The resourceVersion for the provided list is too old."),
        StoreErrorKind.Overloaded => Failure.TooManyRequests("the store has too many writes waiting, please try again later", 1),
        StoreErrorKind.TooLarge => Failure.TooLarge(Pipeline.BodyReader.MaxBytes),
        StoreErrorKind.NoSpace => new(500, "InternalError", "Internal error occurred: etcdserver: mvcc: database space exceeded") { HasDetails = true },
        StoreErrorKind.Closed => Failure.Unavailable("the server is shutting down"),
        _ => Failure.Internal(error.Message),
    };
}
