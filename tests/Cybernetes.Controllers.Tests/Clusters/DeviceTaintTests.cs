using Cybernetes.Controllers.Tests.DeviceTaints;
using Cybernetes.Foundation;
using Cybernetes.Objects;
using Cybernetes.Objects.Core.V1;
using Cybernetes.Objects.Meta.V1;
using Cybernetes.Objects.Resource.V1beta2;
using Cybernetes.Testing;
using ResourceClaim = Cybernetes.Objects.Resource.V1.ResourceClaim;
using ResourceSlice = Cybernetes.Objects.Resource.V1.ResourceSlice;

namespace Cybernetes.Controllers.Tests.Clusters;

/// <summary>Pods driven from tainted devices, against the real API server.</summary>
public sealed class DeviceTaintTests
{
    private static async Task<TestCluster> StartAsync()
    {
        var cluster = await TestCluster.StartAsync(new()
        {
            Time = new VirtualTimeProvider(), Controllers = ["device-taint-eviction-controller"], FeatureGates = "DRADeviceTaintRules=true",
            RuntimeConfig = "resource.k8s.io/v1beta2=true",
        });
        await cluster.Client.For<ResourceSlice>().CreateAsync(DeviceEvictionsTests.Slice("slice", 1));
        return cluster;
    }

    /// <summary>A pod on node-1 with the device gpu-0, whose taints it tolerates for so many seconds.</summary>
    private static async Task<Pod> UserAsync(TestCluster cluster, int seconds)
    {
        await cluster.Client.For<ResourceClaim>().CreateAsync(new()
        {
            Metadata = { Namespace = "default", Name = "claim" },
            Spec = { Devices = { Requests = [new() { Name = "gpu", Exactly = new() { DeviceClassName = "gpu.example.com" } }] } },
        });
        var pod = await cluster.Client.For<Pod>().CreateAsync(new()
        {
            Metadata = { Namespace = "default", Name = "trainer", Finalizers = ["example.com/kept"] },
            Spec =
            {
                NodeName = "node-1", Containers = [new() { Name = "main", Image = "web:1" }],
                ResourceClaims = [new() { Name = "gpu", ResourceClaimName = "claim" }],
            },
        });
        var claim = await cluster.Client.For<ResourceClaim>().GetAsync("default", "claim");
        claim.Status = DeviceEvictionsTests.Claim($"health Exists - NoExecute {seconds}", pod.Metadata.UID).Status;
        await cluster.Client.For<ResourceClaim>().UpdateStatusAsync(claim);
        return pod;
    }

    private static DeviceTaintRule Rule(string effect)
    {
        var rule = DeviceEvictionsTests.Rule(effect: effect);
        (rule.Metadata.UID, rule.Metadata.Generation, rule.Spec.Taint.TimeAdded) = ("", 0, null);
        return rule;
    }

    [Fact]
    public async Task Pod_OnADeviceThatARuleTaints_LeavesWhenItsTolerationIsOver()
    {
        await using var cluster = await StartAsync();
        await UserAsync(cluster, 300);
        var began = cluster.Time.GetUtcNow();
        await cluster.Client.For<DeviceTaintRule>().CreateAsync(Rule("NoExecute"));
        await cluster.UntilAsync<DeviceTaintRule>(null, "rule", r => Condition(r) is { Status: "True", Reason: "PodsPendingEviction" });

        var pod = await cluster.UntilAsync<Pod>("default", "trainer", p => p.Metadata.DeletionTimestamp is not null, TimeSpan.FromMinutes(10));
        Assert.InRange(cluster.Time.GetUtcNow() - began, TimeSpan.FromSeconds(298), TimeSpan.FromSeconds(310));
        var told = pod.Status.Conditions!.Single(c => c.Type == "DisruptionTarget");
        Assert.Equal(
            ("True", "DeletionByDeviceTaintManager", "Device Taint manager: deleting due to NoExecute taint"), (told.Status, told.Reason, told.Message));
        await cluster.UntilAsync<Event>("default", all => all.Any(e => e is { Reason: "DeviceTaintManagerEviction", Message: "Marking for deletion" }));
        await cluster.UntilAsync<DeviceTaintRule>(null, "rule", r =>
            Condition(r) is { Status: "False", Reason: "Completed", Message: "1 pod evicted since starting the controller." });
    }

    [Fact]
    public async Task Pod_OnADeviceWhoseTaintGoesInTime_Stays()
    {
        await using var cluster = await StartAsync();
        await UserAsync(cluster, 300);
        var slice = await cluster.Client.For<ResourceSlice>().GetAsync(null, "slice");
        slice.Spec.Devices![0].Taints = [new() { Key = "health", Value = "bad", Effect = "NoExecute" }];
        slice = await cluster.Client.For<ResourceSlice>().UpdateAsync(slice);
        await cluster.Time.AdvanceAsync(TimeSpan.FromSeconds(100));

        slice.Spec.Devices![0].Taints = null;
        await cluster.Client.For<ResourceSlice>().UpdateAsync(slice);
        await cluster.UntilAsync<Event>("default", all => all.Any(e => e is { Reason: "DeviceTaintManagerEviction", Message: "Cancelling deletion" }));
        await cluster.Time.AdvanceAsync(TimeSpan.FromMinutes(10));
        Assert.Null((await cluster.Client.For<Pod>().GetAsync("default", "trainer")).Metadata.DeletionTimestamp);
    }

    [Fact]
    public async Task Rule_WithoutEffect_TellsWhomItWouldDriveOut()
    {
        await using var cluster = await StartAsync();
        await UserAsync(cluster, 0);
        await cluster.Client.For<DeviceTaintRule>().CreateAsync(Rule("None"));
        await cluster.UntilAsync<DeviceTaintRule>(null, "rule", r => Condition(r) is { Reason: "NoEffect" } condition
            && condition.Message.StartsWith(
                "1 published device selected. 1 allocated device selected. 1 pod would be evicted in 1 namespace if", StringComparison.Ordinal));
        Assert.Null((await cluster.Client.For<Pod>().GetAsync("default", "trainer")).Metadata.DeletionTimestamp);
    }

    private static Condition? Condition(DeviceTaintRule rule) => rule.Status.Conditions.OrEmpty().FirstOrDefault(c => c.Type == "EvictionInProgress");
}
