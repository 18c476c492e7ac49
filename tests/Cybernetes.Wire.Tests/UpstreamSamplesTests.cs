using System.Buffers;
using System.Text.Json;
using Cybernetes.Objects;
using Cybernetes.Objects.Schema;

namespace Cybernetes.Wire.Tests;

/// <summary>
/// Holds our codecs against upstream's own sample objects, every field of every kind filled: JSON, YAML and protobuf of each must mean the same and be
/// written byte for byte as upstream writes them. The samples are not ours to keep: Debian's <c>golang-k8s-api-dev</c> has them; run with
/// <c>KUBERNETES_API_SAMPLES=FOLDER</c> naming its <c>k8s.io/api/testdata/HEAD</c> and <c>-explicit only</c>.
/// </summary>
public class UpstreamSamplesTests
{
    private static readonly string s_folder = Environment.GetEnvironmentVariable("KUBERNETES_API_SAMPLES") ?? "";

    // Not a kind that is sent by its name: the frames of a watch.
    private static readonly string[] s_left = ["core.v1.WatchEvent"];

    [Fact(Explicit = true)]
    public void Samples_AsProtobuf_AreWrittenAndReadAsUpstreamDoes() => ForEach((name, json) =>
    {
        var expected = File.ReadAllBytes(Path.Combine(s_folder, name + ".pb"));
        var read = ProtobufToJson.Read(expected);
        if (!read.DeepEquals(json))
            return "read differs: " + Difference(json.ToString(), read.ToString());
        var written = JsonToProtobuf.Write(json);
        return written.AsSpan().SequenceEqual(expected) ? null : $"written differs at byte {written.AsSpan().CommonPrefixLength(expected)} of {expected.Length}";
    });

    [Fact(Explicit = true)]
    public void Samples_AsYaml_MeanTheSame() => ForEach((name, json) =>
    {
        var read = YamlReader.ReadFirst(File.ReadAllBytes(Path.Combine(s_folder, name + ".yaml")));
        return read.DeepEquals(json) ? null : Difference(json.ToString(), read.ToString());
    });

    [Fact(Explicit = true)]
    public void Samples_AsTypedObjects_LoseAndInventNothing()
    {
        var types = typeof(IKubernetesObject).Assembly.GetTypes()
            .Where(t => t is { IsClass: true, IsAbstract: false } && t.IsAssignableTo(typeof(IKubernetesObject)) && !t.IsGenericType)
            .ToDictionary(t => (KindFacts)t.GetProperty("Facts")!.GetValue(null)!);
        ForEach((_, json) =>
        {
            var (group, version) = Split(json.String("apiVersion")!);
            var facts = SchemaFacts.FindKind(group, version, json.String("kind")!);
            if (facts is null) // options, Status and the like belong to every group
                return SchemaFacts.FindType("meta.k8s.io", "v1", json.String("kind")!) is null && group.Length > 0 ? "no facts" : null;
            var type = types.FirstOrDefault(t => t.Key.Kind == facts.Kind && t.Key.Group == group && t.Key.Version == version).Value;
            return type is null ? null : (string?)typeof(UpstreamSamplesTests).GetMethod(nameof(TripOf))!.MakeGenericMethod(type).Invoke(null, [json]);
        });
    }

    public static string? TripOf<T>(JsonMap json) where T : class, IKubernetesObject<T>
    {
        var context = new DecodeContext();
        var bytes = json.ToUtf8();
        var reader = new Utf8JsonReader(bytes, JsonLimits.ReaderOptions);
        reader.Read();
        var typed = T.ReadJson(ref reader, context);
        var buffer = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(buffer, JsonLimits.WriterOptions))
            typed.DeepClone().WriteJson(writer);
        var back = JsonTree.Parse(buffer.WrittenSpan);
        if (context.StrictFindings.Count > 0)
            return string.Join("; ", context.StrictFindings);
        // Upstream's server names the kind of claim templates, its codec alone does not.
        if (json.String("kind") == "StatefulSet")
            ForgetKinds(back);
        return back.DeepEquals(json) ? null : Difference(json.ToString(), back.ToString());
    }

    private static void ForgetKinds(JsonTree set)
    {
        foreach (var claim in ((JsonMap)set).Map("spec")!.List("volumeClaimTemplates")!.OfType<JsonMap>())
        {
            claim.Remove("kind");
            claim.Remove("apiVersion");
        }
    }

    private static void ForEach(Func<string, JsonMap, string?> check)
    {
        Assert.True(Directory.Exists(s_folder), "set KUBERNETES_API_SAMPLES to the folder with upstream's samples");
        var wrong = new List<string>();
        var files = Directory.GetFiles(s_folder, "*.json").Order(StringComparer.Ordinal).ToList();
        foreach (var file in files)
        {
            var name = Path.GetFileNameWithoutExtension(file);
            if (s_left.Any(name.StartsWith) || name.EndsWith(".after_roundtrip", StringComparison.Ordinal))
                continue;
            try
            {
                if (check(name, (JsonMap)JsonTree.Parse(File.ReadAllBytes(file))) is { } problem)
                    wrong.Add($"{name}: {problem}");
            }
            catch (Exception e)
            {
                wrong.Add($"{name}: {(e.InnerException ?? e).GetType().Name} {(e.InnerException ?? e).Message}");
            }
        }
        Assert.True(wrong.Count == 0, $"{wrong.Count} of {files.Count} samples:\n{string.Join('\n', wrong)}");
    }

    private static (string Group, string Version) Split(string apiVersion) =>
        apiVersion.IndexOf('/') is var slash and >= 0 ? (apiVersion[..slash], apiVersion[(slash + 1)..]) : ("", apiVersion);

    private static string Difference(string expected, string actual)
    {
        var at = expected.AsSpan().CommonPrefixLength(actual);
        string Near(string text) => text[Math.Max(0, Math.Min(at, text.Length) - 60)..Math.Min(text.Length, at + 60)];
        return $"expected …{Near(expected)}… but was …{Near(actual)}…";
    }
}
