using Cybernetes.Objects;
using Cybernetes.Objects.Apps.V1;
using Cybernetes.Objects.Core.V1;
using Cybernetes.Objects.Meta.V1;

namespace Cybernetes.Controllers.Tests.Clusters;

/// <summary>
/// The owner's watch trails, the pods' does not: what the collector takes away is not made again for an owner that is gone. The simulator's seeds
/// 893 and 932 made and collected pods without end.
/// </summary>
public sealed class LateOwnerTests
{
    private static readonly Dictionary<string, string> s_labels = new() { ["app"] = "web" };

    private static readonly PodTemplateSpec s_template = new()
    {
        Metadata = { Labels = s_labels }, Spec = new() { Containers = [new() { Name = "web", Image = "web:1" }] },
    };

    [Fact]
    public Task ReplicaSet_WhoseEndIsSeenLate_MakesNoMorePods() => MakesNoMorePodsAsync("replicaset", "replicasets", () => new ReplicaSet
    {
        Metadata = { Namespace = "default", Name = "web" },
        Spec = { Replicas = 1, Selector = new() { MatchLabels = s_labels }, Template = s_template.DeepClone() },
    });

    [Fact]
    public Task StatefulSet_WhoseEndIsSeenLate_MakesNoMorePods() => MakesNoMorePodsAsync("statefulset", "statefulsets", () => new StatefulSet
    {
        Metadata = { Namespace = "default", Name = "web" },
        Spec = { Replicas = 1, ServiceName = "web", Selector = new() { MatchLabels = s_labels }, Template = s_template.DeepClone() },
    });

    [Fact]
    public Task DaemonSet_WhoseEndIsSeenLate_MakesNoMorePods() => MakesNoMorePodsAsync("daemonset", "daemonsets", () => new DaemonSet
    {
        Metadata = { Namespace = "default", Name = "web" }, Spec = { Selector = new() { MatchLabels = s_labels }, Template = s_template.DeepClone() },
    });

    private static async Task MakesNoMorePodsAsync<T>(string queue, string plural, Func<T> make) where T : class, IKubernetesObject<T>
    {
        await using var cluster = await OrderedCluster.StartAsync(
            new ControllerManagerOptions { Controllers = [queue + "-controller"] },
            client => client.For<Objects.Core.V1.Node>().CreateAsync(Make.Node("node-1").With(n => n.Metadata.UID = "")));
        await cluster.Client.For<T>().CreateAsync(make());
        var first = (await cluster.UntilAsync<Pod>("default", all => all.Count == 1))[0];
        // While its owner is there, a pod that is lost is made again.
        await TakeAwayAsync(cluster, first);
        var second = (await cluster.UntilAsync<Pod>("default", all => all.Count == 1 && all[0].Metadata.UID != first.Metadata.UID))[0];
        await cluster.IdleAsync(queue, 1);
        await cluster.Watches.HoldAsync(plural);
        await cluster.Client.For<T>().DeleteAsync("default", "web", new DeleteOptions { PropagationPolicy = "Background" });

        var adds = (int)cluster.Read("workqueue_adds_total", queue);
        await TakeAwayAsync(cluster, second);
        await cluster.IdleAsync(queue, adds + 1);
        Assert.Empty((await cluster.Client.For<Pod>().ListAllAsync("default", null, TestContext.Current.CancellationToken)).Items);

        // When the end is told at last, a new owner of the name is served.
        var successor = await cluster.Client.For<T>().CreateAsync(make());
        cluster.Watches.Release(plural);
        await cluster.UntilAsync<Pod>("default", all => all is [var pod] && OwnerReferences.ControllerOf(pod)?.UID == successor.Metadata.UID);
    }

    private static Task TakeAwayAsync(OrderedCluster cluster, Pod pod) =>
        cluster.Client.For<Pod>().DeleteAsync("default", pod.Metadata.Name, new DeleteOptions { GracePeriodSeconds = 0 });
}
