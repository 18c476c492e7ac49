using System.Net;
using System.Text.Json.Nodes;

namespace Cybernetes.ApiServer.Tests.Registry.Policy;

public sealed class EvictionTests
{
    private const string Evictions = "/api/v1/namespaces/default/pods/p/eviction";
    private const string Budgets = "/apis/policy/v1/namespaces/default/poddisruptionbudgets";
    private const string Ready = """ "conditions":[{"type":"Ready","status":"True"}],"phase":"Running" """;
    private const string Unready = """ "conditions":[{"type":"Ready","status":"False"}],"phase":"Running" """;

    [Fact]
    public async Task Evict_WithRoomInBudget_CountsItAndDeletes()
    {
        await using var server = await ServerFixture.StartAsync();
        await PodAsync(server, Ready);
        await BudgetAsync(server, "b", """ "observedGeneration":1,"disruptionsAllowed":1,"currentHealthy":2,"desiredHealthy":1 """);
        var dry = await EvictAsync(server, "policy/v1", query: "?dryRun=All");
        Assert.Equal(HttpStatusCode.Created, dry.Status);
        Assert.Equal(1, await AllowedAsync(server));

        var reply = await EvictAsync(server, "policy/v1beta1");
        Assert.Equal(HttpStatusCode.Created, reply.Status);
        Assert.Equal(0, await AllowedAsync(server));
        var status = (await server.GetAsync($"{Budgets}/b")).Json["status"]!;
        Assert.NotNull(status["disruptedPods"]!["p"]);
        Assert.Equal("InsufficientPods", (string?)status["conditions"]![0]!["reason"]);
        Assert.Equal(HttpStatusCode.NotFound, (await server.GetAsync("/api/v1/namespaces/default/pods/p")).Status);
    }

    [Theory]
    [InlineData(""" "observedGeneration":1,"disruptionsAllowed":0,"currentHealthy":1,"desiredHealthy":2 """, "The disruption budget b needs 2 healthy pods and has 1 currently", 0)]
    [InlineData(""" "observedGeneration":0,"disruptionsAllowed":1 """, "The disruption budget b is still being processed by the server.", 10)]
    public async Task Evict_WithoutRoom_IsTooManyRequests(string status, string cause, int retryAfter)
    {
        await using var server = await ServerFixture.StartAsync();
        await PodAsync(server, Ready);
        await BudgetAsync(server, "b", status);
        var reply = await EvictAsync(server, "policy/v1");
        Assert.Equal(HttpStatusCode.TooManyRequests, reply.Status);
        Assert.Equal("Cannot evict pod as it would violate the pod's disruption budget.", (string?)reply.Json["message"]);
        var details = reply.Json["details"]!;
        Assert.Equal("DisruptionBudget", (string?)details["causes"]![0]!["reason"]);
        Assert.Equal(cause, (string?)details["causes"]![0]!["message"]);
        Assert.Equal(retryAfter, (int?)details["retryAfterSeconds"] ?? 0);
        Assert.Equal(HttpStatusCode.OK, (await server.GetAsync("/api/v1/namespaces/default/pods/p")).Status);
    }

    [Theory]
    [InlineData(Unready, "AlwaysAllow", 0, true)]
    [InlineData(Unready, "IfHealthyBudget", 0, false)]
    [InlineData(Unready, "IfHealthyBudget", 2, true)]
    [InlineData(Ready, "AlwaysAllow", 2, false)]
    [InlineData(""" "phase":"Pending" """, "IfHealthyBudget", 0, true)]
    [InlineData(""" "phase":"Failed" """, "IfHealthyBudget", 0, true)]
    public async Task Evict_WhenNothingIsAllowed_DependsOnPodAndPolicy(string pod, string policy, int healthy, bool goes)
    {
        await using var server = await ServerFixture.StartAsync();
        await PodAsync(server, pod);
        await BudgetAsync(server, "b", $$$""" "observedGeneration":1,"disruptionsAllowed":0,"currentHealthy":{{{healthy}}},"desiredHealthy":2 """, policy);
        var reply = await EvictAsync(server, "policy/v1");
        Assert.Equal(goes ? HttpStatusCode.Created : HttpStatusCode.TooManyRequests, reply.Status);
    }

    [Fact]
    public async Task Evict_UnderTwoBudgets_IsUpstreams500()
    {
        await using var server = await ServerFixture.StartAsync();
        await PodAsync(server, Ready);
        await BudgetAsync(server, "b", """ "disruptionsAllowed":1 """);
        await BudgetAsync(server, "c", """ "disruptionsAllowed":1 """);
        var reply = await EvictAsync(server, "policy/v1");
        Assert.Equal(HttpStatusCode.InternalServerError, reply.Status);
        Assert.Equal("This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.", (string?)reply.Json["message"]);
    }

    [Fact]
    public async Task Evict_GracefulPod_SaysWhyInItsStatus()
    {
        await using var server = await ServerFixture.StartAsync();
        await PodAsync(server, Ready, """ "nodeName":"n", """);
        Assert.Equal(HttpStatusCode.Created, (await EvictAsync(server, "policy/v1")).Status);
        var pod = (await server.GetAsync("/api/v1/namespaces/default/pods/p")).Json;
        Assert.NotNull(pod["metadata"]!["deletionTimestamp"]);
        var condition = pod["status"]!["conditions"]!.AsArray().Single(c => (string?)c!["type"] == "DisruptionTarget")!;
        Assert.Equal("EvictionByEvictionAPI", (string?)condition["reason"]);
    }

    private static async Task PodAsync(ServerFixture server, string status, string spec = "")
    {
        await CheckAsync(server.SendAsync("POST", "/api/v1/namespaces/default/serviceaccounts", """{"metadata":{"name":"default"}}"""), HttpStatusCode.Conflict);
        await CheckAsync(server.SendAsync("POST", "/api/v1/namespaces/default/pods",
            $$$"""{"metadata":{"name":"p","labels":{"app":"x"}},"spec":{{{{spec}}}"containers":[{"name":"c","image":"i"}]}}"""));
        await CheckAsync(server.SendAsync("PATCH", "/api/v1/namespaces/default/pods/p/status", $$$"""{"status":{{{{status}}}}}""", "application/merge-patch+json"));
    }

    private static async Task BudgetAsync(ServerFixture server, string name, string status, string policy = "IfHealthyBudget")
    {
        await CheckAsync(server.SendAsync("POST", Budgets,
            $$$"""{"metadata":{"name":"{{{name}}}"},"spec":{"minAvailable":1,"selector":{"matchLabels":{"app":"x"}},"unhealthyPodEvictionPolicy":"{{{policy}}}"}}"""));
        await CheckAsync(server.SendAsync("PATCH", $"{Budgets}/{name}/status", $$$"""{"status":{{{{status}}}}}""", "application/merge-patch+json"));
    }

    private static async Task CheckAsync(Task<Reply> sent, HttpStatusCode? mayBe = null)
    {
        var reply = await sent;
        Assert.True((int)reply.Status < 300 || reply.Status == mayBe, reply.Text);
    }

    private static Task<Reply> EvictAsync(ServerFixture server, string version, string query = "") => server.SendAsync(
        "POST", Evictions + query, $$$"""{"apiVersion":"{{{version}}}","kind":"Eviction","metadata":{"name":"p"}}""");

    private static async Task<int> AllowedAsync(ServerFixture server) => (int)(await server.GetAsync($"{Budgets}/b")).Json["status"]!["disruptionsAllowed"]!;
}
