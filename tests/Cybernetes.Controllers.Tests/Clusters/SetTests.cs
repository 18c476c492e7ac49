using Cybernetes.Client.Transport;
using Cybernetes.Controllers.StatefulSets;
using Cybernetes.Objects;
using Cybernetes.Objects.Apps.V1;
using Cybernetes.Objects.Core.V1;
using Cybernetes.Objects.Meta.V1;
using ClusterNode = Cybernetes.Objects.Core.V1.Node;

namespace Cybernetes.Controllers.Tests.Clusters;

/// <summary>Daemon sets, stateful sets and replication controllers against the real API server.</summary>
public sealed class SetTests
{
    private static ObjectPatch Image(string image) => ObjectPatch.Strategic(
        """{"spec":{"template":{"spec":{"containers":[{"name":"web","image":"IMAGE"}]}}}}""".Replace("IMAGE", image, StringComparison.Ordinal));

    private static bool IsDone(List<DaemonSet> all, int nodes) => all is [{ } set] && set.Status.ObservedGeneration == set.Metadata.Generation
        && set.Status.DesiredNumberScheduled == nodes && set.Status.NumberAvailable == nodes && set.Status.UpdatedNumberScheduled == nodes
        && set.Status.CurrentNumberScheduled == nodes && set.Status.NumberUnavailable == 0;

    private static bool IsDone(List<StatefulSet> all, int replicas) => all is [{ } set] && set.Status.ObservedGeneration == set.Metadata.Generation
        && set.Status.Replicas == replicas && set.Status.AvailableReplicas == replicas && set.Status.UpdatedReplicas == replicas
        && set.Status.CurrentRevision == set.Status.UpdateRevision;

    [Fact]
    public async Task DaemonSet_NodesComeTaintAndTemplateChange_IsOnEachNodeThatSuits()
    {
        await using var cluster = await ControlledCluster.StartAsync();
        var sets = cluster.Client.For<DaemonSet>();
        var nodes = cluster.Client.For<ClusterNode>();
        await sets.CreateAsync(new DaemonSet
        {
            Metadata = { Namespace = "default", Name = "agent" },
            Spec = { Selector = new() { MatchLabels = new() { ["app"] = "web" } }, Template = Make.Template("agent:1") },
        });
        await cluster.UntilAsync<DaemonSet>("default", all => IsDone(all, 1));

        await nodes.CreateAsync(Make.Node("node-2").With(n => n.Metadata.UID = ""));
        await cluster.UntilAsync<DaemonSet>("default", all => IsDone(all, 2));
        await sets.PatchAsync("default", "agent", Image("agent:2"));
        await cluster.UntilAsync<DaemonSet>("default", all => IsDone(all, 2));
        var pods = await cluster.UntilAsync<Pod>("default", all => all.Count == 2);
        Assert.Equal(["node-1 agent:2", "node-2 agent:2"], pods.Select(p => $"{p.Spec.NodeName} {p.Spec.Containers![0].Image}").Order());
        Assert.All(pods, p => Assert.Equal("2", p.Metadata.Labels!["pod-template-generation"]));
        var revisions = await cluster.UntilAsync<ControllerRevision>("default", all => all.Count == 2);
        Assert.Equal([1L, 2L], revisions.Select(r => r.Revision).Order());

        await nodes.PatchAsync(null, "node-2", ObjectPatch.Merge("""{"spec":{"taints":[{"key":"own","effect":"NoExecute"}]}}"""));
        await cluster.UntilAsync<Pod>("default", all => all is [{ Spec.NodeName: "node-1" }]);
        await cluster.UntilAsync<DaemonSet>("default", all => IsDone(all, 1));
        await sets.DeleteAsync("default", "agent");
        await cluster.UntilAsync<Pod>("default", all => all.Count == 0);
        await cluster.UntilAsync<ControllerRevision>("default", all => all.Count == 0);
    }

