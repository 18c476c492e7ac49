using Cybernetes.Client.Transport;
using Cybernetes.Objects;
using Cybernetes.Objects.Apps.V1;
using Cybernetes.Objects.Core.V1;
using Cybernetes.Objects.Policy.V1;

namespace Cybernetes.Controllers.Tests.Clusters;

/// <summary>Disruption budgets and the eviction API together.</summary>
public sealed class BudgetTests
{
    [Fact]
    public async Task Evictions_UnderABudget_StopAtItAndGoOnWhenPodsAreBack()
    {
        await using var cluster = await ControlledCluster.StartAsync();
        await cluster.Client.For<PodDisruptionBudget>().CreateAsync(new PodDisruptionBudget
        {
            Metadata = { Namespace = "default", Name = "web" },
            Spec = { MaxUnavailable = Make.Amount("1"), Selector = new() { MatchLabels = new() { ["app"] = "web" } } },
        });
        var deployment = Make.Deployment(3);
        (deployment.Metadata.UID, deployment.Metadata.ResourceVersion, deployment.Metadata.Generation) = ("", "", 0);
        await cluster.Client.For<Deployment>().CreateAsync(deployment);
        await cluster.UntilAsync<PodDisruptionBudget>("default", all =>
            all[0].Status is { DisruptionsAllowed: 1, ExpectedPods: 3, DesiredHealthy: 2, CurrentHealthy: 3 });

        var pods = (await cluster.Client.For<Pod>().ListAllAsync("default")).Items;
        await EvictAsync(cluster, pods[0]);
        // Each further eviction succeeds as soon as the budget allows it again, and not before.
        foreach (var pod in pods.Skip(1))
        {
            await cluster.UntilAsync<PodDisruptionBudget>("default", all => all[0].Status is { DisruptionsAllowed: 1, DisruptedPods: null });
            await EvictAsync(cluster, pod);
        }
        await cluster.UntilAsync<Pod>("default", all => all.Count == 3 && !all.Any(p => pods.Any(o => o.Metadata.UID == p.Metadata.UID)));

        await cluster.Client.For<Deployment>().PatchAsync("default", "web", ObjectPatch.Merge("""{"spec":{"replicas":5}}"""));
        await cluster.UntilAsync<PodDisruptionBudget>("default", all => all[0].Status is { ExpectedPods: 5, DesiredHealthy: 4, DisruptionsAllowed: 1 });
    }

    [Fact]
    public async Task Budget_OfPodsWithoutScale_SaysSo()
    {
        await using var cluster = await ControlledCluster.StartAsync();
        await cluster.Client.For<Pod>().CreateAsync(new Pod
        {
            Metadata =
            {
                Namespace = "default", Name = "web", Labels = new() { ["app"] = "web" },
                OwnerReferences = [new() { APIVersion = "v1", Kind = "ConfigMap", Name = "kube-root-ca.crt", UID = "u-1", Controller = true }],
            },
            Spec = { Containers = [new() { Name = "web", Image = "web:1" }] },
        });
        await cluster.Client.For<PodDisruptionBudget>().CreateAsync(new PodDisruptionBudget
        {
            Metadata = { Namespace = "default", Name = "bare" },
            Spec = { MinAvailable = Make.Amount("50%"), Selector = new() { MatchLabels = new() { ["app"] = "web" } } },
        });

        await cluster.UntilAsync<PodDisruptionBudget>("default", all =>
            all[0].Status is { DisruptionsAllowed: 0, Conditions: [{ Type: "DisruptionAllowed", Status: "False" }] });
    }

    private static Task EvictAsync(ControlledCluster cluster, Pod pod) => cluster.Client.EvictAsync(new Eviction
    {
        Metadata = { Namespace = pod.Metadata.Namespace, Name = pod.Metadata.Name },
    });
}
