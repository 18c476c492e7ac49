using Cybernetes.Objects;
using Cybernetes.Objects.Core.V1;
using Cybernetes.Objects.Storage.V1;

namespace Cybernetes.Controllers.VolumeBinding;

/// <summary>What is known around a claim.</summary>
internal sealed record ClaimView
{
    public required PersistentVolumeClaim Claim { get; init; }

    /// <summary>The volume that the claim names, if it is there.</summary>
    public PersistentVolume? Named { get; init; }

    /// <summary>Volumes that may suit: those of its class without a claim, and those reserved for it.</summary>
    public IReadOnlyList<PersistentVolume> Candidates { get; init; } = [];

    /// <summary>The claim's storage class, if it is there.</summary>
    public StorageClass? Class { get; init; }

    /// <summary>The name of the default storage class, if there is one.</summary>
    public string? DefaultClass { get; init; }

    /// <summary>Pods that use the claim and have no node yet.</summary>
    public IReadOnlyList<string> WaitingPods { get; init; } = [];

    /// <summary>Whether the volume that a provisioner would make is there already.</summary>
    public bool IsProvisioned { get; init; }

    /// <summary>Whether provisioners may be asked.</summary>
    public bool MayProvision { get; init; } = true;
}

/// <summary>An event to be told about a claim or a volume.</summary>
internal readonly record struct Telling(string Type, string Reason, string Message);

/// <summary>What is to be done for a claim; nothing when all is null.</summary>
internal sealed record ClaimPlan
{
    /// <summary>Bind (or go on binding) this volume.</summary>
    public PersistentVolume? Bind { get; init; }

    /// <summary>The phase that the claim should have.</summary>
    public string? Phase { get; init; }

    /// <summary>The storage class to fill in.</summary>
    public string? AssignClass { get; init; }

    /// <summary>The provisioner to ask, by annotation.</summary>
    public string? Provisioner { get; init; }

    public Telling? Event { get; init; }

    /// <summary>A claim that turns out lost is told of once, when its phase changes.</summary>
    public bool OnlyOnChange { get; init; }

    /// <summary>The state is against the rules and is looked at again later.</summary>
    public string? Failure { get; init; }
}

/// <summary>Decides how a claim goes on: bind, wait, be provisioned, or be lost. Pure.</summary>
internal static class ClaimReconciler
{
    public static ClaimPlan Reconcile(ClaimView view) =>
        VolumeNames.Has(view.Claim.Metadata, VolumeNames.BindCompleted) ? Bound(view) : Unbound(view);

    private static ClaimPlan Unbound(ClaimView view)
    {
        var claim = view.Claim;
        if (claim.Spec.VolumeName.Length == 0)
            return Searching(view);
        if (view.Named is not { } volume)
            return new() { Phase = "Pending" };
        if (volume.Spec.ClaimRef is null)
        {
            return VolumeMatching.Mismatch(volume, claim) is { } mismatch
                ? Waiting("Warning", "VolumeMismatch", $"Cannot bind to requested volume \"{volume.Metadata.Name}\": {mismatch}")
                : new() { Bind = volume };
        }
        if (VolumeMatching.IsFor(volume, claim))
            return new() { Bind = volume };
        return VolumeNames.Has(claim.Metadata, VolumeNames.BoundByController)
            ? new()
            {
                Failure = $"invalid binding of claim \"{claim.Metadata.Namespace}/{claim.Metadata.Name}\" to volume \"{claim.Spec.VolumeName}\": "
                    + $"volume already claimed by \"{volume.Spec.ClaimRef.Namespace}/{volume.Spec.ClaimRef.Name}\"",
            }
            : Waiting("Warning", "FailedBinding", $"volume \"{volume.Metadata.Name}\" already bound to a different claim.");
    }

    private static ClaimPlan Searching(ClaimView view)
    {
        var claim = view.Claim;
        var isDelayed = view.Class?.VolumeBindingMode == "WaitForFirstConsumer";
        if (VolumeMatching.FindBest(claim, view.Candidates, isDelayed) is { } volume)
            return new() { Bind = volume };
        var className = VolumeNames.ClassOf(claim);
        if (className is null && view.DefaultClass is { } filled)
            return new() { AssignClass = filled };
        if (isDelayed && !VolumeNames.Has(claim.Metadata, VolumeNames.SelectedNode))
        {
            return view.WaitingPods.Count switch
            {
                0 => Waiting("Normal", "WaitForFirstConsumer", "waiting for first consumer to be created before binding"),
                1 => Waiting("Normal", "WaitForPodScheduled", $"waiting for pod {view.WaitingPods[0]} to be scheduled"),
                _ => Waiting("Normal", "WaitForPodScheduled", $"waiting for pods {string.Join(',', view.WaitingPods)} to be scheduled"),
            };
        }
        if (string.IsNullOrEmpty(className))
            return Waiting("Normal", "FailedBinding", "no persistent volumes available for this claim and no storage class is set");
        return Provision(view, className);
    }

    private static ClaimPlan Provision(ClaimView view, string className)
    {
        if (view.IsProvisioned || !view.MayProvision)
            return new() { Phase = "Pending" };
        if (view.Class is not { } storage)
            return Waiting("Warning", "ProvisioningFailed", $"storageclass.storage.k8s.io \"{className}\" not found");
        // Upstream's own plugins are named kubernetes.io/…; none of them is here, as none is left upstream.
        if (storage.Provisioner.StartsWith(VolumeNames.InTreePrefix, StringComparison.Ordinal))
            return Waiting("Warning", "ProvisioningFailed", $"no volume plugin matched name: {storage.Provisioner}");
        return new()
        {
            Phase = "Pending",
            Provisioner = storage.Provisioner,
            Event = new("Normal", "ExternalProvisioning",
                $"Waiting for a volume to be created either by the external provisioner '{storage.Provisioner}' or manually by the system "
                + "administrator. If volume creation is delayed, please verify that the provisioner is running and correctly registered."),
        };
    }

    private static ClaimPlan Bound(ClaimView view)
    {
        var claim = view.Claim;
        if (claim.Spec.VolumeName.Length == 0)
            return Lost("ClaimLost", "Bound claim has lost reference to PersistentVolume. Data on the volume is lost!");
        if (view.Named is not { } volume)
            return Lost("ClaimLost", "Bound claim has lost its PersistentVolume. Data on the volume is lost!");
        // Somebody took the volume's side away: it is written again.
        if (volume.Spec.ClaimRef is null || volume.Spec.ClaimRef.UID == claim.Metadata.UID)
            return new() { Bind = volume };
        return Lost("ClaimMisbound", "Two claims are bound to the same volume, this one is bound incorrectly");
    }

    private static ClaimPlan Waiting(string type, string reason, string message) =>
        new() { Phase = "Pending", Event = new(type, reason, message) };

    private static ClaimPlan Lost(string reason, string message) =>
        new() { Phase = "Lost", Event = new("Warning", reason, message), OnlyOnChange = true };
}
