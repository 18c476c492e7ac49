using Cybernetes.Controllers.Tests.VolumeBinding;
using Cybernetes.Controllers.VolumeSnapshots;
using Cybernetes.Objects;
using Cybernetes.Objects.Core.V1;
using Cybernetes.Objects.Snapshot.V1;

namespace Cybernetes.Controllers.Tests.VolumeSnapshots;

/// <summary>What is decided about one snapshot, state by state.</summary>
public sealed class SnapshotReconcilerTests
{
    private static readonly DateTimeOffset Now = new(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);

    [Theory]
    [InlineData(0, null, "Failed to set default snapshot class with error cannot find default snapshot class")]
    [InlineData(1, "class-0", null)]
    [InlineData(2, null, "Failed to set default snapshot class with error 2 default snapshot classes were found")]
    public void Reconcile_WithoutAClass_TakesTheOnlyDefaultOfTheDriver(int defaults, string? assigned, string? error)
    {
        var others = new[] { Class("plain"), Class("foreign", "other.example.com", isDefault: true) };
        var view = View(Snapshot(c => c.Spec.VolumeSnapshotClassName = null)) with
        {
            Classes = [.. others, .. Enumerable.Range(0, defaults).Select(i => Class("class-" + i, isDefault: true))],
        };

        var plan = SnapshotReconciler.Reconcile(view);

        Assert.Equal((assigned, error), (plan.AssignClass, plan.Status?.Error?.Message));
        Assert.Equal(error is null ? [] : ["SetDefaultSnapshotClassFailed"], plan.Events.Select(e => e.Reason));
        Assert.Null(plan.CreateContent);
    }

    [Fact]
    public void Reconcile_UnknownClass_IsToldOnceAndReadinessIsLeft()
    {
        var snapshot = Snapshot(s => (s.Spec.VolumeSnapshotClassName, s.Status) = ("gone", new() { ReadyToUse = true }));
        var plan = SnapshotReconciler.Reconcile(View(snapshot));

        const string Message = "Failed to get snapshot class with error volumesnapshotclass.snapshot.storage.k8s.io \"gone\" not found";
        Assert.Equal([new SnapshotEvent("Warning", "GetSnapshotClassFailed", Message)], plan.Events);
        Assert.Equal((true, Message, Now), (plan.Status!.ReadyToUse, plan.Status.Error!.Message, plan.Status.Error.Time!.Value));
        snapshot.Status = plan.Status;
        var again = SnapshotReconciler.Reconcile(View(snapshot));
        Assert.Empty(again.Events);
        Assert.Null(again.Status);
    }

    [Fact]
    public void Reconcile_BoundClaim_AsksTheDriverByAContent()
    {
        var plan = SnapshotReconciler.Reconcile(View(Snapshot()));

        var content = plan.CreateContent!;
        Assert.Equal(("snapcontent-s-1", "disk.example.com", "h-1", "class-0", "Delete", "Filesystem"), (
            content.Metadata.Name, content.Spec.Driver, content.Spec.Source.VolumeHandle, content.Spec.VolumeSnapshotClassName,
            content.Spec.DeletionPolicy, content.Spec.SourceVolumeMode));
        Assert.Equal(("VolumeSnapshot", "default", "snap", "s-1"), (content.Spec.VolumeSnapshotRef.Kind, content.Spec.VolumeSnapshotRef.Namespace,
            content.Spec.VolumeSnapshotRef.Name, content.Spec.VolumeSnapshotRef.UID));
        Assert.Null(content.Metadata.Labels);
        Assert.True(plan.HoldClaim);
        Assert.Equal([SnapshotNames.SourceFinalizer], plan.AddFinalizers);
        Assert.Equal(("snapcontent-s-1", false), (plan.Status!.BoundVolumeSnapshotContentName, plan.Status.ReadyToUse));
        Assert.Equal([new SnapshotEvent("Normal", "CreatingSnapshot", "Waiting for a snapshot default/snap to be created by the CSI driver.")], plan.Events);
    }

