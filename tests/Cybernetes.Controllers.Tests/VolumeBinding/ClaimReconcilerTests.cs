using Cybernetes.Controllers.VolumeBinding;
using Cybernetes.Objects;
using Cybernetes.Objects.Core.V1;
using Cybernetes.Objects.Storage.V1;

namespace Cybernetes.Controllers.Tests.VolumeBinding;

/// <summary>Claims and volumes as they meet: which volume, and what is said when there is none.</summary>
public sealed class ClaimReconcilerTests
{
    internal static PersistentVolumeClaim Claim(string size = "5Gi", string? storage = "", Action<PersistentVolumeClaim>? change = null)
    {
        var claim = new PersistentVolumeClaim
        {
            Metadata = { Namespace = "default", Name = "data", UID = "c-1" },
            Spec =
            {
                AccessModes = ["ReadWriteOnce"], StorageClassName = storage,
                Resources = new() { Requests = new() { ["storage"] = Quantity.Parse(size) } },
            },
            Status = { Phase = "Pending" },
        };
        change?.Invoke(claim);
        return claim;
    }

    internal static PersistentVolume Volume(string name, string size, string storage = "", Action<PersistentVolume>? change = null)
    {
        var volume = new PersistentVolume
        {
            Metadata = { Name = name, UID = "v-" + name },
            Spec =
            {
                AccessModes = ["ReadWriteOnce"], StorageClassName = storage, PersistentVolumeReclaimPolicy = "Retain",
                Capacity = new() { ["storage"] = Quantity.Parse(size) }, HostPath = new() { Path = "/tmp/" + name },
            },
            Status = { Phase = "Available" },
        };
        change?.Invoke(volume);
        return volume;
    }

    internal static ObjectReference Taker(string uid, string name = "data") => new() { Kind = "PersistentVolumeClaim", Namespace = "default", Name = name, UID = uid };

    private static StorageClass Class(string mode, string provisioner = "example.com/disk") =>
        new() { Metadata = { Name = "fast" }, Provisioner = provisioner, VolumeBindingMode = mode };

    [Fact]
    public void FindBest_OfSeveral_TakesTheSmallestThatSuffices()
    {
        PersistentVolume[] volumes = [Volume("huge", "100Gi"), Volume("fits", "10Gi"), Volume("small", "1Gi"), Volume("other", "6Gi", "fast")];

        Assert.Equal("fits", VolumeMatching.FindBest(Claim(), volumes, false)?.Metadata.Name);
    }

    public static TheoryData<string, bool> Suits { get; } = new()
    {
        { "phase", false }, { "deleted", false }, { "taken", false }, { "mode", false }, { "access", false }, { "selector", false },
        { "attributes", false }, { "reserved", true }, { "plain", true },
    };

    [Theory]
    [MemberData(nameof(Suits))]
    public void FindBest_OfOne_TakesItWhenAllSuits(string what, bool suits)
    {
        var claim = Claim(change: c => c.Spec.Selector = what == "selector" ? new() { MatchLabels = new() { ["disk"] = "ssd" } } : null);
        var volume = Volume("v", "5Gi", change: v =>
        {
            v.Status.Phase = what == "phase" ? "Released" : "Available";
            v.Metadata.DeletionTimestamp = what == "deleted" ? Make.Start : null;
            v.Spec.ClaimRef = what switch { "taken" => Taker("c-2"), "reserved" => Taker(""), _ => null };
            v.Spec.VolumeMode = what == "mode" ? "Block" : null;
            v.Spec.AccessModes = what == "access" ? ["ReadOnlyMany"] : ["ReadWriteOnce"];
            v.Spec.VolumeAttributesClassName = what == "attributes" ? "gold" : null;
        });

        Assert.Equal(suits, VolumeMatching.FindBest(claim, [volume], false) is not null);
    }

    [Fact]
    public void FindBest_VolumesOfMoreModes_ComeLast()
    {
        PersistentVolume[] volumes = [Volume("shared", "5Gi", change: v => v.Spec.AccessModes!.Add("ReadWriteMany")), Volume("own", "50Gi")];

        Assert.Equal("own", VolumeMatching.FindBest(Claim(), volumes, false)?.Metadata.Name);
    }

    [Fact]
    public void FindBest_Delayed_TakesOnlyWhatIsReserved()
    {
        var reserved = Volume("reserved", "5Gi", "fast", v => v.Spec.ClaimRef = Taker("c-1"));

        Assert.Null(VolumeMatching.FindBest(Claim(storage: "fast"), [Volume("free", "5Gi", "fast")], true));
        Assert.Same(reserved, VolumeMatching.FindBest(Claim(storage: "fast"), [Volume("free", "5Gi", "fast"), reserved], true));
    }

    public static TheoryData<string, string> Mismatches { get; } = new()
    {
        { "size", "requested PV is too small" }, { "class", "storageClassName does not match" }, { "mode", "incompatible volumeMode" },
        { "access", "incompatible accessMode" }, { "attributes", "volumeAttributesClassName does not match" },
    };

