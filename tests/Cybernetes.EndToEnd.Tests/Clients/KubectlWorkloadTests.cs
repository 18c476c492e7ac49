using Cybernetes.EndToEnd.Tests.Harness;

namespace Cybernetes.EndToEnd.Tests.Clients;

/// <summary>kubectl's commands for deployments and services.</summary>
[Collection(ClusterFixture.Name)]
public sealed class KubectlWorkloadTests(ClusterFixture cluster)
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(120);

    public static TheoryData<string> Versions => KubectlVersions.Tried();

    [ClusterTheory, MemberData(nameof(Versions))]
    public async Task Expose_Deployment_AnswersByItsNodePort(string version)
    {
        var kubectl = await KubectlAsync(version);
        await CreateWebAsync(kubectl);

        var said = await kubectl.OkAsync("expose", "deployment", "web", "--port=80", "--target-port=8080", "--type=NodePort");
        var port = await kubectl.OkAsync("get", "service", "web", "-o", "jsonpath={.spec.ports[0].nodePort}");
        using var http = cluster.Node.CreateHttpClient();
        http.Timeout = TimeSpan.FromSeconds(5);
        await Until.TrueAsync("the node port answers", Limit, async () => await AnswersAsync(http, $"http://127.0.0.1:{port}/version"), cluster.Server.LogTail);

        Assert.Equal("service/web exposed\n", said);
        Assert.Equal("1\n", await http.GetStringAsync($"http://127.0.0.1:{port}/version"));
    }

    [ClusterTheory, MemberData(nameof(Versions))]
    public async Task Scale_UpAndDown_Follows(string version)
    {
        var kubectl = await KubectlAsync(version);
        await CreateWebAsync(kubectl);

        var said = await kubectl.OkAsync("scale", "deployment/web", "--replicas=3");
        await kubectl.OkAsync("rollout", "status", "deployment/web", "--timeout=180s");
        var three = await kubectl.OkAsync("get", "deployment", "web");
        await kubectl.OkAsync("scale", "deployment/web", "--replicas=0");

        Assert.Equal("deployment.apps/web scaled\n", said);
        Assert.Matches("(?m)^web +3/3 +3 +3 ", three);
        await Until.TrueAsync("no pod is left", Limit, async () => await kubectl.OkAsync("get", "pods", "-o", "name") == "", cluster.Server.LogTail);
    }

    [ClusterTheory, MemberData(nameof(Versions))]
    public async Task SetImage_ThenUndo_GoesBack(string version)
    {
        var kubectl = await KubectlAsync(version);
        await CreateWebAsync(kubectl);

        await kubectl.OkAsync("set", "image", "deployment/web", "kuard=kuard:2");
        await kubectl.OkAsync("rollout", "status", "deployment/web", "--timeout=180s");
        var history = await kubectl.OkAsync("rollout", "history", "deployment/web");
        var undone = await kubectl.OkAsync("rollout", "undo", "deployment/web");
        await kubectl.OkAsync("rollout", "status", "deployment/web", "--timeout=180s");

        Assert.Matches("(?m)^1 +<none>", history);
        Assert.Matches("(?m)^2 +<none>", history);
        Assert.Equal("deployment.apps/web rolled back\n", undone);
        Assert.Equal("kuard:1", await kubectl.OkAsync("get", "deployment", "web", "-o", "jsonpath={.spec.template.spec.containers[0].image}"));
    }

    [ClusterTheory, MemberData(nameof(Versions))]
    public async Task Delete_WithAndWithoutCascade_TakesPodsOrLeavesThem(string version)
    {
        var kubectl = await KubectlAsync(version);
        await kubectl.OkAsync("create", "deployment", "whole", "--image=kuard:1");
        await kubectl.OkAsync("create", "deployment", "orphan", "--image=kuard:1");
        await kubectl.OkAsync("rollout", "status", "deployment/whole", "--timeout=180s");
        await kubectl.OkAsync("rollout", "status", "deployment/orphan", "--timeout=180s");

        await kubectl.OkAsync("delete", "deployment", "whole");
        await kubectl.OkAsync("delete", "deployment", "orphan", "--cascade=orphan");

        await Until.TrueAsync("the pods of one are gone", Limit, async () => await PodsAsync(kubectl, "whole") == "", cluster.Server.LogTail);
        var sets = (await kubectl.GetAsync("replicasets"))["items"]!.AsArray();
        Assert.Single(sets);
        Assert.StartsWith("orphan-", sets[0]!["metadata"]!["name"]!.GetValue<string>());
        Assert.Null(sets[0]!["metadata"]!["ownerReferences"]);
        Assert.NotEqual("", await PodsAsync(kubectl, "orphan"));
    }

    private static Task<string> PodsAsync(Kubectl kubectl, string app) => kubectl.OkAsync("get", "pods", "-l", "app=" + app, "-o", "name");

    private static async Task CreateWebAsync(Kubectl kubectl)
    {
        await kubectl.OkAsync("create", "deployment", "web", "--image=kuard:1");
        await kubectl.OkAsync("rollout", "status", "deployment/web", "--timeout=180s");
    }

    private static async Task<bool> AnswersAsync(HttpClient http, string url)
    {
        try
        {
            return (await http.GetAsync(url)).IsSuccessStatusCode;
        }
        catch (Exception notYet) when (notYet is HttpRequestException or TaskCanceledException)
        {
            return false;
        }
    }

    private async Task<Kubectl> KubectlAsync(string version) => cluster.Kubectl(version).In(await cluster.CreateNamespaceAsync());
}