    [Fact]
    public void Reconcile_VolumeOnANodesDisk_IsTakenByThatNode()
    {
        var volume = Volume(v =>
        {
            (v.Spec.CSI, v.Spec.Local) = (null, new() { Path = "/disk/v" });
            v.Metadata.Annotations = new() { ["pv.kubernetes.io/provisioned-by"] = SnapshotNames.LocalDriver };
            v.Spec.NodeAffinity = new()
            {
                Required = new()
                {
                    NodeSelectorTerms = [new() { MatchExpressions = [new() { Key = "kubernetes.io/hostname", Operator = "In", Values = ["node-7"] }] }],
                },
            };
        });
        var plan = SnapshotReconciler.Reconcile(View(Snapshot()) with { Volume = volume, Classes = [Class("class-0", SnapshotNames.LocalDriver)] });
        Assert.Equal(("v", "node-7"), (plan.CreateContent!.Spec.Source.VolumeHandle, plan.CreateContent.Metadata.Labels![SnapshotNames.ManagedBy]));

        // A class of another driver does not make it a volume of that driver.
        var other = SnapshotReconciler.Reconcile(View(Snapshot()) with { Volume = volume });
        Assert.Equal("Failed to create snapshot content with error cannot find CSI PersistentVolumeSource for volume v", other.Status!.Error!.Message);
    }

    [Theory]
    [InlineData("no claim", "snapshot controller failed to update snap on API server: cannot get claim from snapshot")]
    [InlineData("claim goes", "snapshot controller failed to update data on API server: cannot add finalizer on claim because it is being deleted")]
    [InlineData("claim waits",
        "failed to get input parameters to create snapshot snap: \"the PVC data is not yet bound to a PV, will not attempt to take a snapshot\"")]
    [InlineData("no volume",
        "failed to get input parameters to create snapshot snap: \"failed to retrieve PV v from the API server: \\\"persistentvolumes \\\\\\\"v\\\\\\\" not found\\\"\"")]
    [InlineData("of another", "failed to get input parameters to create snapshot snap: \"claim in dataSource not bound or invalid\"")]
    [InlineData("half a secret",
        "failed to get input parameters to create snapshot snap: \"either name and namespace for Snapshotter secrets specified, Both must be specified\"")]
    public void Reconcile_ClaimThatCannotBeTaken_IsToldInUpstreamsWords(string state, string problem)
    {
        var view = View(Snapshot());
        view = state switch
        {
            "no claim" => view with { Claim = null, Volume = null },
            "claim goes" => view with { Claim = Claim(c => c.Metadata.DeletionTimestamp = Now) },
            "claim waits" => view with { Claim = Claim(c => c.Status.Phase = "Pending") },
            "no volume" => view with { Volume = null },
            "of another" => view with { Volume = Volume(v => v.Spec.ClaimRef!.UID = "other") },
            _ => view with { Classes = [Class("class-0", change: c => c.Parameters = new() { ["csi.storage.k8s.io/snapshotter-secret-name"] = "s" })] },
        };

        var plan = SnapshotReconciler.Reconcile(view);

        Assert.Null(plan.CreateContent);
        Assert.Equal("Failed to create snapshot content with error " + problem, plan.Status!.Error!.Message);
        Assert.False(plan.Status.ReadyToUse);
        Assert.Equal(["SnapshotContentCreationFailed"], plan.Events.Select(e => e.Reason));
    }

    [Fact]
    public void Reconcile_SecretOfTheClass_IsNamedOnTheContent()
    {
        var storage = Class("class-0", change: c => c.Parameters = new()
        {
            ["csi.storage.k8s.io/snapshotter-secret-name"] = "${volumesnapshot.name}-key",
            ["csi.storage.k8s.io/snapshotter-secret-namespace"] = "${volumesnapshot.namespace}",
        });
        var content = SnapshotReconciler.Reconcile(View(Snapshot()) with { Classes = [storage] }).CreateContent!;
        Assert.Equal(("snap-key", "default"), (content.Metadata.Annotations!["snapshot.storage.kubernetes.io/deletion-secret-name"],
            content.Metadata.Annotations["snapshot.storage.kubernetes.io/deletion-secret-namespace"]));
    }

