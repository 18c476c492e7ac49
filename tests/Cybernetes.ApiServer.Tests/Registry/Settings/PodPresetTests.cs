using System.Net;
using Cybernetes.ApiServer.Registry.Settings;

namespace Cybernetes.ApiServer.Tests.Registry.Settings;

public sealed class PodPresetTests
{
    private const string Presets = "/apis/settings.k8s.io/v1alpha1/namespaces/default/podpresets";
    private const string Pods = "/api/v1/namespaces/default/pods";

    private const string Preset = """
        {"kind":"PodPreset","apiVersion":"settings.k8s.io/v1alpha1","metadata":{"name":"db"},
         "spec":{"selector":{"matchLabels":{"role":"front"}},"env":[{"name":"DB_PORT","value":"6379"}],"envFrom":[{"configMapRef":{"name":"m"}}],
                 "volumes":[{"name":"cache","emptyDir":{}}],"volumeMounts":[{"name":"cache","mountPath":"/cache"}]}}
        """;

    private static readonly PodPresetKind Kind = new();

    [Theory]
    [InlineData("{}", "spec.volumes.env.envFrom.volumeMounts: Required value: must specify at least one")]
    [InlineData("""{"env":[{"value":"a"}]}""", "spec.env[0].name: Required value")]
    [InlineData("""{"envFrom":[{}]}""", "spec.envFrom: Invalid value: \"\": must specify one of: `configMapRef` or `secretRef`")]
    [InlineData("""{"volumeMounts":[{"name":"v","mountPath":"/v"}]}""", "spec.volumeMounts[0].name: Not found: \"v\"")]
    public void Create_BadSpec_Explains(string spec, string expected) => Assert.Equal(
        [expected], KindBench.CreateErrors(Kind, """{"metadata":{"name":"p"},"spec":""" + spec + "}"));

    [Fact]
    public void Update_OfSpec_KeepsTheOldOne()
    {
        var old = KindBench.Created(Kind, Preset);
        var updated = KindBench.Updated(Kind, old, Preset.Replace("6379", "1", StringComparison.Ordinal));
        Assert.Contains("6379", KindBench.Json(updated), StringComparison.Ordinal);
    }

    [Fact]
    public async Task NewPod_ThatAPresetSelects_GetsWhatItSays()
    {
        await using var server = await StartAsync();
        var pod = await CreateAsync(server, """ "labels":{"role":"front"} """, """ "env":[{"name":"DB_PORT","value":"6379"}], """);
        Assert.Equal("6379", pod.At("spec.containers.0.env.0.value"));
        Assert.Equal("", pod.At("spec.containers.0.env.0.valueFrom"));
        Assert.Equal("m", pod.At("spec.containers.0.envFrom.0.configMapRef.name"));
        Assert.Equal("/cache", pod.At("spec.containers.0.volumeMounts.0.mountPath"));
        Assert.Equal("/cache", pod.At("spec.initContainers.0.volumeMounts.0.mountPath"));
        Assert.Equal("6379", pod.At("spec.initContainers.0.env.0.value"));
        Assert.Equal("cache", pod.At("spec.volumes.1.name"));
        var preset = await server.GetAsync($"{Presets}/db");
        Assert.Equal(preset.At("metadata.resourceVersion"), (string?)pod.Json["metadata"]!["annotations"]!["podpreset.admission.kubernetes.io/podpreset-db"]);
    }

    [Theory]
    [InlineData(""" "labels":{"role":"back"} """, "")]
    [InlineData(""" "labels":{"role":"front"},"annotations":{"podpreset.admission.kubernetes.io/exclude":"true"} """, "")]
    [InlineData(""" "labels":{"role":"front"} """, """ "env":[{"name":"DB_PORT","value":"other"}], """)]
    [InlineData(""" "labels":{"role":"front"} """, """ "volumeMounts":[{"name":"mine","mountPath":"/cache"}], """)]
    public async Task NewPod_ThatIsNotMeantOrContradicts_StaysAsItIs(string metadata, string container)
    {
        await using var server = await StartAsync();
        var pod = await CreateAsync(server, metadata, container);
        Assert.DoesNotContain("podpreset-db", pod.Text, StringComparison.Ordinal);
        Assert.DoesNotContain("\"envFrom\"", pod.Text, StringComparison.Ordinal);
        Assert.DoesNotContain("\"name\":\"cache\"", pod.Text, StringComparison.Ordinal);
    }

    private static async Task<ServerFixture> StartAsync()
    {
        var server = await ServerFixture.StartAsync();
        await server.SendAsync("POST", "/api/v1/namespaces/default/serviceaccounts", """{"metadata":{"name":"default"}}""");
        var reply = await server.SendAsync("POST", Presets, Preset);
        Assert.Equal(HttpStatusCode.Created, reply.Status);
        Assert.Contains("PodPreset is deprecated in v1.19+", string.Join(' ', reply.Warnings), StringComparison.Ordinal);
        return server;
    }

    private static async Task<Reply> CreateAsync(ServerFixture server, string metadata, string container)
    {
        var json = """{"metadata":{"name":"p",METADATA},"spec":{"automountServiceAccountToken":false,"volumes":[{"name":"mine","emptyDir":{}}],"initContainers":[{"name":"i","image":"i"}],"containers":[{CONTAINER"name":"c","image":"i"}]}}""";
        var reply = await server.SendAsync("POST", Pods, json.Replace("METADATA", metadata, StringComparison.Ordinal).Replace("CONTAINER", container, StringComparison.Ordinal));
        Assert.True(reply.Status == HttpStatusCode.Created, reply.Text);
        return reply;
    }
}
