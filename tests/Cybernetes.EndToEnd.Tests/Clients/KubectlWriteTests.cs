using System.Text;
using Cybernetes.EndToEnd.Tests.Harness;

namespace Cybernetes.EndToEnd.Tests.Clients;

/// <summary>What else kubectl of each age does to objects, and how it shows them.</summary>
[Collection(ApiServerFixture.Name)]
public sealed class KubectlWriteTests(ApiServerFixture api)
{
    private const string Settings = """{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "settings", "labels": {"a": "1"}}, "data": {"colour": "blue"}}""";

    private static readonly TimeSpan QuietLimit = TimeSpan.FromSeconds(120);
    private static readonly TimeSpan ProxyLimit = TimeSpan.FromSeconds(30);

    public static TheoryData<string> Versions => KubectlVersions.OfEachAge();

    [ClusterTheory, MemberData(nameof(Versions))]
    public async Task Replace_Object_IsAsWritten(string version)
    {
        var kubectl = await api.KubectlAsync(version);
        await kubectl.OkWithInputAsync(Settings, "create", "-f", "-");
        var uid = await kubectl.OkAsync("get", "configmap", "settings", "-o", "jsonpath={.metadata.uid}");

        var said = await kubectl.OkWithInputAsync(Settings.Replace("\"colour\": \"blue\"", "\"size\": \"1\"", StringComparison.Ordinal), "replace", "-f", "-");
        var data = await kubectl.OkAsync("get", "configmap", "settings", "-o", "jsonpath={.data}");
        var forced = await kubectl.OkWithInputAsync(Settings, "replace", "--force", "-f", "-");
        var newUid = await kubectl.OkAsync("get", "configmap", "settings", "-o", "jsonpath={.metadata.uid}");

        Assert.Equal("configmap/settings replaced\n", said);
        Assert.Equal("""{"size":"1"}""", data.Replace("map[size:1]", """{"size":"1"}""", StringComparison.Ordinal));
        Assert.EndsWith("configmap/settings replaced\n", forced);
        Assert.NotEqual(uid, newUid);
    }

    [ClusterTheory, MemberData(nameof(Versions))]
    public async Task Edit_ByAnEditor_ChangesTheObject(string version)
    {
        var kubectl = await api.KubectlAsync(version);
        await kubectl.OkWithInputAsync(Settings, "create", "-f", "-");

        var said = await kubectl.With("sed -i s/blue/green/").OkAsync("edit", "configmap", "settings");
        var nothing = await kubectl.With("true").RunAsync("edit", "configmap", "settings");

        Assert.Equal("configmap/settings edited\n", said);
        Assert.Contains("Edit cancelled, no changes made.", nothing.Output + nothing.Error);
        Assert.Equal("green", await kubectl.OkAsync("get", "configmap", "settings", "-o", "jsonpath={.data.colour}"));
    }

    [ClusterTheory, MemberData(nameof(Versions))]
    public async Task Proxy_RequestsWithoutCredentials_ReachTheServer(string version)
    {
        var kubectl = await api.KubectlAsync(version);
        await kubectl.OkWithInputAsync(Settings, "create", "-f", "-");
        var log = $"{api.Server.DataDirectory}/../proxy-{kubectl.Namespace}.log";
        await using var proxy = kubectl.Start(log, "proxy", "--port=0");
        const string head = "Starting to serve on ";
        await Until.TrueAsync("the proxy serves", ProxyLimit, () => File.ReadAllText(log).Contains(head, StringComparison.Ordinal), () => proxy.LogTail());
        var server = "--server=http://" + File.ReadAllText(log).Split(head)[1].Trim();

        var version1 = await kubectl.OkAsync(server, "get", "--raw", "/version");
        var colour = await kubectl.OkAsync(server, "get", "configmap", "settings", "-o", "jsonpath={.data.colour}");
        var said = await kubectl.OkAsync(server, "label", "configmap", "settings", "b=2");
        var refused = await kubectl.RunAsync(server, "get", "--raw", $"/api/v1/namespaces/{kubectl.Namespace}/pods/x/exec?command=ls");

        Assert.Contains("\"major\": \"1\"", version1);
        Assert.Equal("blue", colour);
        Assert.Contains("configmap/settings labeled", said);
        // The proxy itself lets nobody run commands in pods.
        Assert.Contains("orbidden", refused.Error);
    }

    [ClusterTheory, MemberData(nameof(Versions))]
    public async Task Patch_OfEachType_ChangesTheObject(string version)
    {
        var kubectl = await api.KubectlAsync(version);
        await kubectl.OkAsync("create", "deployment", "web", "--image=nginx:1.25");
        await kubectl.OkAsync("scale", "deployment", "web", "--replicas=0");
        const string Strategic = """{"spec": {"template": {"spec": {"containers": [{"name": "helper", "image": "busybox"}]}}}}""";
        const string Merge = """{"metadata": {"annotations": {"note": "x"}}, "spec": {"replicas": 2, "paused": true}}""";
        const string Json = """[{"op": "test", "path": "/spec/replicas", "value": 2}, {"op": "replace", "path": "/spec/replicas", "value": 4}]""";

        await kubectl.OkAsync("patch", "deployment", "web", "-p", Strategic);
        await kubectl.OkAsync("patch", "deployment", "web", "--type=merge", "-p", Merge);
        var said = await kubectl.OkAsync("patch", "deployment", "web", "--type=json", "-p", Json);
        // kubectl compares with what it read before: while the controllers still write the status, something has changed in between.
        await Until.TrueAsync("a patch that changes nothing says so", QuietLimit, async () => await kubectl.OkAsync(
            "patch", "deployment", "web", "--type=merge", "-p", """{"spec": {"replicas": 4}}""") == "deployment.apps/web patched (no change)\n");
        var failed = await kubectl.RunAsync("patch", "deployment", "web", "--type=json", "-p", Json);
        var shown = await kubectl.OkAsync(
            "get", "deployment", "web", "-o", "jsonpath={.spec.template.spec.containers[*].name} {.metadata.annotations.note} {.spec.replicas}");

        Assert.Equal("deployment.apps/web patched\n", said);
        Assert.Equal("helper nginx x 4", shown);
        Assert.Equal(1, failed.ExitCode);
    }

