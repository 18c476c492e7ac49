using Cybernetes.Client.Transport;
using Cybernetes.Node.LocalStorage;
using Cybernetes.Objects;
using Cybernetes.Objects.Core.V1;
using Cybernetes.Objects.Snapshot.V1;
using Cybernetes.Objects.Storage.V1;
using Microsoft.Extensions.Logging.Abstractions;

namespace Cybernetes.Controllers.Tests.Clusters;

/// <summary>Volumes made on a node's disk: volume controller and node's provisioner together, the test as the scheduler.</summary>
public sealed class LocalStorageTests : IDisposable
{
    private const string SelectedNode = "volume.kubernetes.io/selected-node";

    private readonly string _directory = Directory.CreateTempSubdirectory("local-volumes").FullName;
    private readonly CancellationTokenSource _stop = new();
    private Task _running = Task.CompletedTask;

    public void Dispose()
    {
        _stop.Dispose();
        Directory.Delete(_directory, recursive: true);
    }

    private async Task<ControlledCluster> StartAsync(long capacity = 1 << 30)
    {
        var cluster = await ControlledCluster.StartAsync();
        var options = new LocalStorageOptions { NodeName = "node-1", Directory = _directory, CapacityBytes = capacity };
        _running = new LocalProvisioner(cluster.Client, options, NullLogger.Instance).RunAsync(_stop.Token);
        await cluster.UntilAsync<StorageClass>(null, all => all is [{ Metadata.Name: "standard" }]);
        return cluster;
    }

    private async Task StopAsync()
    {
        await _stop.CancelAsync();
        await _running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
    }

    private static PersistentVolumeClaim Claim(string name, string size, string? node = "node-1") => new()
    {
        Metadata = { Namespace = "default", Name = name, Annotations = node is null ? null : new() { [SelectedNode] = node } },
        Spec = { AccessModes = ["ReadWriteOnce"], Resources = new() { Requests = new() { ["storage"] = Quantity.Parse(size) } } },
    };

    [Fact]
    public async Task Claim_OfTheDefaultClass_GetsADirectoryGrowsAndGoes()
    {
        await using var cluster = await StartAsync();
        await cluster.Client.For<PersistentVolumeClaim>().CreateAsync(Claim("data", "1Mi", null));
        await cluster.UntilAsync<Event>("default", all => all.Any(e => e.Reason == "WaitForFirstConsumer"));
        await cluster.Client.For<PersistentVolumeClaim>().PatchAsync("default", "data",
            ObjectPatch.Merge("""{"metadata":{"annotations":{"volume.kubernetes.io/selected-node":"node-1"}}}"""));

        var claim = (await cluster.UntilAsync<PersistentVolumeClaim>("default", all => all is [{ Status.Phase: "Bound" }]))[0];
        var volume = await cluster.Client.For<PersistentVolume>().GetAsync(null, claim.Spec.VolumeName);
        Assert.Equal(Path.Combine(_directory, "pvc-" + claim.Metadata.UID), volume.Spec.Local!.Path);
        Assert.True(Directory.Exists(volume.Spec.Local.Path));
        Assert.Equal("node-1", volume.Spec.NodeAffinity!.Required!.NodeSelectorTerms![0].MatchExpressions![0].Values![0]);
        await File.WriteAllTextAsync(Path.Combine(volume.Spec.Local.Path, "kept"), "data");

        await cluster.Client.For<PersistentVolumeClaim>().PatchAsync("default", "data",
            ObjectPatch.Merge("""{"spec":{"resources":{"requests":{"storage":"2Mi"}}}}"""));
        await cluster.UntilAsync<PersistentVolumeClaim>("default", all => all[0].Status.Capacity!["storage"].ToString() == "2Mi");
        Assert.True(File.Exists(Path.Combine(volume.Spec.Local.Path, "kept")));

        await cluster.Client.For<PersistentVolumeClaim>().DeleteAsync("default", "data");
        await cluster.UntilAsync<PersistentVolume>(null, all => all.Count == 0);
        Assert.False(Directory.Exists(volume.Spec.Local.Path));
        await StopAsync();
    }

    [Fact]
    public async Task Claims_BeyondTheDisk_AreGivenBackToTheScheduler()
    {
        await using var cluster = await StartAsync(capacity: 10 << 20);
        await cluster.Client.For<PersistentVolumeClaim>().CreateAsync(Claim("first", "8Mi"));
        await cluster.UntilAsync<PersistentVolumeClaim>("default", all => all is [{ Status.Phase: "Bound" }]);

        await cluster.Client.For<PersistentVolumeClaim>().CreateAsync(Claim("second", "8Mi"));

        await cluster.UntilAsync<PersistentVolumeClaim>("default", all =>
            all.Any(c => c.Metadata.Name == "second" && !c.Metadata.Annotations.OrEmpty().ContainsKey(SelectedNode)));
        await cluster.UntilAsync<Event>("default", all => all.Any(e => e.Reason == "ProvisioningFailed"
            && e.Message == "failed to provision volume with StorageClass \"standard\": not enough room on node node-1: 8Mi of 10Mi are promised, 8Mi are wanted"));
        await StopAsync();
    }