    [Fact]
    public void Reconcile_ContentThatBecomesReady_IsFollowed()
    {
        var snapshot = Snapshot(s => s.Status = new()
        {
            BoundVolumeSnapshotContentName = "snapcontent-s-1", ReadyToUse = false, Error = new() { Message = "once" },
        });
        var content = Content(c => c.Status = new()
        {
            CreationTime = 1_767_323_045_000_000_007, RestoreSize = 1 << 20, ReadyToUse = true, SnapshotHandle = "h",
        });

        var plan = SnapshotReconciler.Reconcile(View(snapshot) with { Content = content });

        Assert.Equal((true, "1Mi", Now), (plan.Status!.ReadyToUse, plan.Status.RestoreSize.ToString(), plan.Status.CreationTime!.Value));
        Assert.Null(plan.Status.Error);
        Assert.Equal(["SnapshotCreated", "SnapshotReady"], plan.Events.Select(e => e.Reason));
        Assert.Equal(
            ["Snapshot default/snap was successfully created by the CSI driver.", "Snapshot default/snap is ready to use."],
            plan.Events.Select(e => e.Message));
        Assert.Equal([SnapshotNames.SourceFinalizer, SnapshotNames.BoundFinalizer], plan.AddFinalizers);
        snapshot.Status = plan.Status;
        Assert.Null(SnapshotReconciler.Reconcile(View(snapshot) with { Content = content }).Status);
    }

    [Theory]
    [InlineData(false, "SnapshotContentMissing", "VolumeSnapshotContent is missing")]
    [InlineData(true, "SnapshotMisbound", "VolumeSnapshotContent [snapcontent-s-1] is bound to a different snapshot")]
    public void Reconcile_ReadySnapshotThatLosesItsContent_IsNotReadyAndNotTakenAgain(bool isThere, string reason, string message)
    {
        var snapshot = Snapshot(s => s.Status = new() { BoundVolumeSnapshotContentName = "snapcontent-s-1", ReadyToUse = true, CreationTime = Now });
        var view = View(snapshot) with { Content = isThere ? Content(c => c.Spec.VolumeSnapshotRef.UID = "other") : null };

        var plan = SnapshotReconciler.Reconcile(view);

        Assert.Equal((false, message), (plan.Status!.ReadyToUse, plan.Status.Error!.Message));
        Assert.Contains(plan.Events, e => e.Reason == (isThere ? "SnapshotContentMisbound" : reason));
        snapshot.Status = plan.Status;
        Assert.Null(SnapshotReconciler.Reconcile(view with { Snapshot = snapshot }).CreateContent);
    }

    [Theory]
    [InlineData("missing", "SnapshotContentMissing", "VolumeSnapshotContent is missing")]
    [InlineData("dynamic", "SnapshotContentMismatch", "VolumeSnapshotContent is dynamically provisioned while expecting a pre-provisioned one")]
    [InlineData("other", "SnapshotContentMisbound", "VolumeSnapshotContent [there] is bound to a different snapshot")]
    public void Reconcile_ContentThatDoesNotFit_IsTold(string state, string reason, string message)
    {
        VolumeSnapshotContent? content = state switch
        {
            "missing" => null,
            "dynamic" => Content(c => c.Metadata.Name = "there"),
            _ => Static(c => c.Spec.VolumeSnapshotRef.Name = "another"),
        };
        var plan = SnapshotReconciler.Reconcile(View(Snapshot(Static)) with { Content = content });
        Assert.Equal(reason, plan.Events[0].Reason);
        Assert.Equal(message, plan.Status!.Error!.Message);
        Assert.Null(plan.UpdateContent);
    }

    [Fact]
    public void Reconcile_ContentThatWaits_IsBoundByUidAndClass()
    {
        var plan = SnapshotReconciler.Reconcile(View(Snapshot(s =>
        {
            Static(s);
            s.Spec.VolumeSnapshotClassName = "class-0";
        })) with
        { Content = Static() });

        Assert.Equal(("s-1", "class-0"), (plan.UpdateContent!.Spec.VolumeSnapshotRef.UID, plan.UpdateContent.Spec.VolumeSnapshotClassName));
        Assert.Equal("there", plan.Status!.BoundVolumeSnapshotContentName);
        var bound = SnapshotReconciler.Reconcile(View(Snapshot(Static)) with { Content = Static(c => c.Spec.VolumeSnapshotRef.UID = "s-1") });
        Assert.Null(bound.UpdateContent);
    }

