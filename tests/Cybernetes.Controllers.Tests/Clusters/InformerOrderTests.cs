using Cybernetes.Client.Transport;
using Cybernetes.Controllers.Jobs;
using Cybernetes.Controllers.Ownership;
using Cybernetes.Controllers.Tests.VolumeBinding;
using Cybernetes.Controllers.VolumeSnapshots;
using Cybernetes.Objects;
using Cybernetes.Objects.Apps.V1;
using Cybernetes.Objects.Batch.V1;
using Cybernetes.Objects.Core.V1;
using Cybernetes.Objects.Discovery.V1;
using Cybernetes.Objects.Meta.V1;
using Cybernetes.Objects.Policy.V1;
using Cybernetes.Objects.Snapshot.V1;
using Cybernetes.Objects.Storage.V1;
using ClusterNode = Cybernetes.Objects.Core.V1.Node;

namespace Cybernetes.Controllers.Tests.Clusters;

/// <summary>Watches of different kinds are told in any order: whatever comes last, what it completes is carried out.</summary>
public sealed class InformerOrderTests
{
    private static PersistentVolume Volume(Action<PersistentVolume>? change = null) => ClaimReconcilerTests.Volume("v", "5Gi", change: v =>
    {
        (v.Metadata.UID, v.Status.Phase) = ("", "");
        change?.Invoke(v);
    });

    private static PersistentVolumeClaim Claim(Action<PersistentVolumeClaim>? change = null) => ClaimReconcilerTests.Claim(storage: "", change: c =>
    {
        (c.Metadata.UID, c.Status.Phase) = ("", "");
        change?.Invoke(c);
    });

    private static Pod Pod(string name, Action<Pod>? change = null) => new Pod
    {
        Metadata = { Namespace = "default", Name = name, Labels = new() { ["app"] = "web" } },
        Spec = { NodeName = "node-1", Containers = [new() { Name = "web", Image = "web:1" }] },
    }.With(p => change?.Invoke(p));

    private static ClusterNode NodeInZone() => new()
    {
        Metadata = { Name = "node-1", Labels = new() { ["topology.kubernetes.io/zone"] = "west" } },
    };

    [Fact]
    public async Task NamedVolume_MadeAfterTheClaim_IsBound()
    {
        await using var cluster = await OrderedCluster.StartAsync("persistentvolume-binder-controller");
        await cluster.Client.For<PersistentVolumeClaim>().CreateAsync(Claim(c => c.Spec.VolumeName = "v"));
        await cluster.IdleAsync("claims", 1);

        await cluster.Client.For<PersistentVolume>().CreateAsync(Volume());

        await cluster.UntilAsync<PersistentVolumeClaim>("default", all => all is [{ Status.Phase: "Bound" }]);
    }

    [Fact]
    public async Task BoundVolume_ToldAfterItsClaimAndPod_IsAttached()
    {
        await using var cluster = await OrderedCluster.StartAsync(
            new ControllerManagerOptions { Controllers = ["persistentvolume-attach-detach-controller"] },
            async client =>
            {
                await client.For<ClusterNode>().CreateAsync(NodeInZone());
                await client.For<PersistentVolume>().CreateAsync(
                    Volume(v => (v.Spec.HostPath, v.Spec.CSI) = (null, new() { Driver = "disk.example.com", VolumeHandle = "h-1" })));
            });
        await cluster.IdleAsync("attach_detach", 1);
        await cluster.Watches.HoldAsync("persistentvolumes");
        var claim = await cluster.Client.For<PersistentVolumeClaim>().CreateAsync(Claim(c => c.Spec.VolumeName = "v"));
        var volume = await cluster.Client.For<PersistentVolume>().GetAsync(null, "v");
        volume.Spec.ClaimRef = new() { Namespace = "default", Name = claim.Metadata.Name, UID = claim.Metadata.UID };
        await cluster.Client.For<PersistentVolume>().UpdateAsync(volume);
        await cluster.Client.For<Pod>().CreateAsync(
            Pod("web", p => p.Spec.Volumes = [new() { Name = "data", PersistentVolumeClaim = new() { ClaimName = claim.Metadata.Name } }]));
        await cluster.IdleAsync("attach_detach", 2);

        cluster.Watches.Release("persistentvolumes");

        await cluster.UntilAsync<VolumeAttachment>(null, all => all is [{ Spec.NodeName: "node-1" }]);
    }