    [Fact]
    public async Task Volume_KeptByPolicy_OutlivesItsClaim()
    {
        await using var cluster = await StartAsync();
        await cluster.Client.For<PersistentVolumeClaim>().CreateAsync(Claim("data", "1Mi"));
        var claim = (await cluster.UntilAsync<PersistentVolumeClaim>("default", all => all is [{ Status.Phase: "Bound" }]))[0];
        await cluster.Client.For<PersistentVolume>().PatchAsync(null, claim.Spec.VolumeName,
            ObjectPatch.Merge("""{"spec":{"persistentVolumeReclaimPolicy":"Retain"}}"""));

        await cluster.Client.For<PersistentVolumeClaim>().DeleteAsync("default", "data");
        var volume = (await cluster.UntilAsync<PersistentVolume>(null, all => all is [{ Status.Phase: "Released" }]))[0];
        Assert.True(Directory.Exists(volume.Spec.Local!.Path));
        await cluster.Client.For<PersistentVolume>().DeleteAsync(null, volume.Metadata.Name);

        await cluster.UntilAsync<PersistentVolume>(null, all => all.Count == 0);
        Assert.True(Directory.Exists(volume.Spec.Local.Path));
        await StopAsync();
    }

    private static VolumeSnapshot Snapshot(string name, string claim) => new()
    {
        Metadata = { Namespace = "default", Name = name }, Spec = { Source = { PersistentVolumeClaimName = claim } },
    };

    private static PersistentVolumeClaim Filled(PersistentVolumeClaim claim, string kind, string source)
    {
        claim.Spec.DataSource = new() { Kind = kind, Name = source, APIGroup = kind == "VolumeSnapshot" ? "snapshot.storage.k8s.io" : null };
        return claim;
    }

    private static async Task<string> BoundAsync(ControlledCluster cluster, string claim)
    {
        var bound = (await cluster.UntilAsync<PersistentVolumeClaim>("default", all =>
            all.Any(c => c.Metadata.Name == claim && c.Status.Phase == "Bound"))).Single(c => c.Metadata.Name == claim);
        return (await cluster.Client.For<PersistentVolume>().GetAsync(null, bound.Spec.VolumeName)).Spec.Local!.Path;
    }

