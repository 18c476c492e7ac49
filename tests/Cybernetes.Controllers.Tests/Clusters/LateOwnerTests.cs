using Cybernetes.Objects;
using Cybernetes.Objects.Apps.V1;
using Cybernetes.Objects.Core.V1;
using Cybernetes.Objects.Discovery.V1;
using Cybernetes.Objects.Meta.V1;

namespace Cybernetes.Controllers.Tests.Clusters;

/// <summary>
/// The owner's watch trails, the pods' does not: what the collector takes away is not made again for an owner that is gone. The simulator's seeds
/// 893 and 932 made and collected pods without end, 194 replica sets, 262 endpoint slices.
/// </summary>
public sealed class LateOwnerTests
{
    private static readonly Dictionary<string, string> s_labels = new() { ["app"] = "web" };

    private static readonly PodTemplateSpec s_template = new()
    {
        Metadata = { Labels = s_labels }, Spec = new() { Containers = [new() { Name = "web", Image = "web:1" }] },
    };

    [Fact]
    public Task ReplicaSet_WhoseEndIsSeenLate_MakesNoMorePods() => MakesNoMoreAsync<ReplicaSet, Pod>("replicaset", "replicasets", () => new()
    {
        Metadata = { Namespace = "default", Name = "web" },
        Spec = { Replicas = 1, Selector = new() { MatchLabels = s_labels }, Template = s_template.DeepClone() },
    });

    [Fact]
    public Task Deployment_WhoseEndIsSeenLate_MakesNoMoreSets() => MakesNoMoreAsync<Deployment, ReplicaSet>("deployment", "deployments", () => new()
    {
        Metadata = { Namespace = "default", Name = "web" },
        Spec = { Replicas = 1, Selector = new() { MatchLabels = s_labels }, Template = s_template.DeepClone() },
    });

    [Fact]
    public Task StatefulSet_WhoseEndIsSeenLate_MakesNoMorePods() => MakesNoMoreAsync<StatefulSet, Pod>("statefulset", "statefulsets", () => new()
    {
        Metadata = { Namespace = "default", Name = "web" },
        Spec = { Replicas = 1, ServiceName = "web", Selector = new() { MatchLabels = s_labels }, Template = s_template.DeepClone() },
    });

    [Fact]
    public Task DaemonSet_WhoseEndIsSeenLate_MakesNoMorePods() => MakesNoMoreAsync<DaemonSet, Pod>("daemonset", "daemonsets", () => new()
    {
        Metadata = { Namespace = "default", Name = "web" }, Spec = { Selector = new() { MatchLabels = s_labels }, Template = s_template.DeepClone() },
    });

    [Fact]
    public Task Service_WhoseEndIsSeenLate_MakesNoMoreSlices() => MakesNoMoreAsync<Service, EndpointSlice>("endpoint_slice", "services", () => new()
    {
        Metadata = { Namespace = "default", Name = "web" }, Spec = { Selector = s_labels, Ports = [new() { Port = 80 }] },
    });

    private static async Task MakesNoMoreAsync<TOwner, TMade>(string queue, string plural, Func<TOwner> make)
        where TOwner : class, IKubernetesObject<TOwner>
        where TMade : class, IKubernetesObject<TMade>
    {
        await using var cluster = await OrderedCluster.StartAsync(
            new ControllerManagerOptions { Controllers = [queue.Replace("_", "", StringComparison.Ordinal) + "-controller"] },
            client => client.For<Objects.Core.V1.Node>().CreateAsync(Make.Node("node-1").With(n => n.Metadata.UID = "")));
        await cluster.Client.For<TOwner>().CreateAsync(make());
        var first = (await cluster.UntilAsync<TMade>("default", all => all.Count == 1))[0];
        // While its owner is there, what is lost is made again.
        await TakeAwayAsync(cluster, first);
        var second = (await cluster.UntilAsync<TMade>("default", all => all.Count == 1 && all[0].Metadata.UID != first.Metadata.UID))[0];
        await cluster.IdleAsync(queue, 1);
        await cluster.Watches.HoldAsync(plural);
        await cluster.Client.For<TOwner>().DeleteAsync("default", "web", new DeleteOptions { PropagationPolicy = "Background" });

        // What was on the way already may be made once more.
        var left = new List<TMade> { second };
        for (var round = 0; left.Count > 0; round++)
        {
            Assert.True(round < 5, $"what is taken away is made again: {left[0].Metadata.Name}");
            var adds = (int)cluster.Read("workqueue_adds_total", queue);
            await cluster.IdleAsync(queue, adds);
            await TakeAwayAsync(cluster, left[0]);
            await cluster.IdleAsync(queue, adds + 1);
            left = (await cluster.Client.For<TMade>().ListAllAsync("default", null, TestContext.Current.CancellationToken)).Items;
        }

        // When the end is told at last, a new owner of the name is served.
        var successor = await cluster.Client.For<TOwner>().CreateAsync(make());
        cluster.Watches.Release(plural);
        await cluster.UntilAsync<TMade>("default", all => all.Any(m => OwnerReferences.ControllerOf(m)?.UID == successor.Metadata.UID));
    }

    private static Task TakeAwayAsync<TMade>(OrderedCluster cluster, TMade made) where TMade : class, IKubernetesObject<TMade> =>
        cluster.Client.For<TMade>().DeleteAsync("default", made.Metadata.Name, new DeleteOptions { GracePeriodSeconds = 0 });
}