    [Fact]
    public async Task Volume_ToldAfterItsClaimWantsMore_IsToldOf()
    {
        await using var cluster = await OrderedCluster.StartAsync("persistentvolume-expander-controller");
        await cluster.Watches.HoldAsync("persistentvolumes");
        var claim = await cluster.Client.For<PersistentVolumeClaim>().CreateAsync(Claim(c =>
            (c.Spec.VolumeName, c.Spec.Resources.Requests!["storage"]) = ("v", Quantity.Parse("8Gi"))));
        // Seen as it is now: an informer that lists later would be told of the claim once only.
        await cluster.IdleAsync("volume_expand", 1);
        await cluster.Client.For<PersistentVolume>().CreateAsync(
            Volume(v => v.Spec.ClaimRef = new() { Namespace = "default", Name = claim.Metadata.Name, UID = claim.Metadata.UID }));
        claim.Status.Phase = "Bound";
        await cluster.Client.For<PersistentVolumeClaim>().UpdateStatusAsync(claim);
        await cluster.IdleAsync("volume_expand", 2);

        cluster.Watches.Release("persistentvolumes");

        await cluster.UntilAsync<Event>("default", all => all.Any(e => e.Reason == "ExternalExpanding"));
    }

    [Fact]
    public async Task Budget_SeenBeforeTheReplicaSet_CountsByTheDeployment()
    {
        await using var cluster = await OrderedCluster.StartAsync("disruption-controller");
        var deployment = await cluster.Client.For<Deployment>().CreateAsync(Make.Deployment(10).With(d =>
            (d.Metadata.UID, d.Metadata.ResourceVersion) = ("", "")));
        await cluster.UntilAsync<Deployment>("default", all => all.Count == 1);
        await cluster.Watches.HoldAsync("replicasets");
        var set = await cluster.Client.For<ReplicaSet>().CreateAsync(Make.Set(deployment, "web:1", 4).With(s =>
            (s.Metadata.UID, s.Metadata.ResourceVersion) = ("", "")));
        await cluster.Client.For<Pod>().CreateAsync(Pod("web-1", p => p.Metadata.OwnerReferences = [OwnerReferences.ToController(set)]));
        await cluster.Client.For<PodDisruptionBudget>().CreateAsync(new()
        {
            Metadata = { Namespace = "default", Name = "web" },
            Spec = { MaxUnavailable = 1, Selector = new() { MatchLabels = new() { ["app"] = "web" } } },
        });
        // The server knows the set's own number only; what the deployment wants comes with the set's event.
        await cluster.UntilAsync<PodDisruptionBudget>("default", all => all is [{ Status.ExpectedPods: 4 }]);

        cluster.Watches.Release("replicasets");

        await cluster.UntilAsync<PodDisruptionBudget>("default", all => all is [{ Status.ExpectedPods: 10 }]);
    }

    [Fact]
    public async Task Node_ToldAfterItsPods_GivesTheirEndpointsAZone()
    {
        await using var cluster = await OrderedCluster.StartAsync("endpointslice-controller");
        await cluster.Watches.HoldAsync("nodes");
        await cluster.Client.For<ClusterNode>().CreateAsync(NodeInZone());
        await cluster.Client.For<Service>().CreateAsync(new()
        {
            Metadata = { Namespace = "default", Name = "web" },
            Spec = { Selector = new() { ["app"] = "web" }, PublishNotReadyAddresses = true, Ports = [new() { Port = 80 }] },
        });
        var pod = await cluster.Client.For<Pod>().CreateAsync(Pod("web-1"));
        pod.Status.PodIP = "10.1.0.7";
        pod.Status.PodIPs = [new() { IP = "10.1.0.7" }];
        await cluster.Client.For<Pod>().UpdateStatusAsync(pod);
        await cluster.UntilAsync<EndpointSlice>("default", all => all.Any(s => s.Endpoints is [{ Zone: null }]));

        cluster.Watches.Release("nodes");

        await cluster.UntilAsync<EndpointSlice>("default", all => all.Any(s => s.Endpoints is [{ Zone: "west" }]));
    }