    [Fact]
    public async Task Snapshot_OfAClaim_KeepsWhatWasThereAndGoesWithItsData()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "volumes are copied on Linux only");
        await using var cluster = await StartAsync();
        await cluster.Client.For<PersistentVolumeClaim>().CreateAsync(Claim("data", "1Mi"));
        var volume = await BoundAsync(cluster, "data");
        await File.WriteAllTextAsync(Path.Combine(volume, "file"), "old");

        await cluster.Client.For<VolumeSnapshot>().CreateAsync(Snapshot("snap", "data"));
        var snapshot = (await cluster.UntilAsync<VolumeSnapshot>("default", all => all is [{ Status.ReadyToUse: true }]))[0];
        Assert.Equal(("standard", "1Mi"), (snapshot.Spec.VolumeSnapshotClassName, snapshot.Status!.RestoreSize.ToString()));
        var content = await cluster.Client.For<VolumeSnapshotContent>().GetAsync(null, snapshot.Status.BoundVolumeSnapshotContentName!);
        Assert.Equal("node-1/snapshot-" + snapshot.Metadata.UID, content.Status!.SnapshotHandle);
        await File.WriteAllTextAsync(Path.Combine(volume, "file"), "new");

        // Too small is refused in upstream's words; as large, or larger, is filled. The source may be gone by then.
        await cluster.Client.For<PersistentVolumeClaim>().DeleteAsync("default", "data");
        await cluster.Client.For<PersistentVolumeClaim>().CreateAsync(Filled(Claim("small", "512Ki"), "VolumeSnapshot", "snap"));
        await cluster.UntilAsync<Event>("default", all => all.Any(e => e.Reason == "ProvisioningFailed" && e.Message ==
            "failed to provision volume with StorageClass \"standard\": error getting handle for DataSource Type VolumeSnapshot by Name snap: "
            + "requested volume size 524288 is less than the size 1048576 for the source snapshot snap"));
        await cluster.Client.For<PersistentVolumeClaim>().CreateAsync(Filled(Claim("restored", "2Mi"), "VolumeSnapshot", "snap"));
        Assert.Equal("old", await File.ReadAllTextAsync(Path.Combine(await BoundAsync(cluster, "restored"), "file")));

        await cluster.Client.For<PersistentVolumeClaim>().DeleteAsync("default", "small");
        await cluster.Client.For<VolumeSnapshot>().DeleteAsync("default", "snap");
        await cluster.UntilAsync<VolumeSnapshot>("default", all => all.Count == 0);
        await cluster.UntilAsync<VolumeSnapshotContent>(null, all => all.Count == 0);
        Assert.Empty(Directory.EnumerateFileSystemEntries(Path.Combine(_directory, ".snapshots")));
        await StopAsync();
    }

    [Fact]
    public async Task Claim_OfASnapshotThatComesLater_IsFilledThen()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "volumes are copied on Linux only");
        await using var cluster = await StartAsync();
        await cluster.Client.For<PersistentVolumeClaim>().CreateAsync(Filled(Claim("early", "1Mi"), "VolumeSnapshot", "snap"));
        await cluster.UntilAsync<Event>("default", all => all.Any(e => e.Message.EndsWith(
            "volumesnapshots.snapshot.storage.k8s.io \"snap\" not found", StringComparison.Ordinal)));
        await cluster.Client.For<PersistentVolumeClaim>().CreateAsync(Claim("data", "1Mi"));
        await File.WriteAllTextAsync(Path.Combine(await BoundAsync(cluster, "data"), "file"), "old");

        await cluster.Client.For<VolumeSnapshot>().CreateAsync(Snapshot("snap", "data"));

        Assert.Equal("old", await File.ReadAllTextAsync(Path.Combine(await BoundAsync(cluster, "early"), "file")));
        await StopAsync();
    }

    [Fact]
    public async Task Content_OfAKeptSnapshot_IsImportedByItsHandle()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "volumes are copied on Linux only");
        await using var cluster = await StartAsync();
        await cluster.Client.For<PersistentVolumeClaim>().CreateAsync(Claim("data", "1Mi"));
        await File.WriteAllTextAsync(Path.Combine(await BoundAsync(cluster, "data"), "file"), "old");
        await cluster.Client.For<VolumeSnapshot>().CreateAsync(Snapshot("first", "data"));
        var first = (await cluster.UntilAsync<VolumeSnapshot>("default", all => all is [{ Status.ReadyToUse: true }]))[0];
        await cluster.Client.For<VolumeSnapshotContent>().PatchAsync(null, first.Status!.BoundVolumeSnapshotContentName!,
            ObjectPatch.Merge("""{"spec":{"deletionPolicy":"Retain"}}"""));
        await cluster.Client.For<VolumeSnapshot>().DeleteAsync("default", "first");
        await cluster.UntilAsync<VolumeSnapshot>("default", all => all.Count == 0);
        await cluster.Client.For<VolumeSnapshotContent>().DeleteAsync(null, first.Status.BoundVolumeSnapshotContentName!);
        await cluster.UntilAsync<VolumeSnapshotContent>(null, all => all.Count == 0);

        await cluster.Client.For<VolumeSnapshotContent>().CreateAsync(new()
        {
            Metadata = { Name = "kept" },
            Spec =
            {
                Driver = LocalStorageOptions.Provisioner, DeletionPolicy = "Delete", Source = { SnapshotHandle = "node-1/snapshot-" + first.Metadata.UID },
                VolumeSnapshotRef = new() { Namespace = "default", Name = "again" },
            },
        });
        var again = Snapshot("again", "");
        again.Spec.Source = new() { VolumeSnapshotContentName = "kept" };
        await cluster.Client.For<VolumeSnapshot>().CreateAsync(again);

        var ready = (await cluster.UntilAsync<VolumeSnapshot>("default", all => all is [{ Status.ReadyToUse: true }]))[0];
        Assert.Equal((first.Status.CreationTime, "1Mi"), (ready.Status!.CreationTime, ready.Status.RestoreSize.ToString()));
        await StopAsync();
    }

    [Fact]
    public async Task Claim_OfAnotherClaim_IsItsClone()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "volumes are copied on Linux only");
        await using var cluster = await StartAsync();
        await cluster.Client.For<PersistentVolumeClaim>().CreateAsync(Filled(Claim("clone", "1Mi"), "PersistentVolumeClaim", "data"));
        await cluster.Client.For<PersistentVolumeClaim>().CreateAsync(Claim("data", "1Mi"));

        var (volume, clone) = (await BoundAsync(cluster, "data"), await BoundAsync(cluster, "clone"));

        Assert.NotEqual(volume, clone);
        await File.WriteAllTextAsync(Path.Combine(clone, "file"), "own");
        Assert.False(File.Exists(Path.Combine(volume, "file")));
        await StopAsync();
    }
}
