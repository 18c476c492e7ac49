using System.Buffers;
using System.Text.Json;
using Cybernetes.Objects;

namespace Cybernetes.Client.Transport;

/// <summary>Typed objects to and from the JSON bytes of bodies.</summary>
internal static class WireBody
{
    public static ReadOnlyMemory<byte> Write<T>(T value)
        where T : class, IWireObject<T>
    {
        var buffer = new ArrayBufferWriter<byte>(1024);
        using (var writer = new Utf8JsonWriter(buffer, JsonLimits.WriterOptions))
            value.WriteJson(writer);
        return buffer.WrittenMemory;
    }

    /// <exception cref="ObjectDecodeException">Not JSON, or not this type.</exception>
    public static T Read<T>(ReadOnlyMemory<byte> body)
        where T : class, IWireObject<T>
    {
        var reader = new Utf8JsonReader(body.Span, JsonLimits.ReaderOptions);
        var context = new DecodeContext(collectStrict: false);
        context.Reset(body);
        try
        {
            reader.Read();
            return T.ReadJson(ref reader, context);
        }
        catch (JsonException failure)
        {
            throw new ObjectDecodeException($"the server's answer is not JSON: {failure.Message}", failure);
        }
    }
}
