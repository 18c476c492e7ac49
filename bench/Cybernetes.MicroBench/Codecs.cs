using System.Buffers;
using System.Text.Json;
using BenchmarkDotNet.Attributes;
using Cybernetes.Objects;
using Cybernetes.Objects.Core.V1;
using Cybernetes.Wire;

namespace Cybernetes.MicroBench;

/// <summary>A pod of 3 KB between bytes and its class, as JSON and as protobuf.</summary>
public class Codecs
{
    private readonly ArrayBufferWriter<byte> _buffer = new(8192);
    private readonly ProtobufWriter _protobufWriter = new(8192);
    private readonly byte[] _json;
    private readonly byte[] _protobuf;
    private readonly Pod _pod;

    public Codecs()
    {
        using var stream = typeof(Codecs).Assembly.GetManifestResourceStream("pod.json")!;
        using var memory = new MemoryStream();
        stream.CopyTo(memory);
        _json = JsonTree.ParseMap(memory.ToArray()).ToUtf8();
        _pod = JsonDecode();
        _protobuf = ProtobufEncode();
    }

    [Benchmark]
    public Pod JsonDecode()
    {
        var reader = new Utf8JsonReader(_json, JsonLimits.ReaderOptions);
        reader.Read();
        return Pod.ReadJson(ref reader, new DecodeContext { Source = _json });
    }

    [Benchmark]
    public int JsonEncode()
    {
        _buffer.ResetWrittenCount();
        using var writer = new Utf8JsonWriter(_buffer);
        _pod.WriteJson(writer);
        writer.Flush();
        return _buffer.WrittenCount;
    }

    [Benchmark]
    public Pod ProtobufDecode()
    {
        var pod = new Pod();
        ((IProtobufMessage)pod).MergeProtobuf(_protobuf);
        return pod;
    }

    [Benchmark]
    public byte[] ProtobufEncode()
    {
        _protobufWriter.Clear();
        ((IProtobufMessage)_pod).WriteProtobuf(_protobufWriter);
        return _protobufWriter.ToArray();
    }

    [Benchmark]
    public byte[] JsonToProtobufBytes() => JsonToProtobuf.Write(_json);

    [Benchmark]
    public JsonTree TreeParse() => JsonTree.Parse(_json);
}