    [Fact]
    public async Task RootCertificateMap_OfSomebodyElse_IsCorrectedWhenItIsSeen()
    {
        await using var cluster = await OrderedCluster.StartAsync(new ControllerManagerOptions
        {
            Controllers = ["root-ca-certificate-publisher-controller"], RootCertificateAuthority = "right",
        });
        await cluster.UntilAsync<ConfigMap>("default", all => all.Count == 1);
        await cluster.Watches.HoldAsync("namespaces");
        await cluster.Watches.HoldAsync("configmaps");
        await cluster.Client.For<Namespace>().CreateAsync(new() { Metadata = { Name = "team" } });
        await cluster.Client.For<ConfigMap>().CreateAsync(
            new() { Metadata = { Namespace = "team", Name = "kube-root-ca.crt" }, Data = new() { ["ca.crt"] = "wrong" } });
        var adds = (int)cluster.Read("workqueue_adds_total", "root-ca-cert-publisher");
        cluster.Watches.Release("namespaces");
        await cluster.IdleAsync("root-ca-cert-publisher", adds + 1);

        cluster.Watches.Release("configmaps");

        await cluster.UntilAsync<ConfigMap>("team", all => all is [{ Data: { } data }] && data["ca.crt"] == "right");
    }

    [Fact]
    public async Task StatefulSet_WhoseDeletionIsSeenLate_WritesNoHistory()
    {
        await using var cluster = await OrderedCluster.StartAsync("statefulset-controller");
        await cluster.Client.For<StatefulSet>().CreateAsync(new()
        {
            Metadata = { Namespace = "default", Name = "db" },
            Spec =
            {
                Replicas = 0, ServiceName = "db", Selector = new() { MatchLabels = new() { ["app"] = "web" } }, Template = Make.Template("db:1"),
            },
        });
        var revision = (await cluster.UntilAsync<ControllerRevision>("default", all => all.Count == 1))[0];
        await cluster.UntilAsync<StatefulSet>("default", all => all is [{ Status.UpdateRevision.Length: > 0 }]);
        await cluster.IdleAsync("statefulset", 2);
        await cluster.Watches.HoldAsync("statefulsets");
        await cluster.Client.For<StatefulSet>().DeleteAsync("default", "db", new DeleteOptions { PropagationPolicy = "Foreground" });
        var adds = (int)cluster.Read("workqueue_adds_total", "statefulset");
        await cluster.Client.For<ControllerRevision>().DeleteAsync("default", revision.Metadata.Name);
        await cluster.IdleAsync("statefulset", adds + 1);

        Assert.Empty((await cluster.Client.For<ControllerRevision>().ListAllAsync("default")).Items);
        cluster.Watches.Release("statefulsets");
    }

    [Fact]
    public async Task Job_SuspendedWhilePodsAreSeenLate_CountsWhatHasSucceeded()
    {
        await using var cluster = await OrderedCluster.StartAsync("job-controller");
        await cluster.Client.For<Job>().CreateAsync(new()
        {
            Metadata = { Namespace = "default", Name = "once" },
            Spec = { Template = { Spec = { RestartPolicy = "Never", Containers = [new() { Name = "main", Image = "exit:0" }] } } },
        });
        var pod = (await cluster.UntilAsync<Pod>("default", all => all.Count == 1))[0];
        await cluster.UntilAsync<Job>("default", all => all is [{ Status.Active: 1 }]);
        await cluster.IdleAsync("job", 2);
        await cluster.Watches.HoldAsync("pods");
        var adds = (int)cluster.Read("workqueue_adds_total", "job");
        pod.Status.Phase = PodPhase.Succeeded;
        await cluster.Client.For<Pod>().UpdateStatusAsync(pod);
        await cluster.Client.For<Job>().PatchAsync("default", "once", ObjectPatch.Merge("""{"spec":{"suspend":true}}"""));
        // What it wants to delete is not as it saw it: it tries again.
        await cluster.IdleAsync("job", adds + 2);

        cluster.Watches.Release("pods");

        await cluster.UntilAsync<Job>("default", all => all is [{ Status.Succeeded: 1 }]);
    }

