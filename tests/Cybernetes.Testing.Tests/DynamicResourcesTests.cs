using Cybernetes.Client.Transport;
using Cybernetes.Foundation;
using Cybernetes.Node.Simulated.Fleet;
using Cybernetes.Objects;
using Cybernetes.Objects.Core.V1;
using Cybernetes.Objects.Resource.V1;
using Cybernetes.Objects.Scheduling.V1alpha2;
using Cybernetes.Scheduler;
using Cybernetes.Scheduler.Configuration;
using Cybernetes.Scheduler.Why;
using Microsoft.Extensions.Logging.Abstractions;
using DeviceTaintRule = Cybernetes.Objects.Resource.V1beta2.DeviceTaintRule;
using ResourceClaim = Cybernetes.Objects.Resource.V1.ResourceClaim;

namespace Cybernetes.Testing.Tests;

/// <summary>Devices from their publishing to the pods that use them, with the simulated nodes' drivers.</summary>
public sealed class DynamicResourcesTests
{
    private const string Finalizer = "resource.kubernetes.io/delete-protection";

    private static TestClusterOptions Options(int nodes, int devices, bool scheduler = true) => new()
    {
        Time = new VirtualTimeProvider(), Scheduler = scheduler, Controllers = ["resourceclaim-controller", "garbage-collector-controller"],
        Fleet = new()
        {
            Shapes = [new() { Count = nodes, Name = "n-", Devices = devices == 0 ? [] : [new() { Count = devices, Attributes = new Dictionary<string, string> { ["gen"] = "3" } }] }],
        },
    };

    private static Task<TestCluster> StartAsync(int nodes, int devices, bool scheduler = true) => StartAsync(Options(nodes, devices, scheduler));

    private static async Task<TestCluster> StartAsync(TestClusterOptions options)
    {
        var cluster = await TestCluster.StartAsync(options);
        await cluster.Client.For<DeviceClass>().CreateAsync(new() { Metadata = { Name = "gpu" }, Spec = { ExtendedResourceName = "example.com/gpu" } });
        await cluster.Client.For<ResourceClaimTemplate>().CreateAsync(new()
        {
            Metadata = { Namespace = "default", Name = "one-gpu" }, Spec = { Spec = { Devices = { Requests = [OneGpu()] } } },
        });
        return cluster;
    }

    private static DeviceRequest OneGpu() => new() { Name = "gpu", Exactly = new() { DeviceClassName = "gpu" } };

    private static Pod OfTemplate(string name)
    {
        var pod = Make.Pod(name);
        pod.Spec.ResourceClaims = [new() { Name = "gpu", ResourceClaimTemplateName = "one-gpu" }];
        pod.Spec.Containers![0].Resources.Claims = [new() { Name = "gpu" }];
        return pod;
    }

    private static Pod OfClaim(string name, string claim)
    {
        var pod = Make.Pod(name);
        pod.Spec.ResourceClaims = [new() { Name = "gpu", ResourceClaimName = claim }];
        return pod;
    }

    private static async Task<IReadOnlyList<ResourceClaim>> ClaimsAsync(TestCluster cluster) =>
        [.. (await cluster.Client.For<ResourceClaim>().ListAllAsync("default")).Items];

    private static Task<Pod> RunningAsync(TestCluster cluster, string name) => cluster.UntilAsync<Pod>("default", name, p => p.Status.Phase == "Running");

    [Fact]
    public async Task Pods_OfATemplate_EachGetsItsDeviceAndTheNextWaitsForOne()
    {
        await using var cluster = await StartAsync(nodes: 2, devices: 1);
        foreach (var name in new[] { "a", "b" })
        {
            await cluster.Client.For<Pod>().CreateAsync(OfTemplate(name));
            await RunningAsync(cluster, name);
        }
        var claims = await ClaimsAsync(cluster);
        Assert.Equal(["n-0", "n-1"], claims.Select(c => c.Status.Allocation!.Devices.Results!.Single().Pool).Order());
        Assert.All(claims, c => Assert.Contains(Finalizer, c.Metadata.Finalizers!));
        foreach (var claim in claims)
        {
            var pod = await cluster.Client.For<Pod>().GetAsync("default", claim.Status.ReservedFor!.Single().Name);
            Assert.Equal(claim.Status.Allocation!.Devices.Results!.Single().Pool, pod.Spec.NodeName);
        }

        await cluster.Client.For<Pod>().CreateAsync(OfTemplate("c"));
        var waiting = await cluster.UntilAsync<Pod>("default", "c", p => p.Status.Conditions.OrEmpty().Any(c => c.Reason == "Unschedulable"));
        Assert.StartsWith(
            "0/2 nodes are available: 2 cannot allocate all claims.", waiting.Status.Conditions!.Single(c => c.Reason == "Unschedulable").Message, StringComparison.Ordinal);
        var why = await PlacementAdvice.AskAsync(cluster.Client, "default", "c", new SchedulerConfiguration());
        Assert.Contains("comes nearest: of the 1 that it reaches 1 are taken.", why, StringComparison.Ordinal);

        // The controller gives back what a pod had that is gone, and the next one gets it.
        await cluster.Client.For<Pod>().DeleteAsync("default", "a");
        await RunningAsync(cluster, "c");
    }