    [Fact]
    public async Task DaemonSet_Surging_NeverLacksAPod()
    {
        await using var cluster = await ControlledCluster.StartAsync();
        await cluster.Client.For<DaemonSet>().CreateAsync(new DaemonSet
        {
            Metadata = { Namespace = "default", Name = "agent" },
            Spec =
            {
                Selector = new() { MatchLabels = new() { ["app"] = "web" } }, Template = Make.Template("agent:1"),
                UpdateStrategy = { Type = "RollingUpdate", RollingUpdate = new() { MaxUnavailable = 0, MaxSurge = 1 } },
            },
        });
        await cluster.UntilAsync<DaemonSet>("default", all => IsDone(all, 1));
        var least = 1;
        await cluster.Client.For<DaemonSet>().PatchAsync("default", "agent", Image("agent:2"));
        await cluster.UntilAsync<Pod>("default", all =>
        {
            least = Math.Min(least, all.Count(p => p.Metadata.DeletionTimestamp is null));
            return all is [{ Metadata.DeletionTimestamp: null } only] && only.Spec.Containers![0].Image == "agent:2";
        });

        Assert.Equal(1, least);
        await cluster.UntilAsync<DaemonSet>("default", all => IsDone(all, 1));
    }

    [Fact]
    public async Task StatefulSet_MadeRolledScaledDeleted_KeepsNamesAndClaims()
    {
        await using var cluster = await ControlledCluster.StartAsync();
        var sets = cluster.Client.For<StatefulSet>();
        await sets.CreateAsync(new StatefulSet
        {
            Metadata = { Namespace = "default", Name = "db" },
            Spec =
            {
                Replicas = 3, ServiceName = "db", Selector = new() { MatchLabels = new() { ["app"] = "web" } }, Template = Make.Template("db:1"),
                PersistentVolumeClaimRetentionPolicy = new() { WhenDeleted = "Delete", WhenScaled = "Delete" },
                VolumeClaimTemplates =
                [
                    new()
                    {
                        Metadata = { Name = "data" },
                        Spec = { AccessModes = ["ReadWriteOnce"], Resources = { Requests = new() { ["storage"] = Quantity.FromBytes(1 << 20) } } },
                    },
                ],
            },
        });
        await cluster.UntilAsync<StatefulSet>("default", all => IsDone(all, 3));
        var pods = (await cluster.Client.For<Pod>().ListAllAsync("default")).Items.OrderBy(p => p.Metadata.Name, StringComparer.Ordinal).ToList();
        Assert.Equal(["db-0", "db-1", "db-2"], pods.Select(p => p.Metadata.Name));
        Assert.True(pods[0].Metadata.CreationTimestamp <= pods[2].Metadata.CreationTimestamp);
        Assert.Equal("data-db-1", pods[1].Spec.Volumes![0].PersistentVolumeClaim!.ClaimName);

        await sets.PatchAsync("default", "db", Image("db:2"));
        await cluster.UntilAsync<StatefulSet>("default", all => IsDone(all, 3));
        await cluster.UntilAsync<Pod>("default", all => all.Count == 3 && all.All(p => p.Spec.Containers![0].Image == "db:2"));
        await cluster.UntilAsync<ControllerRevision>("default", all => all.Count == 2);
        await cluster.UntilAsync<PersistentVolumeClaim>("default", all =>
            all.Count == 3 && all.All(c => c.Metadata.OwnerReferences is [{ Kind: "StatefulSet", Controller: true }]));

        await sets.PatchAsync("default", "db", ObjectPatch.Merge("""{"spec":{"replicas":1}}"""));
        await cluster.UntilAsync<Pod>("default", all => all is [{ Metadata.Name: "db-0" }]);
        await cluster.UntilAsync<PersistentVolumeClaim>("default", all => all is [{ Metadata.Name: "data-db-0" }]);
        await sets.PatchAsync("default", "db", ObjectPatch.Merge("""{"spec":{"replicas":2}}"""));
        await cluster.UntilAsync<StatefulSet>("default", all => IsDone(all, 2));

        await sets.DeleteAsync("default", "db", new DeleteOptions { PropagationPolicy = "Foreground" });
        await cluster.UntilAsync<StatefulSet>("default", all => all.Count == 0);
        await cluster.UntilAsync<PersistentVolumeClaim>("default", all => all.Count == 0);
    }

