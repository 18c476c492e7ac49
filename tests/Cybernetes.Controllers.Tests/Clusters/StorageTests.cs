using Cybernetes.Client.Transport;
using Cybernetes.Controllers.Tests.VolumeBinding;
using Cybernetes.Objects;
using Cybernetes.Objects.Core.V1;
using Cybernetes.Objects.Storage.V1;

namespace Cybernetes.Controllers.Tests.Clusters;

/// <summary>Volumes and claims against the real API server.</summary>
public sealed class StorageTests
{
    private static PersistentVolume Volume(string name, string policy = "Retain", Action<PersistentVolume>? change = null) =>
        ClaimReconcilerTests.Volume(name, "5Gi", change: v =>
        {
            (v.Metadata.UID, v.Spec.PersistentVolumeReclaimPolicy, v.Status.Phase) = ("", policy, "");
            change?.Invoke(v);
        });

    private static PersistentVolumeClaim Claim(string? storage = "", Action<PersistentVolumeClaim>? change = null) =>
        ClaimReconcilerTests.Claim(storage: storage, change: c =>
        {
            (c.Metadata.UID, c.Status.Phase) = ("", "");
            change?.Invoke(c);
        });

    private static Pod User(string name, Volume volume) => new()
    {
        Metadata = { Namespace = "default", Name = name },
        Spec = { Containers = [new() { Name = "web", Image = "web:1" }], Volumes = [volume] },
    };

    [Fact]
    public async Task StaticVolume_ClaimedAndLetGo_IsBoundThenReleased()
    {
        await using var cluster = await ControlledCluster.StartAsync();
        await cluster.Client.For<PersistentVolumeClaim>().CreateAsync(Claim());
        await cluster.Client.For<PersistentVolume>().CreateAsync(Volume("v"));

        var claim = (await cluster.UntilAsync<PersistentVolumeClaim>("default", all => all is [{ Status.Phase: "Bound" }]))[0];
        Assert.Equal(("v", "5Gi"), (claim.Spec.VolumeName, claim.Status.Capacity!["storage"].ToString()));
        await cluster.UntilAsync<PersistentVolumeClaim>("default", all => all[0].Metadata.Finalizers?.Contains("kubernetes.io/pvc-protection") == true);
        await cluster.UntilAsync<PersistentVolume>(null, all => all is [{ Status.Phase: "Bound", Metadata.Finalizers: ["kubernetes.io/pv-protection"] }]);

        await cluster.Client.For<PersistentVolumeClaim>().DeleteAsync("default", "data");
        await cluster.UntilAsync<PersistentVolumeClaim>("default", all => all.Count == 0);
        await cluster.UntilAsync<PersistentVolume>(null, all => all is [{ Status.Phase: "Released" }]);
        await cluster.Client.For<PersistentVolume>().DeleteAsync(null, "v");
        await cluster.UntilAsync<PersistentVolume>(null, all => all.Count == 0);
    }

    [Fact]
    public async Task AttributesClass_Deleted_GoesWhenNothingNamesItAnyMore()
    {
        await using var cluster = await ControlledCluster.StartAsync();
        var classes = cluster.Client.For<VolumeAttributesClass>();
        foreach (var name in new[] { "gold", "free" })
        {
            await classes.CreateAsync(new()
            {
                Metadata = { Name = name }, DriverName = "disk.example.com", Parameters = new() { ["iops"] = "1000" },
            });
        }
        await cluster.Client.For<PersistentVolume>().CreateAsync(Volume("v", change: v => (v.Spec.HostPath, v.Spec.CSI, v.Spec.VolumeAttributesClassName) =
            (null, new() { Driver = "disk.example.com", VolumeHandle = "h-1" }, "gold")));
        await cluster.Client.For<PersistentVolumeClaim>().CreateAsync(Claim(change: c => c.Spec.VolumeAttributesClassName = "gold"));
        await cluster.UntilAsync<PersistentVolumeClaim>("default", all => all is [{ Status.Phase: "Bound" }]);

        // One after the other, as the controller takes them.
        await classes.DeleteAsync(null, "gold");
        await classes.DeleteAsync(null, "free");
        await cluster.UntilAsync<VolumeAttributesClass>(null, all => all.All(c => c.Metadata.Name != "free"));
        Assert.Equal(["kubernetes.io/vac-protection"], (await classes.GetAsync(null, "gold")).Metadata.Finalizers!);

        await cluster.Client.For<PersistentVolumeClaim>().DeleteAsync("default", "data");
        await cluster.UntilAsync<PersistentVolume>(null, all => all is [{ Status.Phase: "Released" }]);
        await cluster.Client.For<PersistentVolume>().DeleteAsync(null, "v");
        await cluster.UntilAsync<VolumeAttributesClass>(null, all => all.Count == 0);
    }

