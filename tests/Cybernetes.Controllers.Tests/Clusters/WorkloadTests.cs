using Cybernetes.Client.Transport;
using Cybernetes.Controllers.Deployments;
using Cybernetes.Objects;
using Cybernetes.Objects.Apps.V1;
using Cybernetes.Objects.Core.V1;
using Cybernetes.Objects.Discovery.V1;
using Cybernetes.Objects.Meta.V1;

namespace Cybernetes.Controllers.Tests.Clusters;

/// <summary>All controllers against the real API server in one process.</summary>
public sealed class WorkloadTests
{
    private static Deployment Web(int replicas, string image = "web:1")
    {
        var deployment = Make.Deployment(replicas, image: image);
        (deployment.Metadata.UID, deployment.Metadata.ResourceVersion, deployment.Metadata.Generation) = ("", "", 0);
        return deployment;
    }

    private static bool IsDone(List<Deployment> all, string revision) => all is [{ } d]
        && d.Status.ObservedGeneration >= d.Metadata.Generation && d.Status.UpdatedReplicas == d.Spec.Replicas && d.Status.Replicas == d.Spec.Replicas
        && d.Status.AvailableReplicas == d.Spec.Replicas && d.Metadata.Annotations.OrEmpty().GetValueOrDefault(Revisions.Revision) == revision
        && DeploymentConditions.Find(d.Status, "Progressing") is { Reason: "NewReplicaSetAvailable" };

    private static Task SetImageAsync(ControlledCluster cluster, string image) =>
        cluster.Client.For<Deployment>().PatchAsync("default", "web", ObjectPatch.Strategic(
            """{"spec":{"template":{"spec":{"containers":[{"name":"web","image":"IMAGE"}]}}}}""".Replace("IMAGE", image, StringComparison.Ordinal)));

    [Fact]
    public async Task Deployment_RolledUndoneScaled_EndsComplete()
    {
        await using var cluster = await ControlledCluster.StartAsync();
        var deployments = cluster.Client.For<Deployment>();
        await deployments.CreateAsync(Web(3));
        await cluster.UntilAsync<Deployment>("default", all => IsDone(all, "1"));

        await SetImageAsync(cluster, "web:2");
        await cluster.UntilAsync<Deployment>("default", all => IsDone(all, "2"));
        await SetImageAsync(cluster, "web:1");
        await cluster.UntilAsync<Deployment>("default", all => IsDone(all, "3"));
        await deployments.PatchAsync("default", "web", ObjectPatch.Merge("""{"spec":{"replicas":5}}"""));
        await cluster.UntilAsync<Deployment>("default", all => IsDone(all, "3") && all[0].Spec.Replicas == 5);

        var sets = await cluster.UntilAsync<ReplicaSet>("default", all => all.Count == 2);
        Assert.Equal(["2 0 ", "3 5 1"], sets.Select(s =>
            $"{s.Metadata.Annotations![Revisions.Revision]} {s.Spec.Replicas} {s.Metadata.Annotations.GetValueOrDefault(Revisions.History)}").Order());
    }

    [Theory]
    [InlineData("Background")]
    [InlineData("Foreground")]
    public async Task Deployment_Deleted_TakesItsTreeAlong(string policy)
    {
        await using var cluster = await ControlledCluster.StartAsync();
        await cluster.Client.For<Deployment>().CreateAsync(Web(2));
        await cluster.UntilAsync<Deployment>("default", all => IsDone(all, "1"));

        await cluster.Client.For<Deployment>().DeleteAsync("default", "web", new DeleteOptions { PropagationPolicy = policy });

        await cluster.UntilAsync<Pod>("default", all => all.Count == 0);
        await cluster.UntilAsync<ReplicaSet>("default", all => all.Count == 0);
        await cluster.UntilAsync<Deployment>("default", all => all.Count == 0);
    }

    [Fact]
    public async Task Deployment_DeletedOrphaning_LeavesAnAdoptableSet()
    {
        await using var cluster = await ControlledCluster.StartAsync();
        await cluster.Client.For<Deployment>().CreateAsync(Web(2));
        await cluster.UntilAsync<Deployment>("default", all => IsDone(all, "1"));
        var before = (await cluster.UntilAsync<ReplicaSet>("default", all => all.Count == 1))[0];

        await cluster.Client.For<Deployment>().DeleteAsync("default", "web", new DeleteOptions { PropagationPolicy = "Orphan" });
        await cluster.UntilAsync<Deployment>("default", all => all.Count == 0);
        await cluster.UntilAsync<ReplicaSet>("default", all => all is [{ Metadata.OwnerReferences: null }]);
        await cluster.Client.For<Deployment>().CreateAsync(Web(2));
        await cluster.UntilAsync<Deployment>("default", all => IsDone(all, "1"));

        var after = await cluster.UntilAsync<ReplicaSet>("default", all => all.Count == 1);
        Assert.Equal(before.Metadata.UID, after[0].Metadata.UID);
    }

    [Fact]
    public async Task Service_OfPods_HasTheirEndpoints()
    {
        await using var cluster = await ControlledCluster.StartAsync();
        await cluster.Client.For<Service>().CreateAsync(new Service
        {
            Metadata = { Namespace = "default", Name = "web" },
            Spec = { Selector = new() { ["app"] = "web" }, Ports = [new() { Port = 80, TargetPort = 8080 }] },
        });
        await cluster.Client.For<Deployment>().CreateAsync(Web(2));

        await cluster.UntilAsync<EndpointSlice>("default", all =>
            all.SelectMany(s => s.Endpoints.OrEmpty()).Count(e => e.Conditions.Ready == true) == 2);
        await cluster.UntilAsync<Endpoints>("default", all => all.Any(e => e.Metadata.Name == "web" && e.Subsets is [{ Addresses.Count: > 0 }]));
        await cluster.Client.For<Service>().DeleteAsync("default", "web");
        await cluster.UntilAsync<EndpointSlice>("default", all => all.All(s => !s.Metadata.Name.StartsWith("web-", StringComparison.Ordinal)));
        await cluster.UntilAsync<Endpoints>("default", all => all.All(e => e.Metadata.Name != "web"));
    }

    [Fact]
    public async Task Namespace_Deleted_GoesWithAllInIt()
    {
        await using var cluster = await ControlledCluster.StartAsync();
        await cluster.Client.For<Namespace>().CreateAsync(new Namespace { Metadata = { Name = "team" } });
        await cluster.UntilAsync<ServiceAccount>("team", all => all.Count == 1);
        var deployment = Web(2);
        deployment.Metadata.Namespace = "team";
        await cluster.Client.For<Deployment>().CreateAsync(deployment);
        await cluster.UntilAsync<Deployment>("team", all => IsDone(all, "1"));

        await cluster.Client.For<Namespace>().DeleteAsync(null, "team");

        await cluster.UntilAsync<Namespace>(null, all => all.All(n => n.Metadata.Name != "team"));
        Assert.Empty((await cluster.Client.For<Pod>().ListAllAsync("team")).Items);
    }
}
