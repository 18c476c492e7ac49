using Cybernetes.Foundation;
using Cybernetes.Objects;
using Cybernetes.Objects.Coordination.V1;
using Cybernetes.Objects.Core.V1;
using Cybernetes.Testing;

namespace Cybernetes.Controllers.Tests.Clusters;

/// <summary>A node that falls silent, under virtual time.</summary>
public sealed class NodeTests
{
    [Fact]
    public async Task Node_Silent_IsTaintedAndItsPodsLeaveInTheirTime()
    {
        var clock = new VirtualTimeProvider();
        await using var cluster = await TestCluster.StartAsync(new()
        {
            Time = clock, Controllers = ["node-lifecycle-controller", "taint-eviction-controller", "serviceaccount-controller"],
        });
        var client = cluster.Client;
        await client.For<Objects.Core.V1.Node>().CreateAsync(Make.Node("node-1").With(n => n.Metadata.UID = ""));
        // Another node stays well: where all are silent, it is the controller that hears nothing, and nobody is given up.
        await client.For<Objects.Core.V1.Node>().CreateAsync(Make.Node("node-2").With(n => n.Metadata.UID = ""));
        await client.For<Lease>().CreateAsync(new Lease { Metadata = { Namespace = "kube-node-lease", Name = "node-2" }, Spec = { RenewTime = clock.GetUtcNow() } });
        async Task<bool> BeatAsync(Func<Task<bool>> holds)
        {
            var lease = await client.For<Lease>().GetAsync("kube-node-lease", "node-2");
            if (clock.GetUtcNow() - lease.Spec.RenewTime >= TimeSpan.FromSeconds(10))
            {
                lease.Spec.RenewTime = clock.GetUtcNow();
                await client.For<Lease>().UpdateAsync(lease);
            }
            return await holds();
        }
        await UntilAsync(clock, async () => await client.For<ServiceAccount>().FindAsync("default", "default") is not null);
        var pod = new Pod
        {
            Metadata = { Namespace = "default", Name = "web" },
            Spec =
            {
                NodeName = "node-1", Containers = [new() { Name = "web", Image = "web:1" }],
                Tolerations = [new() { Key = "node.kubernetes.io/unreachable", Operator = "Exists", Effect = "NoExecute", TolerationSeconds = 300 }],
            },
        };
        pod = await client.For<Pod>().CreateAsync(pod);
        pod.Status.Phase = PodPhase.Running;
        pod.Status.Conditions = [new() { Type = "Ready", Status = "True", LastTransitionTime = clock.GetUtcNow() }];
        await client.For<Pod>().UpdateStatusAsync(pod);

        await UntilAsync(clock, () => BeatAsync(async () =>
            (await client.For<Pod>().GetAsync("default", "web")).Status.Conditions!.Any(c => c is { Type: "Ready", Status: "False" })));
        var node = await client.For<Objects.Core.V1.Node>().GetAsync(null, "node-1");
        Assert.Equal(["NoExecute", "NoSchedule"], node.Spec.Taints!.Where(t => t.Key == "node.kubernetes.io/unreachable").Select(t => t.Effect).Order());
        Assert.Null((await client.For<Pod>().GetAsync("default", "web")).Metadata.DeletionTimestamp);
        var since = node.Spec.Taints!.Single(t => t.Effect == "NoExecute").TimeAdded!.Value;

        await UntilAsync(clock, () => BeatAsync(async () =>
            (await client.For<Pod>().GetAsync("default", "web")).Metadata.DeletionTimestamp is not null));
        Assert.True(clock.GetUtcNow() - since >= TimeSpan.FromSeconds(300));
        var evicted = await client.For<Pod>().GetAsync("default", "web");
        Assert.Contains(evicted.Status.Conditions!, c => c is { Type: "DisruptionTarget", Reason: "DeletionByTaintManager" });
    }

    private static async Task UntilAsync(VirtualTimeProvider clock, Func<Task<bool>> holds)
    {
        for (var second = 0; second < 1200; second++)
        {
            if (await holds())
                return;
            await clock.AdvanceAsync(TimeSpan.FromSeconds(1));
        }
        Assert.Fail("not within twenty minutes of virtual time");
    }
}
