using System.Text;
using System.Text.Json;
using Cybernetes.Objects;
using Cybernetes.Objects.Apps.V1;
using Cybernetes.Objects.Schema;

namespace Cybernetes.Wire.Tests;

/// <summary>Whatever comes in, a codec answers with a document or with its one exception, in bounded memory.</summary>
public sealed class CodecFuzzTests
{
    private const long MostBytes = 1L << 30;

    [Fact]
    public Task Json_Anything_IsReadOrRefused() => FuzzRun.CasesAsync(source => Bounded(() =>
    {
        var bytes = source.Json();
        if (Refused<ObjectDecodeException, JsonTree>(() => JsonTree.Parse(bytes), out var tree))
            return;
        Assert.True(JsonTree.Parse(tree!.ToUtf8()).DeepEquals(tree), "what was read is not what is written");
        Assert.Null(GoJsonSyntax.Check(bytes));
    }));

    [Fact]
    public Task TypedJson_Anything_IsReadOrRefused() => FuzzRun.CasesAsync(source => Bounded(() =>
    {
        var kind = SchemaFacts.FindKind("apps", "v1", "Deployment");
        var bytes = source.Json(source.Object(kind));
        try
        {
            var reader = new Utf8JsonReader(bytes, JsonLimits.ReaderOptions);
            reader.Read();
            var deployment = Deployment.ReadJson(ref reader, new DecodeContext { Source = bytes });
            Assert.True(deployment.DeepClone().SemanticEquals(deployment));
        }
        catch (Exception e) when (e is ObjectDecodeException or JsonException or FormatException)
        {
            // Refused, as the server's decoder expects it.
        }
    }));

    [Fact]
    public Task Yaml_Anything_IsReadOrRefused() => FuzzRun.CasesAsync(source => Bounded(() =>
    {
        var bytes = source.Yaml();
        var duplicates = new List<string>();
        if (!Refused<YamlException, byte[]>(() => YamlReader.ToJson(bytes, duplicates), out var json))
            JsonTree.Parse(json!);
    }));

    [Fact]
    public Task Yaml_OfAnyObject_ComesBackTheSame() => FuzzRun.CasesAsync(source =>
    {
        var json = source.Object();
        source.Seen(json.ToString());
        Assert.True(YamlReader.ReadFirst(YamlWriter.FromJson(json.ToUtf8())).DeepEquals(json));
    });

    [Fact]
    public Task Protobuf_Anything_IsReadOrRefused() => FuzzRun.CasesAsync(source => Bounded(() =>
    {
        var bytes = source.Protobuf();
        if (Refused<ObjectDecodeException, byte[]>(() => ProtobufToJson.ToUtf8(bytes), out var json))
            return;
        // Deeper than JSON may be, where JSON stands inside the message: refused as JSON then.
        if (!Refused<ObjectDecodeException, JsonMap>(() => JsonTree.ParseMap(json!), out var tree))
            Refused<ObjectDecodeException, byte[]>(() => JsonToProtobuf.Write(tree!), out _);
    }));

    [Fact]
    public Task Protobuf_OfAnyObject_ComesBackTheSame() => FuzzRun.CasesAsync(source =>
    {
        var json = source.Object();
        source.Seen(json.ToString());
        var back = ProtobufToJson.Read(JsonToProtobuf.Write(json));
        Assert.True(back.DeepEquals(json), back.ToString());
    });

    [Fact]
    public Task Patches_Anything_AreAppliedOrRefused() => FuzzRun.CasesAsync(source => Bounded(() =>
    {
        var target = source.Object(SchemaFacts.FindKind("", "v1", "Pod"));
        var patch = Encoding.UTF8.GetBytes(source.Seen(new PatchSource(source, target).Next(out var form)));
        var schema = PatchSchema.OfKind("", "v1", "Pod")!;
        var document = target.ToUtf8();
        var whole = Outcome(() => form switch
        {
            PatchForm.Json => JsonPatch.Parse(patch).Apply(target.DeepClone()),
            PatchForm.Merge => JsonMergePatch.Apply(target.DeepClone(), patch),
            _ => StrategicMergePatch.Apply((JsonMap)target.DeepClone(), patch, schema),
        });
        // The quick way reads only what the patch touches.
        if (form == PatchForm.Merge)
            Assert.Equal(whole, Outcome(() => JsonMergePatch.Apply(document, dropsManaged: false, patch)));
        else if (form == PatchForm.Strategic)
            Assert.Equal(whole, Outcome(() => StrategicMergePatch.Apply(document, dropsManaged: false, patch, schema)));
    }));

    [Fact]
    public Task Texts_Anything_AreReadOrRefused() => FuzzRun.CasesAsync(source =>
    {
        var text = source.Selector();
        _ = LabelMatcher.TryParse(text, out _);
        _ = FieldMatcher.TryParse(text, out _);
        var token = Encoding.UTF8.GetString(source.Mutate(Encoding.UTF8.GetBytes(source.Pick(["500m", "1Gi", "2026-01-02T03:04:05Z", "1h2m", "1e3", "-0.5"]))));
        source.Seen(token);
        _ = Quantity.TryParse(token, out _);
        _ = KubernetesTime.TryParse(token, out _);
        _ = KubernetesDuration.TryParse(token, out _);
    });

    private static string Outcome(Func<JsonTree> apply)
    {
        try
        {
            return apply().ToString();
        }
        catch (Exception e) when (e is PatchException or ObjectDecodeException)
        {
            return "refused: " + e.Message;
        }
    }

    /// <summary>Runs a case and looks at what it took.</summary>
    private static void Bounded(Action run)
    {
        var before = GC.GetAllocatedBytesForCurrentThread();
        run();
        var taken = GC.GetAllocatedBytesForCurrentThread() - before;
        Assert.True(taken < MostBytes, $"it took {taken / 1_000_000} MB");
    }

    private static bool Refused<TException, T>(Func<T> read, out T? result) where TException : Exception where T : class
    {
        try
        {
            result = read();
            return false;
        }
        catch (TException)
        {
            result = null;
            return true;
        }
    }
}