    [Fact]
    public async Task Job_WhoseStatusIsSeenLate_MakesNoPodTwice()
    {
        await using var cluster = await OrderedCluster.StartAsync("job-controller");
        await cluster.Client.For<Job>().CreateAsync(new()
        {
            Metadata = { Namespace = "default", Name = "once" },
            Spec =
            {
                Template = { Spec = { RestartPolicy = "Never", Containers = [new() { Name = "main", Image = "exit:0" }] } },
            },
        });
        var pod = (await cluster.UntilAsync<Pod>("default", all => all.Count == 1))[0];
        await cluster.UntilAsync<Job>("default", all => all is [{ Status.Active: 1 }]);
        await cluster.IdleAsync("job", 2);
        await cluster.Watches.HoldAsync("jobs");
        pod.Status.Phase = PodPhase.Succeeded;
        await cluster.Client.For<Pod>().UpdateStatusAsync(pod);
        // The pod's finalizer is off, so it is counted in the job's status, which the informer does not show.
        await cluster.UntilAsync<Job>("default", all => JobController.IsFinished(all[0]));
        var adds = (int)cluster.Read("workqueue_adds_total", "job");
        for (var n = 0; cluster.Read("workqueue_adds_total", "job") <= adds; n++)
            await cluster.Client.For<Pod>().PatchAsync("default", pod.Metadata.Name,
                ObjectPatch.Strategic($$$$"""{"metadata":{"labels":{"touched":"{{{{n}}}}"}}}"""));
        await cluster.IdleAsync("job", adds + 1);

        Assert.Single((await cluster.Client.For<Pod>().ListAllAsync("default")).Items);
        cluster.Watches.Release("jobs");
    }

    [Fact]
    public async Task PodOfAJob_SeenBeforeTheJob_KeepsItsFinalizer()
    {
        await using var cluster = await OrderedCluster.StartAsync("job-controller");
        await cluster.Watches.HoldAsync("jobs");
        var job = await cluster.Client.For<Job>().CreateAsync(new()
        {
            Metadata = { Namespace = "default", Name = "later" },
            Spec =
            {
                Suspend = true, Template = { Spec = { RestartPolicy = "Never", Containers = [new() { Name = "main", Image = "exit:0" }] } },
            },
        });
        await cluster.Client.For<Pod>().CreateAsync(Pod("later-1", p =>
            (p.Metadata.Finalizers, p.Metadata.OwnerReferences) = ([JobPods.Finalizer], [OwnerReferences.ToController(job)])));
        await cluster.IdleAsync("job_orphan_pod", 1);

        Assert.Equal([JobPods.Finalizer], (await cluster.Client.For<Pod>().GetAsync("default", "later-1")).Metadata.Finalizers);
        cluster.Watches.Release("jobs");
    }

    [Fact]
    public async Task StatefulSet_WhoseNameIsTakenByAForeignPod_MakesItsOwnWhenThatIsGone()
    {
        await using var cluster = await OrderedCluster.StartAsync("statefulset-controller");
        await cluster.Client.For<Pod>().CreateAsync(Pod("web-0", p =>
            p.Metadata.OwnerReferences = [new() { APIVersion = "v1", Kind = "ReplicationController", Name = "rc", UID = "other", Controller = true }]));
        await cluster.Client.For<StatefulSet>().CreateAsync(Stateful());
        await cluster.IdleAsync("statefulset", 1);

        await cluster.Client.For<Pod>().DeleteAsync("default", "web-0", new() { GracePeriodSeconds = 0 });

        await cluster.UntilAsync<Pod>("default", all => all is [{ Metadata.OwnerReferences: [{ Kind: "StatefulSet" }] }]);
    }