    [ClusterTheory, MemberData(nameof(Versions))]
    public async Task ExplainRecursive_OldAndNewVersions_TellsTheFields(string version)
    {
        var kubectl = await api.KubectlAsync(version);

        var deployment = await kubectl.OkAsync("explain", "deployments", "--recursive");
        var ingress = await kubectl.OkAsync("explain", "ingress", "--recursive", "--api-version=extensions/v1beta1");

        Assert.Matches(@"(?m)^ +terminationGracePeriodSeconds\t<integer>", deployment);
        Assert.Matches(@"(?m)^ +serviceName\t<string>", ingress);
        Assert.Matches("(?m)^ +servicePort\t<", ingress);
    }

    [ClusterTheory, MemberData(nameof(Versions))]
    public async Task Get_CustomColumnsAndJsonPath_ShowWhatIsAsked(string version)
    {
        var kubectl = await api.KubectlAsync(version);
        await kubectl.OkWithInputAsync(Settings, "create", "-f", "-");
        await kubectl.OkAsync("create", "service", "clusterip", "web", "--tcp=80:8080", "--tcp=443:8443");

        var columns = await kubectl.OkAsync("get", "configmap", "settings", "-o", "custom-columns=NAME:.metadata.name,COLOUR:.data.colour,NONE:.data.none");
        var path = await kubectl.OkAsync("get", "service", "web", "-o", "jsonpath={range .spec.ports[*]}{.port}->{.targetPort} {end}");
        var filtered = await kubectl.OkAsync("get", "service", "web", "-o", "jsonpath={.spec.ports[?(@.port==443)].targetPort}");
        var template = await kubectl.OkAsync("get", "configmap", "settings", "-o", "go-template={{.data.colour}}");

        Assert.Matches("^NAME +COLOUR +NONE\nsettings +blue +<none>\n$", columns);
        Assert.Equal("80->8080 443->8443 ", path);
        Assert.Equal("8443", filtered);
        Assert.Equal("blue", template);
    }

    [ClusterTheory, MemberData(nameof(Versions))]
    public async Task Wait_ForConditionAndDeletion_Ends(string version)
    {
        var kubectl = await api.KubectlAsync(version);
        await kubectl.OkAsync("run", "web", "--image=nginx");
        const string Status = """{"status": {"conditions": [{"type": "Ready", "status": "True"}]}}""";
        using var content = new StringContent(Status, Encoding.UTF8, "application/strategic-merge-patch+json");
        using var answer = await api.Server.Http.PatchAsync($"api/v1/namespaces/{kubectl.Namespace}/pods/web/status", content);
        Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync());

        var ready = await kubectl.OkAsync("wait", "--for=condition=Ready", "pod/web", "--timeout=180s");
        var late = await kubectl.RunAsync("wait", "--for=condition=Other", "pod/web", "--timeout=1s");
        await kubectl.OkAsync("delete", "pod", "web", "--wait=false");
        var gone = await kubectl.RunAsync("wait", "--for=delete", "pod/web", "--timeout=180s");

        Assert.Equal("pod/web condition met\n", ready);
        Assert.Contains("timed out waiting for the condition", late.Error);
        // Versions differ in what they say of what is gone already.
        Assert.True(gone.ExitCode == 0 || gone.Error.Contains(" found", StringComparison.Ordinal), gone.Error);
    }

    [ClusterTheory, MemberData(nameof(Versions))]
    public async Task LabelAnnotateAndTaint_Node_AreSetAndTakenAway(string version)
    {
        var kubectl = await api.KubectlAsync(version);
        var node = "node-" + kubectl.Namespace;
        await kubectl.OkWithInputAsync($$$"""{"apiVersion": "v1", "kind": "Node", "metadata": {"name": "{{{node}}}"}}""", "create", "-f", "-");

        await kubectl.OkAsync("label", "node", node, "disk=ssd", "zone=a");
        var refused = await kubectl.RunAsync("label", "node", node, "disk=hdd");
        await kubectl.OkAsync("label", "node", node, "disk=hdd", "zone-", "--overwrite");
        await kubectl.OkAsync("annotate", "node", node, "note=one two");
        await kubectl.OkAsync("taint", "node", node, "only=db:NoSchedule", "old=:PreferNoSchedule");
        var tainted = await kubectl.OkAsync("get", "node", node, "-o", "jsonpath={.spec.taints[?(@.key=='only')].effect}");
        var untainted = await kubectl.OkAsync("taint", "node", node, "only-", "old:PreferNoSchedule-");
        var shown = await kubectl.OkAsync(
            "get", "node", node, "-o", "jsonpath={.metadata.labels.disk}/{.metadata.labels.zone}/{.metadata.annotations.note}/{.spec.taints[?(@.key=='only')].effect}");

        Assert.Contains("already has a value (ssd), and --overwrite is false", refused.Error);
        Assert.Equal("NoSchedule", tainted);
        Assert.Equal($"node/{node} untainted\n", untainted);
        Assert.Equal("hdd//one two/", shown);
    }
}
