using Cybernetes.Foundation;

namespace Cybernetes.ApiServer.Tests.Admission;

public sealed class ResourceQuotaTests
{
    private const string Pods = "/api/v1/namespaces/default/pods";
    private const string Quotas = "/api/v1/namespaces/default/resourcequotas";

    [Fact]
    public async Task Pods_BeyondTheQuota_AreForbidden()
    {
        await using var server = await StartAsync(""" "hard":{"pods":"2","count/secrets":"1"} """);
        Assert.Equal(201, (await server.SendAsync("POST", Pods, LimitRangerTests.Pod("{}", "a"))).Code);
        Assert.Equal(201, (await server.SendAsync("POST", Pods, LimitRangerTests.Pod("{}", "b"))).Code);
        var third = await server.SendAsync("POST", Pods, LimitRangerTests.Pod("{}", "c"));
        Assert.Equal(403, third.Code);
        Assert.Equal("pods \"c\" is forbidden: exceeded quota: q, requested: pods=1, used: pods=2, limited: pods=2", third.Message);
        Assert.Equal("""{"hard":{"count/secrets":"1","pods":"2"},"used":{"count/secrets":"0","pods":"2"}}""", (await server.GetAsync(Quotas + "/q")).At("status"));

        Assert.Equal(200, (await server.SendAsync("DELETE", Pods + "/a?gracePeriodSeconds=0")).Code);
        Assert.Equal("1", (await server.GetAsync(Quotas + "/q")).At("status.used.pods"));
        Assert.Equal(201, (await server.SendAsync("POST", Pods, LimitRangerTests.Pod("{}", "c"))).Code);
    }

    [Fact]
    public async Task Quota_OfAFilledNamespace_ShowsWhatIsUsed()
    {
        await using var server = await LimitRangerTests.StartWithAccountAsync();
        Assert.Equal(201, (await server.SendAsync("POST", Pods, LimitRangerTests.Pod("""{"requests":{"cpu":"300m"},"limits":{"cpu":"1"}}"""))).Code);
        var quota = await server.SendAsync("POST", Quotas,
            """{"apiVersion":"v1","kind":"ResourceQuota","metadata":{"name":"q"},"spec":{"hard":{"requests.cpu":"1","limits.cpu":"2","services":"5","resourcequotas":"1"}}}""");
        Assert.Equal("""{"limits.cpu":"1","requests.cpu":"300m","resourcequotas":"1","services":"1"}""", quota.At("status.used"));
    }

    [Fact]
    public async Task Pod_WithoutRequests_IsForbiddenByAComputeQuota()
    {
        await using var server = await StartAsync(""" "hard":{"requests.cpu":"1","limits.memory":"1Gi"} """);
        var pod = await server.SendAsync("POST", Pods, LimitRangerTests.Pod("{}"));
        Assert.Equal("pods \"p\" is forbidden: failed quota: q: must specify limits.memory for: c; requests.cpu for: c", pod.Message);
        var large = await server.SendAsync("POST", Pods, LimitRangerTests.Pod("""{"requests":{"cpu":"2"},"limits":{"memory":"2Gi"}}"""));
        Assert.Equal(
            "pods \"p\" is forbidden: exceeded quota: q, requested: limits.memory=2Gi,requests.cpu=2, used: limits.memory=0,requests.cpu=0, limited: limits.memory=1Gi,requests.cpu=1",
            large.Message);
    }

    [Fact]
    public async Task Scopes_OfQuota_LimitWhichPodsCount()
    {
        await using var server = await StartAsync(""" "hard":{"pods":"0"},"scopes":["BestEffort"] """);
        Assert.Equal(403, (await server.SendAsync("POST", Pods, LimitRangerTests.Pod("{}"))).Code);
        Assert.Equal(201, (await server.SendAsync("POST", Pods, LimitRangerTests.Pod("""{"requests":{"cpu":"1"}}"""))).Code);
    }

    [Fact]
    public async Task Pods_ManyAtOnce_NeverExceedTheQuota()
    {
        await using var server = await StartAsync(""" "hard":{"pods":"3"} """);
        var replies = await Task.WhenAll(Enumerable.Range(0, 8).Select(i => server.SendAsync("POST", Pods, LimitRangerTests.Pod("{}", $"p{i}"))));
        Assert.Equal(3, replies.Count(r => r.Code == 201));
        Assert.Equal(3, (await server.GetAsync(Pods)).Json["items"]!.AsArray().Count);
    }

