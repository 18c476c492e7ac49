using Cybernetes.Controllers.Tests.VolumeBinding;
using Cybernetes.Controllers.VolumeSnapshots;
using Cybernetes.Objects;
using Cybernetes.Objects.Core.V1;
using Cybernetes.Objects.Snapshot.V1;

namespace Cybernetes.Controllers.Tests.Clusters;

/// <summary>Snapshots of a driver that is not ours: the controller binds, the test is the driver's csi-snapshotter.</summary>
public sealed class SnapshotTests
{
    private const string Driver = "disk.example.com";

    private static async Task<ControlledCluster> StartAsync(string policy = "Delete")
    {
        var cluster = await ControlledCluster.StartAsync();
        await cluster.Client.For<VolumeSnapshotClass>().CreateAsync(new()
        {
            Metadata = { Name = "disk", Annotations = new() { [SnapshotNames.IsDefaultClass] = "true" } }, Driver = Driver, DeletionPolicy = policy,
        });
        return cluster;
    }

    private static async Task BoundClaimAsync(ControlledCluster cluster)
    {
        await cluster.Client.For<PersistentVolume>().CreateAsync(ClaimReconcilerTests.Volume("v", "5Gi", change: v =>
            (v.Metadata.UID, v.Status.Phase, v.Spec.HostPath, v.Spec.CSI) = ("", "", null, new() { Driver = Driver, VolumeHandle = "h-1" })));
        await cluster.Client.For<PersistentVolumeClaim>().CreateAsync(ClaimReconcilerTests.Claim(change: c =>
            (c.Metadata.UID, c.Status.Phase) = ("", "")));
    }

    private static VolumeSnapshot Of(string claim) => new()
    {
        Metadata = { Namespace = "default", Name = "snap" }, Spec = { Source = { PersistentVolumeClaimName = claim } },
    };

    private static async Task TakeAsync(ControlledCluster cluster, VolumeSnapshotContent content)
    {
        var copy = (await cluster.Client.For<VolumeSnapshotContent>().GetAsync(null, content.Metadata.Name)).DeepClone();
        copy.Status = new() { SnapshotHandle = "snap-handle", CreationTime = 1_767_323_045_000_000_000, ReadyToUse = true, RestoreSize = 5L << 30 };
        await cluster.Client.For<VolumeSnapshotContent>().UpdateStatusAsync(copy);
    }

    [Fact]
    public async Task Snapshot_MadeBeforeItsClaim_IsAskedForTakenAndGoesWithItsContent()
    {
        await using var cluster = await StartAsync();
        await cluster.Client.For<VolumeSnapshot>().CreateAsync(Of("data"));
        await cluster.UntilAsync<VolumeSnapshot>("default", all => all[0].Status?.Error is not null);
        await BoundClaimAsync(cluster);

        var content = (await cluster.UntilAsync<VolumeSnapshotContent>(null, all => all.Count == 1))[0];
        Assert.Equal(("h-1", "disk", Driver), (content.Spec.Source.VolumeHandle, content.Spec.VolumeSnapshotClassName, content.Spec.Driver));
        await cluster.UntilAsync<PersistentVolumeClaim>("default", all => SnapshotNames.Has(all[0].Metadata, SnapshotNames.ClaimFinalizer));
        await cluster.Client.For<PersistentVolumeClaim>().DeleteAsync("default", "data");
        await TakeAsync(cluster, content);

        var ready = (await cluster.UntilAsync<VolumeSnapshot>("default", all => all is [{ Status.ReadyToUse: true }]
            && all[0].Metadata.Finalizers?.Count == 2))[0];
        Assert.Equal((content.Metadata.Name, "5Gi", "disk"),
            (ready.Status!.BoundVolumeSnapshotContentName, ready.Status.RestoreSize.ToString(), ready.Spec.VolumeSnapshotClassName));
        // The claim was held until now, and goes.
        await cluster.UntilAsync<PersistentVolumeClaim>("default", all => all.Count == 0);
        await cluster.UntilAsync<Event>("default", all => all.Any(e => e.Reason == "CreatingSnapshot") && all.Any(e => e.Reason == "SnapshotReady"));

        await cluster.Client.For<VolumeSnapshot>().DeleteAsync("default", "snap");
        var going = (await cluster.UntilAsync<VolumeSnapshotContent>(null, all => all is [{ Metadata.DeletionTimestamp: not null }]
            && all[0].Metadata.Annotations.OrEmpty().ContainsKey(SnapshotNames.BeingDeleted)))[0].DeepClone();
        var held = (await cluster.UntilAsync<VolumeSnapshot>("default", all => all[0].Metadata.Finalizers?.Count == 1))[0];
        Assert.Equal([SnapshotNames.BoundFinalizer], held.Metadata.Finalizers!);
        going.Metadata.Finalizers = null;
        await cluster.Client.For<VolumeSnapshotContent>().UpdateAsync(going);
        await cluster.UntilAsync<VolumeSnapshot>("default", all => all.Count == 0);
    }

    [Fact]
    public async Task Snapshot_OfAKeptContent_LeavesIt()
    {
        await using var cluster = await StartAsync("Retain");
        await BoundClaimAsync(cluster);
        await cluster.Client.For<VolumeSnapshot>().CreateAsync(Of("data"));
        var content = (await cluster.UntilAsync<VolumeSnapshotContent>(null, all => all.Count == 1))[0];
        await TakeAsync(cluster, content);
        await cluster.UntilAsync<VolumeSnapshot>("default", all => all is [{ Status.ReadyToUse: true }]);

        await cluster.Client.For<VolumeSnapshot>().DeleteAsync("default", "snap");

        await cluster.UntilAsync<VolumeSnapshot>("default", all => all.Count == 0);
        var kept = await cluster.Client.For<VolumeSnapshotContent>().GetAsync(null, content.Metadata.Name);
        Assert.Null(kept.Metadata.DeletionTimestamp);
        Assert.Equal("yes", kept.Metadata.Annotations![SnapshotNames.BeingDeleted]);
    }

    [Fact]
    public async Task Snapshot_OfAContentThatIsThere_IsBoundBothWays()
    {
        await using var cluster = await StartAsync();
        var snapshot = Of("");
        snapshot.Spec.Source = new() { VolumeSnapshotContentName = "there" };
        await cluster.Client.For<VolumeSnapshot>().CreateAsync(snapshot);
        await cluster.UntilAsync<Event>("default", all => all.Any(e => e.Reason == "SnapshotContentMissing"));

        await cluster.Client.For<VolumeSnapshotContent>().CreateAsync(new()
        {
            Metadata = { Name = "there" },
            Spec =
            {
                Driver = Driver, DeletionPolicy = "Retain", Source = { SnapshotHandle = "snap-handle" },
                VolumeSnapshotRef = new() { Namespace = "default", Name = "snap" },
            },
        });

        var content = (await cluster.UntilAsync<VolumeSnapshotContent>(null, all => all is [{ Spec.VolumeSnapshotRef.UID.Length: > 0 }]
            && SnapshotNames.Has(all[0].Metadata, SnapshotNames.ContentFinalizer)))[0];
        await TakeAsync(cluster, content);
        var ready = (await cluster.UntilAsync<VolumeSnapshot>("default", all => all is [{ Status.ReadyToUse: true, Status.Error: null }]))[0];
        Assert.Equal(("there", ready.Metadata.UID), (ready.Status!.BoundVolumeSnapshotContentName, content.Spec.VolumeSnapshotRef.UID));
    }
}