    [Fact]
    public async Task Pod_ClassAndRequestSelectByExpressions_GetsADeviceThatBothMean()
    {
        await using var cluster = await StartAsync(nodes: 1, devices: 3);
        static List<DeviceSelector> Cel(string expression) => [new() { CEL = new() { Expression = expression } }];
        await cluster.Client.For<DeviceClass>().CreateAsync(new()
        {
            Metadata = { Name = "gen3" }, Spec = { Selectors = Cel("device.attributes[device.driver].gen >= 3") },
        });
        async Task ClaimAsync(string name, string expression) => await cluster.Client.For<ResourceClaim>().CreateAsync(new()
        {
            Metadata = { Namespace = "default", Name = name },
            Spec = { Devices = { Requests = [new() { Name = "gpu", Exactly = new() { DeviceClassName = "gen3", Selectors = Cel(expression) } }] } },
        });
        await ClaimAsync("some", "device.driver == 'gpu.simulated.cybernetes.io'");
        await ClaimAsync("none", "device.attributes['gpu.simulated.cybernetes.io'].gen > 3");
        await ClaimAsync("fails", "device.attributes[device.driver].missing == 1");
        foreach (var claim in new[] { "some", "none", "fails" })
            await cluster.Client.For<Pod>().CreateAsync(OfClaim(claim, claim));
        await RunningAsync(cluster, "some");
        async Task<string> RefusalAsync(string pod) =>
            (await cluster.UntilAsync<Pod>("default", pod, p => p.Status.Conditions.OrEmpty().Any(c => c.Reason == "Unschedulable")))
                .Status.Conditions!.Single(c => c.Reason == "Unschedulable").Message;
        Assert.StartsWith("0/1 nodes are available: 1 cannot allocate all claims.", await RefusalAsync("none"), StringComparison.Ordinal);
        var failure = await RefusalAsync("fails");
        // Which device it was asked of first depends on which was taken.
        Assert.StartsWith(
            "0/1 nodes are available: claim default/fails: selector #0 on device gpu.simulated.cybernetes.io/n-0/device-", failure, StringComparison.Ordinal);
        Assert.Contains(": CEL runtime error: no such key", failure, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Pod_AdministratorsRuleTaintsTheDevice_WaitsUntilTheRuleIsGone()
    {
        await using var cluster = await StartAsync(Options(nodes: 1, devices: 1) with
        {
            FeatureGates = "DRADeviceTaintRules=true",
            RuntimeConfig = "resource.k8s.io/v1beta2=true",
        });
        await cluster.Client.For<DeviceTaintRule>().CreateAsync(new()
        {
            Metadata = { Name = "sick" }, Spec = { DeviceSelector = new() { Pool = "n-0" }, Taint = new() { Key = "sick", Effect = "NoSchedule" } },
        });
        await cluster.Client.For<Pod>().CreateAsync(OfTemplate("a"));
        await cluster.UntilAsync<Pod>("default", "a", p => p.Status.Conditions.OrEmpty().Any(c => c.Reason == "Unschedulable"));
        var why = await PlacementAdvice.AskAsync(cluster.Client, "default", "a", new SchedulerConfiguration());
        Assert.Contains("comes nearest: of the 1 that it reaches 1 have a taint that is not tolerated.", why, StringComparison.Ordinal);

        await cluster.Client.For<DeviceTaintRule>().DeleteAsync(null, "sick");
        await RunningAsync(cluster, "a");
    }

    [Fact]
    public async Task Pods_OfOneClaim_ShareItsDevice()
    {
        await using var cluster = await StartAsync(nodes: 3, devices: 1);
        await cluster.Client.For<Pod>().CreateAsync(OfClaim("a", "shared"));
        await cluster.Client.For<Pod>().CreateAsync(OfClaim("b", "shared"));
        await cluster.Client.For<ResourceClaim>().CreateAsync(new()
        {
            Metadata = { Namespace = "default", Name = "shared" }, Spec = { Devices = { Requests = [OneGpu()] } },
        });
        var (a, b) = (await RunningAsync(cluster, "a"), await RunningAsync(cluster, "b"));
        Assert.Equal(a.Spec.NodeName, b.Spec.NodeName);
        var claim = (await ClaimsAsync(cluster)).Single();
        Assert.Equal([a.Metadata.UID, b.Metadata.UID], claim.Status.ReservedFor!.Select(r => r.UID).OrderBy(u => u == b.Metadata.UID));

        await cluster.Client.For<Pod>().DeleteAsync("default", "a");
        await cluster.UntilAsync<ResourceClaim>("default", "shared", c => c.Status.ReservedFor is [var one] && one.UID == b.Metadata.UID);
        await cluster.Client.For<Pod>().DeleteAsync("default", "b");
        await cluster.UntilAsync<ResourceClaim>("default", "shared", c => c.Status.Allocation is null && c.Metadata.Finalizers is not { Count: > 0 });
    }

    [Fact]
    public async Task Gang_OfOneClaim_IsPlacedWhereItsDeviceIs()
    {
        await using var cluster = await StartAsync(Options(nodes: 2, devices: 1) with
        {
            FeatureGates = "GenericWorkload=true,GangScheduling=true",
            RuntimeConfig = "scheduling.k8s.io/v1alpha2=true",
        });
        await cluster.Client.For<ResourceClaim>().CreateAsync(new()
        {
            Metadata = { Namespace = "default", Name = "shared" }, Spec = { Devices = { Requests = [OneGpu()] } },
        });
        await cluster.Client.For<PodGroup>().CreateAsync(new()
        {
            Metadata = { Namespace = "default", Name = "g" }, Spec = { SchedulingPolicy = new() { Gang = new() { MinCount = 3 } } },
        });
        foreach (var name in new[] { "a", "b", "c" })
        {
            var pod = OfClaim(name, "shared");
            pod.Spec.SchedulingGroup = new() { PodGroupName = "g" };
            await cluster.Client.For<Pod>().CreateAsync(pod);
        }
        var pods = await cluster.UntilAsync<Pod>("default", all => all.Count(p => p.Status.Phase == "Running") == 3);
        Assert.Single(pods.Select(p => p.Spec.NodeName).Distinct());
        var claim = Assert.Single(await ClaimsAsync(cluster));
        Assert.Equal(pods[0].Spec.NodeName, claim.Status.Allocation!.Devices.Results!.Single().Pool);
        Assert.Equal(["a", "b", "c"], claim.Status.ReservedFor!.Select(r => r.Name).Order());
    }

    [Fact]
    public async Task Pod_NoDevicesYet_RunsWhenASliceComes()
    {
        await using var cluster = await StartAsync(nodes: 1, devices: 0);
        await cluster.Client.For<Pod>().CreateAsync(OfTemplate("a"));
        await cluster.UntilAsync<Pod>("default", "a", p => p.Status.Conditions.OrEmpty().Any(c => c.Reason == "Unschedulable"));
        await cluster.Client.For<ResourceSlice>().CreateAsync(new()
        {
            Metadata = { Name = "late" },
            Spec = { Driver = "late.example.com", NodeName = "n-0", Pool = { Name = "n-0", ResourceSliceCount = 1 }, Devices = [new() { Name = "d" }] },
        });
        await RunningAsync(cluster, "a");
        Assert.Equal("late.example.com", (await ClaimsAsync(cluster)).Single().Status.Allocation!.Devices.Results!.Single().Driver);
    }

    [Fact]
    public async Task Pod_ExtendedResource_GetsAClaimOfItsOwn()
    {
        await using var cluster = await StartAsync(nodes: 1, devices: 2);
        static Pod Wants(string name, string count)
        {
            var pod = Make.Pod(name);
            pod.Spec.Containers![0].Resources.Requests!["example.com/gpu"] = Quantity.Parse(count);
            pod.Spec.Containers[0].Resources.Limits = new() { ["example.com/gpu"] = Quantity.Parse(count) };
            return pod;
        }
        await cluster.Client.For<Pod>().CreateAsync(Wants("a", "2"));
        var pod = await RunningAsync(cluster, "a");
        var claim = (await ClaimsAsync(cluster)).Single();
        Assert.StartsWith("a-extended-resources-", claim.Metadata.Name, StringComparison.Ordinal);
        Assert.Equal(2, claim.Status.Allocation!.Devices.Results!.Count);
        Assert.Equal(claim.Metadata.Name, pod.Status.ExtendedResourceClaimStatus!.ResourceClaimName);
        Assert.Equal("container-0-request-1", pod.Status.ExtendedResourceClaimStatus.RequestMappings!.Single().RequestName);

        await cluster.Client.For<Pod>().CreateAsync(Wants("b", "1"));
        await cluster.UntilAsync<Pod>("default", "b", p => p.Status.Conditions.OrEmpty().Any(c => c.Reason == "Unschedulable"));
        await cluster.Client.For<Pod>().DeleteAsync("default", "a");
        await RunningAsync(cluster, "b");
    }

    [Fact]
    public async Task Scheduler_DiesBetweenAllocationAndBinding_TheNextOneUsesTheAllocation()
    {
        await using var cluster = await StartAsync(nodes: 2, devices: 1, scheduler: false);
        using var cut = new CutBindings(cluster);
        using var client = new ApiClient(cut, new Uri("https://in-process.cybernetes.local"), new ApiClientOptions { Time = cluster.Time });
        using var death = new CancellationTokenSource();
        var first = Task.Run(() => new PodScheduler(client, new SchedulerOptions(), NullLogger.Instance).RunAsync(death.Token), CancellationToken.None);
        await cluster.Client.For<Pod>().CreateAsync(OfTemplate("a"));
        var claim = (await cluster.UntilAsync<ResourceClaim>("default", all => all.Any(c => c.Status.ReservedFor is { Count: 1 })))[0];
        await death.CancelAsync();
        await first.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
        Assert.Equal("", (await cluster.Client.For<Pod>().GetAsync("default", "a")).Spec.NodeName);

        cluster.Run("scheduler", (next, token) => new PodScheduler(next, new SchedulerOptions(), NullLogger.Instance).RunAsync(token));
        var pod = await RunningAsync(cluster, "a");
        Assert.Equal(claim.Status.Allocation!.Devices.Results!.Single().Pool, pod.Spec.NodeName);
        // Nothing was taken twice: the other device is still free.
        await cluster.Client.For<Pod>().CreateAsync(OfTemplate("b"));
        Assert.NotEqual(pod.Spec.NodeName, (await RunningAsync(cluster, "b")).Spec.NodeName);
    }

    [Fact]
    public async Task Pod_DeviceWithBindingConditions_IsBoundWhenTheyAreMet()
    {
        await using var cluster = await StartAsync(nodes: 1, devices: 0);
        await cluster.Client.For<ResourceSlice>().CreateAsync(new()
        {
            Metadata = { Name = "fabric" },
            Spec =
            {
                Driver = "fabric.example.com", AllNodes = true, Pool = { Name = "fabric", ResourceSliceCount = 1 },
                Devices = [new() { Name = "d", BindsToNode = true, BindingConditions = ["attached"], BindingFailureConditions = ["broken"] }],
            },
        });
        await cluster.Client.For<Pod>().CreateAsync(OfTemplate("a"));
        var claim = (await cluster.UntilAsync<ResourceClaim>("default", all => all.Any(c => c.Status.ReservedFor is { Count: 1 })))[0];
        Assert.NotNull(claim.Status.Allocation!.AllocationTimestamp);
        Assert.Equal("", (await cluster.Client.For<Pod>().GetAsync("default", "a")).Spec.NodeName);
        claim.Status.Devices =
        [
            new()
            {
                Driver = "fabric.example.com", Pool = "fabric", Device = "d",
                Conditions = [new() { Type = "attached", Status = "True", Reason = "Attached", LastTransitionTime = cluster.Time.GetUtcNow() }],
            },
        ];
        await cluster.Client.For<ResourceClaim>().UpdateStatusAsync(claim);
        Assert.Equal("n-0", (await RunningAsync(cluster, "a")).Spec.NodeName);
    }

    /// <summary>The way to the API server, on which bindings get lost: the caller waits without end.</summary>
    private sealed class CutBindings(TestCluster cluster) : DelegatingHandler(cluster.Server.CreateHandler("system:kube-scheduler", "system:masters"))
    {
        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            if (request.RequestUri!.AbsolutePath.EndsWith("/binding", StringComparison.Ordinal))
                await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, cancellationToken);
            return await base.SendAsync(request, cancellationToken);
        }
    }
}