    [Fact]
    public async Task StatefulSet_WhoseRevisionsAreSeenLate_KeepsThePartitionAtTheOldOne()
    {
        await using var cluster = await OrderedCluster.StartAsync("statefulset-controller");
        await cluster.Watches.HoldAsync("controllerrevisions");
        await cluster.Client.For<StatefulSet>().CreateAsync(Stateful());
        var set = (await cluster.UntilAsync<StatefulSet>("default", all => all[0].Status.CurrentRevision.Length > 0))[0];
        var old = set.Status.CurrentRevision;

        await cluster.Client.For<StatefulSet>().PatchAsync("default", "web", ObjectPatch.Strategic(
            """{"spec":{"template":{"spec":{"containers":[{"name":"web","image":"web:2"}]}}}}"""));

        set = (await cluster.UntilAsync<StatefulSet>("default", all => all[0].Status.ObservedGeneration == 2))[0];
        Assert.Equal(old, set.Status.CurrentRevision);
        Assert.NotEqual(old, set.Status.UpdateRevision);
        var revisions = await cluster.Client.For<ControllerRevision>().ListAllAsync("default");
        Assert.Equal([1, 2], revisions.Items.Select(r => r.Revision).Order());
        cluster.Watches.Release("controllerrevisions");
    }

    [Fact]
    public async Task Snapshot_WhoseContentIsSeenKeptLate_LeavesIt()
    {
        await using var cluster = await OrderedCluster.StartAsync(VolumeSnapshotController.ControllerName);
        await cluster.Client.For<VolumeSnapshotContent>().CreateAsync(new()
        {
            Metadata = { Name = "there" },
            Spec =
            {
                Driver = "disk.example.com", DeletionPolicy = "Delete", Source = { SnapshotHandle = "handle" },
                VolumeSnapshotRef = new() { Namespace = "default", Name = "snap" },
            },
        });
        await cluster.Client.For<VolumeSnapshot>().CreateAsync(new()
        {
            Metadata = { Namespace = "default", Name = "snap" }, Spec = { Source = { VolumeSnapshotContentName = "there" } },
        });
        await cluster.UntilAsync<VolumeSnapshotContent>(null, all => all is [{ Spec.VolumeSnapshotRef.UID.Length: > 0, Metadata.Finalizers.Count: 1 }]);
        await cluster.UntilAsync<VolumeSnapshot>("default", all => SnapshotNames.Has(all[0].Metadata, SnapshotNames.BoundFinalizer));
        await cluster.Watches.HoldAsync("volumesnapshotcontents");
        await cluster.Client.For<VolumeSnapshotContent>().PatchAsync(null, "there", ObjectPatch.Merge("""{"spec":{"deletionPolicy":"Retain"}}"""));

        await cluster.Client.For<VolumeSnapshot>().DeleteAsync("default", "snap");

        await cluster.UntilAsync<VolumeSnapshot>("default", all => all.Count == 0);
        Assert.Null((await cluster.Client.For<VolumeSnapshotContent>().GetAsync(null, "there")).Metadata.DeletionTimestamp);
        cluster.Watches.Release("volumesnapshotcontents");
    }

    private static StatefulSet Stateful() => new()
    {
        Metadata = { Namespace = "default", Name = "web" },
        Spec =
        {
            Replicas = 1, ServiceName = "web", Selector = new() { MatchLabels = new() { ["app"] = "web" } }, Template = Make.Template("web:1"),
            UpdateStrategy = { Type = "RollingUpdate", RollingUpdate = new() { Partition = 1 } },
        },
    };
}
