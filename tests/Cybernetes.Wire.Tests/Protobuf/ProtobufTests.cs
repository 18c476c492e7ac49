using System.Buffers;
using System.Text.Json;
using Cybernetes.Objects;
using Cybernetes.Objects.Core.V1;
using Cybernetes.Objects.Schema;

namespace Cybernetes.Wire.Tests;

public class ProtobufTests
{
    [Fact]
    public void Primitives_WrittenThenRead_AreTheSame()
    {
        ProtobufWriter writer = new(4);
        writer.Int64(1, -1);
        writer.Int64(2, long.MaxValue);
        int outer = writer.StartMessage(3);
        writer.String(1, new string('x', 300));
        int inner = writer.StartMessage(20);
        writer.Double(1, 1.5);
        writer.EndMessage(inner);
        writer.EndMessage(outer);
        writer.Boolean(4, true);

        ProtobufReader reader = new(writer.Written);
        Assert.True(reader.NextField());
        Assert.Equal(-1, reader.Int64());
        reader.NextField();
        Assert.Equal(long.MaxValue, reader.Int64());
        reader.NextField();
        ProtobufReader nested = new(reader.Bytes());
        nested.NextField();
        Assert.Equal(300, nested.String().Length);
        nested.NextField();
        Assert.Equal(20, nested.Field);
        nested.Skip();
        Assert.False(nested.NextField());
        reader.NextField();
        Assert.True(reader.Boolean());
        Assert.False(reader.NextField());
    }

    [Fact]
    public void Envelope_OfAPod_IsWhatUpstreamWrites()
    {
        byte[] bytes = JsonToProtobuf.Write((JsonMap)JsonTree.Parse("""{"apiVersion":"v1","kind":"Pod","metadata":{"name":"a"}}"""));
        Assert.Equal("6B387300" + "0A090A0276311203506F64" + "1205" + "0A030A0161" + "1A00" + "2200", Convert.ToHexString(bytes));
    }

    [Theory]
    [InlineData("", "empty data")]
    [InlineData("00", "provided data does not appear to be a protobuf message, expected prefix [107 56 115 0]")]
    [InlineData("6B387300", "empty body")]
    [InlineData("6B3873000A09", "unexpected EOF")]
    [InlineData("6B3873000A030A0158", "no kind \"\" is registered for version \"X\"")]
    public void Envelope_Malformed_GivesUpstreamsError(string hex, string error) =>
        Assert.Equal(error, Assert.Throws<ObjectDecodeException>(() => ProtobufToJson.Read(Convert.FromHexString(hex))).Message);

    [Fact]
    public void Pod_WithEverything_SurvivesTheTrip()
    {
        const string Json = """
            {"kind":"Pod","apiVersion":"v1","metadata":{"name":"web","labels":{"a":"b"},"creationTimestamp":"2026-01-02T03:04:05Z",
            "managedFields":[{"manager":"m","fieldsV1":{"f:spec":{}}}]},"spec":{"volumes":[{"name":"v","emptyDir":{"sizeLimit":"1Gi"}}],
            "containers":[{"name":"c","resources":{"limits":{"cpu":"500m"}},"ports":[{"containerPort":80}],
            "livenessProbe":{"httpGet":{"port":"http"},"periodSeconds":5}}],"terminationGracePeriodSeconds":0,"hostNetwork":true,
            "tolerations":[{"key":"x","tolerationSeconds":-1}]}}
            """;
        JsonMap original = (JsonMap)JsonTree.Parse(Json);
        JsonMap back = ProtobufToJson.Read(JsonToProtobuf.Write(original));
        Assert.True(back.DeepEquals(original), back.ToString());
        Assert.True(Typed(original).SemanticEquals(Typed(back)));
    }

    [Fact]
    public void List_ThereAndBack_SurvivesTheTrip()
    {
        JsonMap list = (JsonMap)JsonTree.Parse(
            """{"kind":"PodList","apiVersion":"v1","metadata":{"resourceVersion":"7"},"items":[{"metadata":{"name":"a"}},{"metadata":{"name":"b"}}]}""");
        Assert.True(ProtobufToJson.Read(JsonToProtobuf.Write(list)).DeepEquals(list));
    }

    [Fact]
    public void EveryKind_FilledAtRandomFromItsFacts_SurvivesTheTrip()
    {
        FactsFiller filler = new(3);
        foreach (KindFacts kind in SchemaFacts.Kinds)
        {
            if (SchemaFacts.FindType(kind.Group, kind.Version, kind.Kind) is not { } type) continue;
            if (kind.Kind is "Table" or "WatchEvent" or "List") continue;
            for (int i = 0; i < 3; i++)
            {
                JsonMap original = filler.Fill(type, 0);
                original["apiVersion"] = kind.APIVersion;
                original["kind"] = kind.Kind;
                JsonMap back = ProtobufToJson.Read(JsonToProtobuf.Write(original));
                Assert.True(back.DeepEquals(original), $"{original}\ncame back as\n{back}");
                JsonTree yaml = YamlReader.ReadFirst(System.Text.Encoding.UTF8.GetBytes(YamlWriter.Write(original)));
                Assert.True(yaml.DeepEquals(original), $"{original}\ncame back from YAML as\n{yaml}");
            }
        }
    }

    [Fact]
    public void Reader_RandomBytes_NeverCrashes()
    {
        Random random = new(31);
        byte[] good = JsonToProtobuf.Write(
            (JsonMap)JsonTree.Parse("""{"kind":"Pod","apiVersion":"v1","metadata":{"name":"a","labels":{"x":"y"}},"spec":{"containers":[{"name":"c"}]}}"""));
        for (int i = 0; i < 30000; i++)
        {
            byte[] bytes = [.. good];
            for (int n = random.Next(1, 5); n > 0; n--) bytes[random.Next(4, bytes.Length)] = (byte)random.Next(256);
            try
            {
                ProtobufToJson.Read(bytes.AsSpan(0, random.Next(4, bytes.Length + 1)));
            }
            catch (ObjectDecodeException)
            {
                // Refused is fine; anything else fails the test.
            }
        }
    }

    private static Pod Typed(JsonMap map)
    {
        byte[] bytes = map.ToUtf8();
        Utf8JsonReader reader = new(bytes, JsonLimits.ReaderOptions);
        reader.Read();
        DecodeContext context = new() { Source = bytes };
        Pod pod = Pod.ReadJson(ref reader, context);
        Assert.Empty(context.StrictFindings);
        return pod;
    }
}