    [Fact]
    public async Task Claims_MoreThanVolumes_WaitForTheNextOne()
    {
        await using var cluster = await ControlledCluster.StartAsync();
        await cluster.Client.For<PersistentVolume>().CreateAsync(Volume("v"));
        await cluster.UntilAsync<PersistentVolume>(null, all => all is [{ Status.Phase: "Available" }]);
        for (var i = 0; i < 4; i++)
            await cluster.Client.For<PersistentVolumeClaim>().CreateAsync(Claim(change: c => c.Metadata.Name = "data-" + i));

        await cluster.UntilAsync<PersistentVolumeClaim>("default", all => all.Count(c => c.Status.Phase == "Bound") == 1);
        await cluster.UntilAsync<Event>("default", all => all.Where(e => e.Reason == "FailedBinding").Select(e => e.InvolvedObject.Name).Distinct().Count() == 3);
        // Two more volumes: two more claims are served without anybody touching them.
        await cluster.Client.For<PersistentVolume>().CreateAsync(Volume("w"));
        await cluster.Client.For<PersistentVolume>().CreateAsync(Volume("x"));
        var claims = await cluster.UntilAsync<PersistentVolumeClaim>("default", all => all.Count(c => c.Status.Phase == "Bound") == 3);
        Assert.Equal(["v", "w", "x"], claims.Select(c => c.Spec.VolumeName).Where(n => n.Length > 0).Order());
    }

    [Fact]
    public async Task Volume_Reserved_IsBoundToItsClaimOnly()
    {
        await using var cluster = await ControlledCluster.StartAsync();
        await cluster.Client.For<PersistentVolume>().CreateAsync(Volume("big", change: v =>
        {
            v.Spec.Capacity!["storage"] = Quantity.Parse("100Gi");
            v.Spec.ClaimRef = new() { Namespace = "default", Name = "data" };
        }));
        await cluster.Client.For<PersistentVolume>().CreateAsync(Volume("small"));
        await cluster.Client.For<PersistentVolumeClaim>().CreateAsync(Claim());

        var claim = (await cluster.UntilAsync<PersistentVolumeClaim>("default", all => all is [{ Status.Phase: "Bound" }]))[0];

        Assert.Equal("big", claim.Spec.VolumeName);
    }

    [Fact]
    public async Task Claim_UsedByAPod_OutlivesItsDeletion()
    {
        await using var cluster = await ControlledCluster.StartAsync();
        await cluster.Client.For<PersistentVolume>().CreateAsync(Volume("v"));
        await cluster.Client.For<PersistentVolumeClaim>().CreateAsync(Claim());
        await cluster.Client.For<Pod>().CreateAsync(User("web", new() { Name = "data", PersistentVolumeClaim = new() { ClaimName = "data" } }));
        await cluster.UntilAsync<Pod>("default", all => all is [{ Status.Phase: "Running" }]);
        await cluster.UntilAsync<PersistentVolumeClaim>("default", all => all[0].Metadata.Finalizers is { Count: > 0 });

        await cluster.Client.For<PersistentVolumeClaim>().DeleteAsync("default", "data");
        // The pod goes later than the deletion was asked for; the claim is there until then.
        Assert.NotNull((await cluster.Client.For<PersistentVolumeClaim>().GetAsync("default", "data")).Metadata.DeletionTimestamp);
        await cluster.Client.For<Pod>().DeleteAsync("default", "web");

        await cluster.UntilAsync<PersistentVolumeClaim>("default", all => all.Count == 0);
    }

    [Fact]
    public async Task DefaultClass_MadeLater_IsGivenToWaitingClaimsAndItsProvisionerAsked()
    {
        await using var cluster = await ControlledCluster.StartAsync();
        await cluster.Client.For<PersistentVolumeClaim>().CreateAsync(Claim(storage: null));
        await cluster.UntilAsync<Event>("default", all => all.Any(e => e.Reason == "FailedBinding"));

        await cluster.Client.For<StorageClass>().CreateAsync(new StorageClass
        {
            Metadata = { Name = "fast", Annotations = new() { ["storageclass.kubernetes.io/is-default-class"] = "true" } },
            Provisioner = "example.com/disk",
        });

        var claim = (await cluster.UntilAsync<PersistentVolumeClaim>("default", all =>
            all[0].Metadata.Annotations.OrEmpty().ContainsKey(VolumeNamesText.Provisioner)))[0];
        Assert.Equal(("fast", "example.com/disk"), (claim.Spec.StorageClassName, claim.Metadata.Annotations![VolumeNamesText.Provisioner]));
        await cluster.UntilAsync<Event>("default", all => all.Any(e => e.Reason == "ExternalProvisioning"));
    }

