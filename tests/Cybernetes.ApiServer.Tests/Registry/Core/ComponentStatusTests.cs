namespace Cybernetes.ApiServer.Tests.Registry.Core;

public sealed class ComponentStatusTests
{
    private const string Leases = "/apis/coordination.k8s.io/v1/namespaces/kube-system/leases";

    [Fact]
    public async Task List_Components_TellsWhoLeads()
    {
        await using var server = await ServerFixture.StartAsync();
        var now = DateTimeOffset.UnixEpoch.AddYears(200).ToString("yyyy-MM-ddTHH:mm:ss.ffffffZ", System.Globalization.CultureInfo.InvariantCulture);
        var lease = await server.SendAsync("POST", Leases,
            $$$"""{"apiVersion":"coordination.k8s.io/v1","kind":"Lease","metadata":{"name":"kube-scheduler"},"spec":{"holderIdentity":"me","leaseDurationSeconds":15,"renewTime":"{{{now}}}"}}""");
        Assert.Equal(201, lease.Code);

        var reply = await server.GetAsync("/api/v1/componentstatuses", "application/json;as=Table;v=v1;g=meta.k8s.io");
        Assert.Equal(["299 - \"v1 ComponentStatus is deprecated in v1.19+\""], reply.Warnings);
        Assert.Equal(
            [
                """["controller-manager","Unhealthy","no holder of the lease kube-system/kube-controller-manager",""]""",
                """["etcd-0","Healthy","ok",""]""",
                """["scheduler","Healthy","ok",""]""",
            ],
            reply.Json["rows"]!.AsArray().Select(r => r!["cells"]!.ToJsonString()));
        Assert.Equal("True", (await server.GetAsync("/api/v1/componentstatuses/etcd-0")).At("conditions.0.status"));
        Assert.Single((await server.GetAsync("/api/v1/componentstatuses?fieldSelector=metadata.name%3Dscheduler")).Json["items"]!.AsArray());
    }

    [Fact]
    public async Task Components_Written_AreRefused()
    {
        await using var server = await ServerFixture.StartAsync();
        Assert.Equal(404, (await server.GetAsync("/api/v1/componentstatuses/kubelet")).Code);
        Assert.Equal(405, (await server.SendAsync("DELETE", "/api/v1/componentstatuses/etcd-0")).Code);
        Assert.Equal(405, (await server.GetAsync("/api/v1/componentstatuses?watch=true")).Code);
    }
}
