using Cybernetes.Controllers.Jobs;
using Cybernetes.Controllers.Ownership;
using Cybernetes.Objects;
using Cybernetes.Objects.Apps.V1;
using Cybernetes.Objects.Batch.V1;
using Cybernetes.Objects.Core.V1;

namespace Cybernetes.Controllers.Tests.Clusters;

/// <summary>Odd and hostile objects: they get what they ask for, and nobody else waits for them.</summary>
public sealed class HostileTests
{
    private static ReplicaSet Set(string name) => new()
    {
        Metadata = { Namespace = "default", Name = name },
        Spec = { Replicas = 2, Selector = new() { MatchLabels = new() { ["app"] = "web" } }, Template = Make.Template("web:1") },
    };

    private static Job Job(string name, int completions, string image) => new()
    {
        Metadata = { Namespace = "default", Name = name },
        Spec =
        {
            Completions = completions, Parallelism = 2, CompletionMode = "Indexed",
            Template = { Spec = { RestartPolicy = "Never", Containers = [new() { Name = "main", Image = image }] } },
        },
    };

    [Fact]
    public async Task ReplicaSets_OfOneSelector_KeepToTheirOwnPods()
    {
        await using var cluster = await ControlledCluster.StartAsync();
        var one = await cluster.Client.For<ReplicaSet>().CreateAsync(Set("one"));
        var two = await cluster.Client.For<ReplicaSet>().CreateAsync(Set("two"));

        await cluster.UntilAsync<ReplicaSet>("default", all => all.Count == 2 && all.All(s => s.Status.ReadyReplicas == 2));

        var pods = (await cluster.Client.For<Pod>().ListAllAsync("default")).Items;
        foreach (var set in new[] { one, two })
            Assert.Equal(2, pods.Count(p => OwnerReferences.ControllerOf(p)?.UID == set.Metadata.UID));
        Assert.Equal(4, pods.Count);
    }

    [Fact]
    public async Task Job_OfAMillion_LetsASmallOneThrough()
    {
        await using var cluster = await ControlledCluster.StartAsync();
        await cluster.Client.For<Job>().CreateAsync(Job("vast", 1_000_000, "web:1"));
        await cluster.UntilAsync<Job>("default", all => all.Any(j => j is { Metadata.Name: "vast", Status.Active: 2 }));

        await cluster.Client.For<Job>().CreateAsync(Job("small", 1, "exit:0"));

        await cluster.UntilAsync<Job>("default", all => all.Any(j => j.Metadata.Name == "small" && JobController.IsFinished(j)));
    }

    [Fact]
    public async Task Owners_InACircle_StayAndGarbageBesideThemGoes()
    {
        await using var cluster = await ControlledCluster.StartAsync();
        var maps = cluster.Client.For<ConfigMap>();
        var a = await maps.CreateAsync(new() { Metadata = { Namespace = "default", Name = "a" } });
        var b = await maps.CreateAsync(new() { Metadata = { Namespace = "default", Name = "b", OwnerReferences = [Reference(a)] } });
        a.Metadata.OwnerReferences = [Reference(b)];
        await maps.UpdateAsync(a);
        await maps.CreateAsync(new()
        {
            Metadata =
            {
                Namespace = "default", Name = "lost",
                OwnerReferences = [new() { APIVersion = "v1", Kind = "ConfigMap", Name = "gone", UID = "gone" }],
            },
        });

        await cluster.UntilAsync<ConfigMap>("default", all => all.All(m => m.Metadata.Name != "lost"));
        Assert.NotNull(await maps.FindAsync("default", "a"));
        await maps.DeleteAsync("default", "a", new() { PropagationPolicy = "Foreground" });
        await cluster.UntilAsync<ConfigMap>("default", all => all.All(m => m.Metadata.Name is not ("a" or "b")));
    }

    [Fact]
    public async Task DaemonSet_WithTwoRevisionsOfItsTemplate_KeepsOneAndItsPods()
    {
        await using var cluster = await ControlledCluster.StartAsync();
        var set = await cluster.Client.For<DaemonSet>().CreateAsync(new()
        {
            Metadata = { Namespace = "default", Name = "agent" },
            Spec = { Selector = new() { MatchLabels = new() { ["app"] = "web" } }, Template = Make.Template("web:1") },
        });
        var pod = (await cluster.UntilAsync<Pod>("default", all => all is [{ Status.Phase: "Running" }]))[0];
        var first = (await cluster.UntilAsync<ControllerRevision>("default", all => all.Count == 1))[0];

        await cluster.Client.For<ControllerRevision>().CreateAsync(new()
        {
            Metadata =
            {
                Namespace = "default", Name = "agent-copy", OwnerReferences = [OwnerReferences.ToController(set)],
                Labels = new(first.Metadata.Labels!) { ["controller-revision-hash"] = "copy" },
            },
            Data = first.Data, Revision = 2,
        });

        var kept = (await cluster.UntilAsync<ControllerRevision>("default", all => all is [{ Metadata.Name: "agent-copy" }]))[0];
        var pods = await cluster.UntilAsync<Pod>("default", all => all is [{ } only] && only.Metadata.Labels!["controller-revision-hash"] == "copy");
        Assert.Equal((pod.Metadata.UID, 2), (pods[0].Metadata.UID, kept.Revision));
    }

    private static Objects.Meta.V1.OwnerReference Reference(ConfigMap owner) =>
        new() { APIVersion = "v1", Kind = "ConfigMap", Name = owner.Metadata.Name, UID = owner.Metadata.UID, BlockOwnerDeletion = true };
}
