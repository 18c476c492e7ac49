using Cybernetes.Client.Transport;
using Cybernetes.Node.LocalStorage;
using Cybernetes.Objects;
using Cybernetes.Objects.Core.V1;
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
}
