using System.Buffers;
using System.Reflection;
using System.Text.Json;
using Cybernetes.Objects;
using Cybernetes.Objects.Core.V1;
using Cybernetes.Objects.Schema;

namespace Cybernetes.Wire.Tests;

/// <summary>The classes' own protobuf against the slow and obvious way: by JSON, led by the facts.</summary>
public class TypedProtobufTests
{
    private const int ObjectsOfAKind = 4;

    [Fact]
    public void Classes_OfEveryKind_WriteAndReadWhatTheFactsSay()
    {
        MethodInfo check = typeof(TypedProtobufTests).GetMethod(nameof(ProblemsOf), BindingFlags.NonPublic | BindingFlags.Static)!;
        List<Type> types = [.. typeof(IKubernetesObject).Assembly.GetTypes()
            .Where(t => t is { IsClass: true, IsAbstract: false, IsGenericType: false } && t.IsAssignableTo(typeof(IKubernetesObject))
                && t.IsAssignableTo(typeof(IProtobufMessage)))];
        Assert.True(types.Count > 100, $"{types.Count} kinds");
        Assert.Empty(types.SelectMany(t => (List<string>)check.MakeGenericMethod(t).Invoke(null, null)!));
    }

    [Fact]
    public void Merge_RandomBytes_RefusesOrReads()
    {
        Random random = new(17);
        Pod good = new() { Metadata = { Name = "a", Labels = new() { ["x"] = "y" } }, Spec = { Containers = [new() { Name = "c" }] } };
        ProtobufWriter writer = new();
        good.WriteProtobuf(writer);
        byte[] whole = writer.ToArray();
        for (int i = 0; i < 20000; i++)
        {
            byte[] bytes = [.. whole];
            for (int n = random.Next(1, 5); n > 0; n--) bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
            try
            {
                new Pod().MergeProtobuf(bytes.AsSpan(0, random.Next(bytes.Length + 1)));
            }
            catch (ObjectDecodeException)
            {
                // Refused is fine; anything else fails the test.
            }
        }
    }

    [Fact]
    public void Merge_RawThatIsNoJson_IsRefused()
    {
        ProtobufWriter writer = new();
        ProtobufWrite.Raw(writer, 2, RawJson.FromText("{\"a\":"));
        Assert.Throws<ObjectDecodeException>(() => new Objects.Apps.V1.ControllerRevision().MergeProtobuf(writer.Written));
    }

    private static List<string> ProblemsOf<T>() where T : class, IKubernetesObject<T>, IProtobufMessage
    {
        List<string> problems = [];
        TypeFacts type = SchemaFacts.FindType(T.Facts.Group, T.Facts.Version, T.Facts.Kind)!;
        FactsFiller filler = new(11);
        for (int i = 0; i < ObjectsOfAKind; i++)
        {
            JsonMap json = filler.Fill(type, 0);
            json["apiVersion"] = T.Facts.APIVersion;
            json["kind"] = T.Facts.Kind;
            T typed = Read<T>(json);
            byte[] expected = JsonToProtobuf.Write(Json(typed));
            ProtobufWriter writer = new();
            int message = ProtobufEnvelope.Start(writer, T.Facts.APIVersion, T.Facts.Kind);
            typed.WriteProtobuf(writer);
            ProtobufEnvelope.End(writer, message);
            if (!writer.Written.SequenceEqual(expected))
                problems.Add($"{T.Facts.APIVersion} {T.Facts.Kind}: written differs at byte {writer.Written.CommonPrefixLength(expected)} of {json}");
            T back = T.New();
            back.MergeProtobuf(ProtobufEnvelope.Open(expected, out _, out _));
            if (!back.SemanticEquals(typed))
                problems.Add($"{T.Facts.APIVersion} {T.Facts.Kind}: {json} came back as {JsonTree.Parse(Json(back))}");
        }
        return problems;
    }

    private static byte[] Json(IJsonWritable value)
    {
        ArrayBufferWriter<byte> buffer = new();
        using (Utf8JsonWriter writer = new(buffer, JsonLimits.WriterOptions)) value.WriteJson(writer);
        return buffer.WrittenSpan.ToArray();
    }

    private static T Read<T>(JsonMap json) where T : class, IKubernetesObject<T>
    {
        byte[] bytes = json.ToUtf8();
        Utf8JsonReader reader = new(bytes, JsonLimits.ReaderOptions);
        reader.Read();
        return T.ReadJson(ref reader, new DecodeContext { Source = bytes });
    }
}