    [Fact]
    public async Task Volume_Recycled_IsScrubbedByAPodAndOfferedAgain()
    {
        await using var cluster = await ControlledCluster.StartAsync();
        await cluster.Client.For<PersistentVolume>().CreateAsync(Volume("v", "Recycle"));
        await cluster.Client.For<PersistentVolumeClaim>().CreateAsync(Claim());
        await cluster.UntilAsync<PersistentVolumeClaim>("default", all => all is [{ Status.Phase: "Bound" }]);
        await cluster.Client.For<PersistentVolumeClaim>().DeleteAsync("default", "data");

        var scrubber = (await cluster.UntilAsync<Pod>("default", all => all is [{ Status.Phase: "Running" }]))[0];
        Assert.Equal("recycler-for-v", scrubber.Metadata.Name);
        scrubber.Status.Phase = PodPhase.Succeeded;
        await cluster.Client.For<Pod>().UpdateStatusAsync(scrubber);

        await cluster.UntilAsync<PersistentVolume>(null, all => all is [{ Status.Phase: "Available", Spec.ClaimRef: null }]);
        await cluster.UntilAsync<Pod>("default", all => all.Count == 0);
    }

    [Fact]
    public async Task Pod_WithEphemeralVolume_HasAClaimThatGoesWithIt()
    {
        await using var cluster = await ControlledCluster.StartAsync();
        var template = new PersistentVolumeClaimTemplate
        {
            Metadata = { Labels = new() { ["app"] = "scratch" } },
            Spec = { AccessModes = ["ReadWriteOnce"], Resources = new() { Requests = new() { ["storage"] = Quantity.Parse("1Gi") } } },
        };
        await cluster.Client.For<Pod>().CreateAsync(User("web", new() { Name = "scratch", Ephemeral = new() { VolumeClaimTemplate = template } }));

        var claim = (await cluster.UntilAsync<PersistentVolumeClaim>("default", all => all.Count == 1))[0];
        Assert.Equal(("web-scratch", "scratch", "Pod"), (claim.Metadata.Name, claim.Metadata.Labels!["app"], claim.Metadata.OwnerReferences![0].Kind));
        await cluster.Client.For<Pod>().DeleteAsync("default", "web");
        await cluster.UntilAsync<PersistentVolumeClaim>("default", all => all.Count == 0);
    }

    [Fact]
    public async Task CsiVolume_OfARunningPod_IsAttachedToldAndDetached()
    {
        await using var cluster = await ControlledCluster.StartAsync();
        await cluster.Client.For<PersistentVolume>().CreateAsync(Volume("v", change: v =>
            (v.Spec.HostPath, v.Spec.CSI) = (null, new() { Driver = "disk.example.com", VolumeHandle = "h-1" })));
        await cluster.Client.For<PersistentVolumeClaim>().CreateAsync(Claim());
        await cluster.Client.For<Pod>().CreateAsync(User("web", new() { Name = "data", PersistentVolumeClaim = new() { ClaimName = "data" } }));

        var attachment = (await cluster.UntilAsync<VolumeAttachment>(null, all => all.Count == 1))[0];
        Assert.Equal(("disk.example.com", "node-1", "v"),
            (attachment.Spec.Attacher, attachment.Spec.NodeName, attachment.Spec.Source.PersistentVolumeName));
        attachment.Status.Attached = true;
        await cluster.Client.For<VolumeAttachment>().UpdateStatusAsync(attachment);
        await cluster.UntilAsync<Objects.Core.V1.Node>(null, all => all[0].Status.VolumesAttached is [{ Name: "kubernetes.io/csi/disk.example.com^h-1" }]);
        await cluster.UntilAsync<Event>("default", all => all.Any(e => e.Reason == "SuccessfulAttachVolume"));
        await cluster.Client.For<Pod>().DeleteAsync("default", "web");

        await cluster.UntilAsync<VolumeAttachment>(null, all => all.Count == 0);
        await cluster.UntilAsync<Objects.Core.V1.Node>(null, all => all[0].Status.VolumesAttached.OrEmpty().Count == 0);
    }

    private static class VolumeNamesText
    {
        public const string Provisioner = "volume.kubernetes.io/storage-provisioner";
    }
}