    [Theory]
    [MemberData(nameof(Mismatches))]
    public void Reconcile_NamedVolumeUnsuitable_SaysWhy(string what, string why)
    {
        var volume = Volume("v", what == "size" ? "1Gi" : "5Gi", what == "class" ? "fast" : "", v =>
        {
            v.Spec.VolumeMode = what == "mode" ? "Block" : null;
            v.Spec.AccessModes = what == "access" ? ["ReadOnlyMany"] : ["ReadWriteOnce"];
            v.Spec.VolumeAttributesClassName = what == "attributes" ? "gold" : null;
        });

        var plan = ClaimReconciler.Reconcile(new() { Claim = Claim(change: c => c.Spec.VolumeName = "v"), Named = volume });

        Assert.Null(plan.Bind);
        Assert.Equal(new Telling("Warning", "VolumeMismatch", $"Cannot bind to requested volume \"v\": {why}"), plan.Event);
    }

    public static TheoryData<string, string, string> Waits { get; } = new()
    {
        { "no class", "Normal FailedBinding", "no persistent volumes available for this claim and no storage class is set" },
        { "delayed", "Normal WaitForFirstConsumer", "waiting for first consumer to be created before binding" },
        { "delayed pod", "Normal WaitForPodScheduled", "waiting for pod web to be scheduled" },
        { "class gone", "Warning ProvisioningFailed", "storageclass.storage.k8s.io \"fast\" not found" },
        { "in tree", "Warning ProvisioningFailed", "no volume plugin matched name: kubernetes.io/no-provisioner" },
        { "taken", "Warning FailedBinding", "volume \"v\" already bound to a different claim." },
    };

    [Theory]
    [MemberData(nameof(Waits))]
    public void Reconcile_NothingToBind_WaitsAndSaysFor(string what, string kind, string message)
    {
        var view = new ClaimView { Claim = Claim(storage: what is "no class" or "taken" ? "" : "fast") };
        view = what switch
        {
            "delayed" => view with { Class = Class("WaitForFirstConsumer") },
            "delayed pod" => view with { Class = Class("WaitForFirstConsumer"), WaitingPods = ["web"] },
            "in tree" => view with { Class = Class("Immediate", "kubernetes.io/no-provisioner") },
            "taken" => view with
            {
                Claim = Claim(change: c => c.Spec.VolumeName = "v"),
                Named = Volume("v", "5Gi", change: v => v.Spec.ClaimRef = Taker("x", "else")),
            },
            _ => view,
        };

        var plan = ClaimReconciler.Reconcile(view);

        Assert.Equal("Pending", plan.Phase);
        Assert.Equal(kind, $"{plan.Event!.Value.Type} {plan.Event.Value.Reason}");
        Assert.Equal(message, plan.Event.Value.Message);
    }

    [Fact]
    public void Reconcile_ClassWithProvisioner_AsksIt()
    {
        var immediate = ClaimReconciler.Reconcile(new() { Claim = Claim(storage: "fast"), Class = Class("Immediate") });
        var chosen = ClaimReconciler.Reconcile(new()
        {
            Claim = Claim(storage: "fast", change: c => c.Metadata.Annotations = new() { [VolumeNames.SelectedNode] = "node-1" }),
            Class = Class("WaitForFirstConsumer"),
        });
        var made = ClaimReconciler.Reconcile(new() { Claim = Claim(storage: "fast"), Class = Class("Immediate"), IsProvisioned = true });

        Assert.Equal("example.com/disk", immediate.Provisioner);
        Assert.Equal("ExternalProvisioning", immediate.Event!.Value.Reason);
        Assert.Equal("example.com/disk", chosen.Provisioner);
        Assert.Null(made.Provisioner);
    }

    [Theory]
    [InlineData(null, "fast")]
    [InlineData("", null)]
    public void Reconcile_DefaultClassAppears_IsFilledInWhereNoneWasNamed(string? named, string? assigned)
    {
        var plan = ClaimReconciler.Reconcile(new() { Claim = Claim(storage: named), DefaultClass = "fast" });

        Assert.Equal(assigned, plan.AssignClass);
    }

    [Theory]
    [InlineData("none", "ClaimLost", "Bound claim has lost reference to PersistentVolume. Data on the volume is lost!")]
    [InlineData("gone", "ClaimLost", "Bound claim has lost its PersistentVolume. Data on the volume is lost!")]
    [InlineData("other", "ClaimMisbound", "Two claims are bound to the same volume, this one is bound incorrectly")]
    public void Reconcile_BoundClaimWithoutItsVolume_IsLost(string what, string reason, string message)
    {
        var claim = Claim(change: c =>
        {
            c.Metadata.Annotations = new() { [VolumeNames.BindCompleted] = "yes" };
            c.Spec.VolumeName = what == "none" ? "" : "v";
        });

        var plan = ClaimReconciler.Reconcile(new()
        {
            Claim = claim, Named = what == "other" ? Volume("v", "5Gi", change: v => v.Spec.ClaimRef = Taker("c-9")) : null,
        });

        Assert.Equal("Lost", plan.Phase);
        Assert.Equal(new Telling("Warning", reason, message), plan.Event);
    }
}