    [Fact]
    public async Task Pod_ThatEnded_GivesItsPlaceBack()
    {
        await using var server = await StartAsync(""" "hard":{"pods":"1"} """);
        Assert.Equal(201, (await server.SendAsync("POST", Pods, LimitRangerTests.Pod("{}", "a"))).Code);
        var ended = await server.SendAsync("PATCH", Pods + "/a/status", """{"status":{"phase":"Succeeded"}}""", "application/merge-patch+json");
        Assert.Equal(200, ended.Code);
        Assert.Equal("0", (await server.GetAsync(Quotas + "/q")).At("status.used.pods"));
        Assert.Equal(201, (await server.SendAsync("POST", Pods, LimitRangerTests.Pod("{}", "b"))).Code);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task Sum_CarriedOnFromWriteToWrite_IsWhatCountingGives(int seed)
    {
        var time = new VirtualTimeProvider();
        await using var server = await ServerFixture.StartAsync(o => o with { Time = time });
        Assert.Equal(201, (await server.SendAsync("POST", "/api/v1/namespaces/default/serviceaccounts", LimitRangerTests.Account)).Code);
        const string quota = """{"apiVersion":"v1","kind":"ResourceQuota","metadata":{"name":"q"},"spec":{"hard":{"pods":"7","requests.cpu":"2","count/pods":"20","configmaps":"9"}}}""";
        Assert.Equal(201, (await server.SendAsync("POST", Quotas, quota)).Code);
        // From here on the sum is trusted.
        time.Advance(TimeSpan.FromMinutes(1));
        var chance = new Random(seed);
        for (var step = 0; step < 120; step++)
        {
            var name = "n" + chance.Next(12);
            await (chance.Next(6) switch
            {
                0 or 1 => server.SendAsync("POST", Pods, LimitRangerTests.Pod("""{"requests":{"cpu":"CPU"}}""".Replace("CPU", $"{chance.Next(1, 9)}00m", StringComparison.Ordinal), name)),
                2 => server.SendAsync("DELETE", $"{Pods}/{name}?gracePeriodSeconds=0"),
                3 => server.SendAsync("PATCH", $"{Pods}/{name}/status", """{"status":{"phase":"Succeeded"}}""", "application/merge-patch+json"),
                4 => server.SendAsync("POST", "/api/v1/namespaces/default/configmaps", """{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"NAME"}}""".Replace("NAME", name, StringComparison.Ordinal)),
                _ => server.SendAsync("DELETE", "/api/v1/namespaces/default/configmaps/" + name),
            });
            var carried = (await server.GetAsync(Quotas + "/q")).At("status.used");
            // A write of the quota itself counts.
            Assert.Equal(200, (await server.SendAsync("PUT", Quotas + "/q", quota)).Code);
            Assert.Equal((await server.GetAsync(Quotas + "/q")).At("status.used"), carried);
        }
    }

    [Fact]
    public async Task Service_ThatBecomesANodePort_IsCharged()
    {
        await using var server = await StartAsync(""" "hard":{"services.nodeports":"0"} """);
        const string services = "/api/v1/namespaces/default/services";
        const string json = """{"apiVersion":"v1","kind":"Service","metadata":{"name":"s"},"spec":{"type":"TYPE","ports":[{"port":80}]}}""";
        Assert.Equal(201, (await server.SendAsync("POST", services, json.Replace("TYPE", "ClusterIP", StringComparison.Ordinal))).Code);
        var changed = await server.SendAsync("PUT", services + "/s", json.Replace("TYPE", "NodePort", StringComparison.Ordinal));
        Assert.Equal("services \"s\" is forbidden: exceeded quota: q, requested: services.nodeports=1, used: services.nodeports=0, limited: services.nodeports=0", changed.Message);
    }

    private static async Task<ServerFixture> StartAsync(string spec)
    {
        var server = await LimitRangerTests.StartWithAccountAsync();
        var quota = await server.SendAsync("POST", Quotas,
            """{"apiVersion":"v1","kind":"ResourceQuota","metadata":{"name":"q"},"spec":{SPEC}}""".Replace("SPEC", spec, StringComparison.Ordinal));
        Assert.Equal(201, quota.Code);
        return server;
    }
}