    [Theory]
    [InlineData("Delete", true)]
    [InlineData("Retain", false)]
    public void Reconcile_GoingSnapshot_TakesItsContentAlongByPolicy(string policy, bool goes)
    {
        var snapshot = Snapshot(s => (s.Metadata.DeletionTimestamp, s.Metadata.Finalizers) =
            (Now, [SnapshotNames.SourceFinalizer, SnapshotNames.BoundFinalizer]));
        var view = View(snapshot) with { Content = Content(c => c.Spec.DeletionPolicy = policy), Classes = [] };

        var plan = SnapshotReconciler.Reconcile(view);

        Assert.True(plan.MarkContent);
        Assert.Equal(goes, plan.DeleteContent);
        Assert.Equal(goes ? [SnapshotNames.SourceFinalizer] : [SnapshotNames.SourceFinalizer, SnapshotNames.BoundFinalizer], plan.RemoveFinalizers);

        var waiting = SnapshotReconciler.Reconcile(view with { IsBeingRestored = true });
        Assert.Equal([new SnapshotEvent("Warning", "SnapshotDeletePending", "Snapshot is being used to restore a PVC")], waiting.Events);
        Assert.False(waiting.MarkContent || waiting.DeleteContent || waiting.RemoveFinalizers.Count > 0);

        // A content of another snapshot is nobody's to touch.
        var foreign = SnapshotReconciler.Reconcile(view with { Content = Content(c => c.Spec.VolumeSnapshotRef.UID = "other") });
        Assert.False(foreign.MarkContent || foreign.DeleteContent);
        Assert.Equal(2, foreign.RemoveFinalizers.Count);
    }

    private static SnapshotView View(VolumeSnapshot snapshot) => new(snapshot, Now)
    {
        Claim = Claim(), Volume = Volume(), Classes = [Class("class-0")],
    };

    private static VolumeSnapshot Snapshot(Action<VolumeSnapshot>? change = null)
    {
        var snapshot = new VolumeSnapshot
        {
            Metadata = { Namespace = "default", Name = "snap", UID = "s-1" },
            Spec = { Source = { PersistentVolumeClaimName = "data" }, VolumeSnapshotClassName = "class-0" },
        };
        change?.Invoke(snapshot);
        return snapshot;
    }

    private static void Static(VolumeSnapshot snapshot)
    {
        snapshot.Spec.Source = new() { VolumeSnapshotContentName = "there" };
        snapshot.Spec.VolumeSnapshotClassName = null;
    }

    private static VolumeSnapshotContent Static(Action<VolumeSnapshotContent>? change = null) => Content(c =>
    {
        c.Metadata.Name = "there";
        c.Spec.Source = new() { SnapshotHandle = "h" };
        c.Spec.VolumeSnapshotClassName = null;
        c.Spec.VolumeSnapshotRef.UID = "";
        change?.Invoke(c);
    });

    private static VolumeSnapshotContent Content(Action<VolumeSnapshotContent>? change = null)
    {
        var content = new VolumeSnapshotContent
        {
            Metadata = { Name = "snapcontent-s-1" },
            Spec =
            {
                Driver = "disk.example.com", DeletionPolicy = "Delete", VolumeSnapshotClassName = "class-0", Source = { VolumeHandle = "h-1" },
                VolumeSnapshotRef = new() { Namespace = "default", Name = "snap", UID = "s-1" },
            },
        };
        change?.Invoke(content);
        return content;
    }

    private static VolumeSnapshotClass Class(
        string name, string driver = "disk.example.com", bool isDefault = false, Action<VolumeSnapshotClass>? change = null)
    {
        var storage = new VolumeSnapshotClass
        {
            Metadata = { Name = name, Annotations = isDefault ? new() { [SnapshotNames.IsDefaultClass] = "true" } : null },
            Driver = driver, DeletionPolicy = "Delete",
        };
        change?.Invoke(storage);
        return storage;
    }

    private static PersistentVolumeClaim Claim(Action<PersistentVolumeClaim>? change = null) => ClaimReconcilerTests.Claim(change: c =>
    {
        (c.Spec.VolumeName, c.Status.Phase) = ("v", "Bound");
        change?.Invoke(c);
    });

    private static PersistentVolume Volume(Action<PersistentVolume>? change = null) => ClaimReconcilerTests.Volume("v", "5Gi", change: v =>
    {
        (v.Spec.HostPath, v.Spec.CSI, v.Spec.VolumeMode) = (null, new() { Driver = "disk.example.com", VolumeHandle = "h-1" }, "Filesystem");
        v.Spec.ClaimRef = new() { Namespace = "default", Name = "data", UID = "c-1" };
        change?.Invoke(v);
    });
}
