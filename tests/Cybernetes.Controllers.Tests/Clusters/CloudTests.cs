using Cybernetes.Client.Transport;
using Cybernetes.Controllers.CloudProviders;
using Cybernetes.Controllers.Tests.CloudProviders;
using Cybernetes.Objects;
using Cybernetes.Objects.Core.V1;
using ClusterNode = Cybernetes.Objects.Core.V1.Node;

namespace Cybernetes.Controllers.Tests.Clusters;

/// <summary>The controllers of cloud providers, against the real API server and a provider that only remembers.</summary>
public sealed class CloudTests
{
    private static readonly string[] s_cloud =
        ["cloud-node-controller", "cloud-node-lifecycle-controller", "route", "service-lb-controller"];

    private static Task<OrderedCluster> StartAsync(FakeCloud cloud) => OrderedCluster.StartAsync(new ControllerManagerOptions
    {
        Controllers = s_cloud, CloudProvider = cloud, ClusterCidr = "10.244.0.0/16",
        // The cluster runs by the system's clock: what looks now and then looks often.
        NodeMonitorPeriod = TimeSpan.FromMilliseconds(50), RouteReconciliationPeriod = TimeSpan.FromMilliseconds(50),
    });

    private static async Task NodeAsync(OrderedCluster cluster, FakeCloud cloud, string name, string ready = "True")
    {
        cloud.Machines[name] = false;
        var node = await cluster.Client.For<ClusterNode>().CreateAsync(new()
        {
            Metadata = { Name = name },
            Spec =
            {
                PodCIDR = "10.244.1.0/24", PodCIDRs = ["10.244.1.0/24"],
                Taints = [new() { Key = CloudTaints.Uninitialized, Value = "true", Effect = "NoSchedule" }],
            },
        });
        await SetReadyAsync(cluster, node.Metadata.Name, ready);
    }

    private static Task SetReadyAsync(OrderedCluster cluster, string name, string ready) => cluster.Client.For<ClusterNode>().PatchAsync(
        null, name, ObjectPatch.Strategic($$$"""{"status":{"conditions":[{"type":"Ready","status":"{{{ready}}}"}]}}"""), null, "status");

    [Fact]
    public async Task Node_New_IsDescribedRoutedAndFreeForPods()
    {
        var cloud = new FakeCloud();
        await using var cluster = await StartAsync(cloud);
        await NodeAsync(cluster, cloud, "node-1");

        var node = (await cluster.UntilAsync<ClusterNode>(null, all => all is [{ Spec: { ProviderID: "fake://node-1", Taints: null } }]
            && all[0].Status.Conditions.OrEmpty().Any(c => c is { Type: "NetworkUnavailable", Status: "False", Reason: "RouteCreated" })))[0];

        Assert.Equal(("large", "west-1"),
            (node.Metadata.Labels!["node.kubernetes.io/instance-type"], node.Metadata.Labels["topology.kubernetes.io/zone"]));
        Assert.Contains(node.Status.Addresses!, a => a is { Type: "InternalIP", Address: "192.0.2.7" });
        Assert.Equal(("node-1", "10.244.1.0/24"), Assert.Single(cloud.Made.Values) is var route ? (route.TargetNode, route.DestinationCidr) : default);
    }

    [Fact]
    public async Task Node_WhoseMachineIsShutDownThenGone_IsTaintedThenDeleted()
    {
        var cloud = new FakeCloud();
        await using var cluster = await StartAsync(cloud);
        await NodeAsync(cluster, cloud, "node-1", "False");
        cloud.Machines["node-1"] = true;
        await cluster.UntilAsync<ClusterNode>(null, all => all is [{ } node] && CloudTaints.Has(node, CloudTaints.ShutDown));
        // It comes back, and then for good it does not.
        await SetReadyAsync(cluster, "node-1", "True");
        await cluster.UntilAsync<ClusterNode>(null, all => all is [{ } node] && !CloudTaints.Has(node, CloudTaints.ShutDown));
        await SetReadyAsync(cluster, "node-1", "Unknown");
        cloud.Machines.Clear();

        await cluster.UntilAsync<ClusterNode>(null, all => all.Count == 0);
        await cluster.UntilAsync<Event>("default", all => all.Any(e => e.Reason == "DeletingNode"));
    }

    [Fact]
    public async Task LoadBalancer_OfAService_IsMadeFollowedAndTakenAway()
    {
        var cloud = new FakeCloud { Failures = 1 };
        await using var cluster = await StartAsync(cloud);
        await NodeAsync(cluster, cloud, "node-1");
        await cluster.Client.For<Service>().CreateAsync(new()
        {
            Metadata = { Namespace = "default", Name = "web" },
            Spec = { Type = "LoadBalancer", Selector = new() { ["app"] = "web" }, Ports = [new() { Port = 80 }] },
        });

        // The first try fails, and is told of; the next does it.
        await cluster.UntilAsync<Service>("default", all => all.Any(s => s.Metadata.Name == "web"
            && s.Status.LoadBalancer.Ingress is [{ IP: "203.0.113.9" }] && s.Metadata.Finalizers is [LoadBalancerController.Finalizer]));
        await cluster.UntilAsync<Event>("default", all =>
            all.Any(e => e.Reason == "SyncLoadBalancerFailed") && all.Any(e => e.Reason == "EnsuredLoadBalancer"));
        await NodeAsync(cluster, cloud, "node-2");
        await cluster.UntilAsync<Event>("default", all => all.Any(e => e.Reason == "UpdatedLoadBalancer") && cloud.Balancers["web"] == "node-1,node-2");

        await cluster.Client.For<Service>().DeleteAsync("default", "web");
        await cluster.UntilAsync<Service>("default", all => all.All(s => s.Metadata.Name != "web"));
        Assert.Empty(cloud.Balancers);
    }
}