    [Fact]
    public async Task StatefulSet_ClaimInUseDeleted_ScalesAllTheSame()
    {
        await using var cluster = await ControlledCluster.StartAsync();
        await cluster.Client.For<StatefulSet>().CreateAsync(new StatefulSet
        {
            Metadata = { Namespace = "default", Name = "db" },
            Spec =
            {
                Replicas = 1, ServiceName = "db", Selector = new() { MatchLabels = new() { ["app"] = "web" } }, Template = Make.Template("db:1"),
                VolumeClaimTemplates =
                [
                    new()
                    {
                        Metadata = { Name = "data" },
                        Spec = { AccessModes = ["ReadWriteOnce"], Resources = { Requests = new() { ["storage"] = Quantity.FromBytes(1 << 20) } } },
                    },
                ],
            },
        });
        await cluster.UntilAsync<StatefulSet>("default", all => IsDone(all, 1));
        await cluster.Client.For<PersistentVolumeClaim>().DeleteAsync("default", "data-db-0");
        await cluster.Client.For<StatefulSet>().PatchAsync("default", "db", ObjectPatch.Merge("""{"spec":{"replicas":2}}"""));

        await cluster.UntilAsync<StatefulSet>("default", all => IsDone(all, 2));
        var claims = (await cluster.Client.For<PersistentVolumeClaim>().ListAllAsync("default")).Items;
        Assert.NotNull(claims.Single(c => c.Metadata.Name == "data-db-0").Metadata.DeletionTimestamp);
    }

    [Fact]
    public async Task StatefulSet_OfTheTemplateBefore_RollsBackToItsRevision()
    {
        await using var cluster = await ControlledCluster.StartAsync();
        var sets = cluster.Client.For<StatefulSet>();
        await sets.CreateAsync(new StatefulSet
        {
            Metadata = { Namespace = "default", Name = "db" },
            Spec =
            {
                Replicas = 2, ServiceName = "db", Selector = new() { MatchLabels = new() { ["app"] = "web" } }, Template = Make.Template("db:1"),
                PodManagementPolicy = "Parallel",
            },
        });
        await cluster.UntilAsync<StatefulSet>("default", all => IsDone(all, 2));
        var first = (await sets.GetAsync("default", "db")).Status.CurrentRevision;
        await sets.PatchAsync("default", "db", Image("db:2"));
        await cluster.UntilAsync<StatefulSet>("default", all => IsDone(all, 2) && all[0].Status.CurrentRevision != first);
        await sets.PatchAsync("default", "db", Image("db:1"));
        await cluster.UntilAsync<StatefulSet>("default", all => IsDone(all, 2) && all[0].Status.CurrentRevision == first);

        var revisions = await cluster.UntilAsync<ControllerRevision>("default", all => all.Count == 2);
        Assert.Equal(3, revisions.Single(r => r.Metadata.Name == first).Revision);
        var pods = (await cluster.Client.For<Pod>().ListAllAsync("default")).Items;
        Assert.All(pods, p => Assert.Equal(first, StatefulPods.RevisionOf(p)));
    }

    [Fact]
    public async Task ReplicationController_ScaledAndRelabelled_KeepsItsNumber()
    {
        await using var cluster = await ControlledCluster.StartAsync();
        var controllers = cluster.Client.For<ReplicationController>();
        await controllers.CreateAsync(new ReplicationController
        {
            Metadata = { Namespace = "default", Name = "web" }, Spec = { Replicas = 2, Template = Make.Template("web:1") },
        });
        await cluster.UntilAsync<ReplicationController>("default", all => all is [{ Status.AvailableReplicas: 2 }]);
        var pod = (await cluster.Client.For<Pod>().ListAllAsync("default")).Items[0];
        await cluster.Client.For<Pod>().PatchAsync("default", pod.Metadata.Name, ObjectPatch.Merge("""{"metadata":{"labels":{"app":"other"}}}"""));

        var pods = await cluster.UntilAsync<Pod>("default", all =>
            all.Count(p => p.Metadata.OwnerReferences is [{ Kind: "ReplicationController" }]) == 2 && all.Count == 3);
        Assert.Null(pods.Single(p => p.Metadata.Name == pod.Metadata.Name).Metadata.OwnerReferences);
        await controllers.PatchAsync("default", "web", ObjectPatch.Merge("""{"spec":{"replicas":0}}"""));
        await cluster.UntilAsync<ReplicationController>("default", all => all is [{ Status.Replicas: 0 }]);
        await cluster.UntilAsync<Pod>("default", all => all.Count == 1);
    }
}
