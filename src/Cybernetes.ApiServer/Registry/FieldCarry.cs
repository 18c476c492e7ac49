using System.Buffers;
using System.Text.Json;
using Cybernetes.Objects;

namespace Cybernetes.ApiServer.Registry;

/// <summary>Makes a structure of another version out of one whose fields have the same names.</summary>
internal static class FieldCarry
{
    /// <summary>The fields that both types have, by name; what the target lacks is lost.</summary>
    public static TTo Over<TFrom, TTo>(TFrom from) where TFrom : class, IWireObject<TFrom> where TTo : class, IWireObject<TTo>
    {
        var buffer = new ArrayBufferWriter<byte>(4096);
        using (var writer = new Utf8JsonWriter(buffer, JsonLimits.WriterOptions))
            from.WriteJson(writer);
        var reader = new Utf8JsonReader(buffer.WrittenSpan, JsonLimits.ReaderOptions);
        reader.Read();
        return TTo.ReadJson(ref reader, new DecodeContext(collectStrict: false) { Source = buffer.WrittenMemory });
    }
}
