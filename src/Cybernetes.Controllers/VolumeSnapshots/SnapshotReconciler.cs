using Cybernetes.Objects;
using Cybernetes.Objects.Snapshot.V1;

namespace Cybernetes.Controllers.VolumeSnapshots;

/// <summary>
/// Decides about one snapshot, as upstream's common snapshot controller: 1 its class; 2 when it is going, what goes with it; 3 its finalizers;
/// 4 its content, found or made; 5 its status after the content's. Pure.
/// </summary>
internal static class SnapshotReconciler
{
    public static SnapshotPlan Reconcile(SnapshotView view)
    {
        var snapshot = view.Snapshot;
        if (snapshot.Metadata.DeletionTimestamp is not null)
            return Going(view);
        var (assigned, refusal) = ClassOf(view);
        if (refusal is { } failure)
            return Fail(view, failure.Reason, failure.Message, isUnready: false);
        if (assigned is not null)
            return new() { AssignClass = assigned };
        if (Mismatch(view) is { } mismatch)
        {
            var plan = Fail(view, mismatch.Reason, mismatch.Message);
            var second = new SnapshotEvent("Warning", "SnapshotFinalizerError", $"Failed to check and update snapshot: {mismatch.Cause}");
            return plan.Events.Count == 0 ? plan : plan with { Events = [.. plan.Events, second] };
        }
        var isSettled = SnapshotNames.IsReady(snapshot) && snapshot.Status?.BoundVolumeSnapshotContentName is not null;
        var next = isSettled ? Settled(view) : snapshot.Spec.Source.VolumeSnapshotContentName is null ? Dynamic(view) : Static(view);
        return next with { AddFinalizers = MissingFinalizers(view) };
    }

    private readonly record struct Refusal(string Reason, string Message, string Cause);

    // A class that was named must be there; who names none gets the default class of the volume's driver.
    private static (string? Assigned, Refusal? Refused) ClassOf(SnapshotView view)
    {
        var spec = view.Snapshot.Spec;
        if (spec.VolumeSnapshotClassName is { } name)
        {
            if (view.Classes.Any(c => c.Metadata.Name == name))
                return default;
            var missing = $"volumesnapshotclass.snapshot.storage.k8s.io \"{name}\" not found";
            return (null, new("GetSnapshotClassFailed", "Failed to get snapshot class with error " + missing, missing));
        }
        if (spec.Source.VolumeSnapshotContentName is not null)
            return default;
        string? driver = null;
        if (SnapshotSources.Problem(view) is not { } problem)
        {
            driver = SnapshotNames.DriverOf(view.Volume!);
            problem = $"snapshotting non-CSI volumes is not supported, snapshot:{SnapshotNames.Key(view.Snapshot)}";
        }
        if (driver is not null)
        {
            var defaults = view.Classes.Where(c => c.Driver == driver
                && c.Metadata.Annotations.OrEmpty().GetValueOrDefault(SnapshotNames.IsDefaultClass) == "true").ToList();
            if (defaults is [var only])
                return (only.Metadata.Name, null);
            problem = defaults.Count == 0 ? "cannot find default snapshot class" : $"{defaults.Count} default snapshot classes were found";
        }
        return (null, new("SetDefaultSnapshotClassFailed", "Failed to set default snapshot class with error " + problem, problem));
    }

    /// <summary>Why the content of the right name is not this snapshot's; null when it is, or there is none.</summary>
    private static Refusal? Mismatch(SnapshotView view)
    {
        if (view.Content is not { } content)
            return null;
        var (key, name, reference) = (SnapshotNames.Key(view.Snapshot), content.Metadata.Name, content.Spec.VolumeSnapshotRef);
        var isStatic = view.Snapshot.Spec.Source.VolumeSnapshotContentName is not null;
        if (isStatic && content.Spec.Source.SnapshotHandle is null)
        {
            return new("SnapshotContentMismatch", "VolumeSnapshotContent is dynamically provisioned while expecting a pre-provisioned one",
                $"snapshot {key} expects a pre-provisioned VolumeSnapshotContent {name} but gets a dynamically provisioned one");
        }
        if (!isStatic && content.Spec.Source.VolumeHandle is null)
        {
            return new("SnapshotContentMismatch", $"VolumeSnapshotContent {name} is pre-provisioned while expecting a dynamically provisioned one",
                $"snapshot {key} expects a dynamically provisioned VolumeSnapshotContent {name} but gets a pre-provisioned one");
        }
        // A content that waits for a snapshot by name may know no UID yet; one that was made for it always does.
        var isOurs = reference.Name == view.Snapshot.Metadata.Name && reference.Namespace == view.Snapshot.Metadata.Namespace
            && (reference.UID == view.Snapshot.Metadata.UID || (isStatic && reference.UID.Length == 0));
        var other = $"VolumeSnapshotContent [{name}] is bound to a different snapshot";
        return isOurs ? null : new("SnapshotContentMisbound", other, other);
    }

    private static List<string> MissingFinalizers(SnapshotView view)
    {
        var missing = new List<string>(2);
        if (!SnapshotNames.Has(view.Snapshot.Metadata, SnapshotNames.SourceFinalizer))
            missing.Add(SnapshotNames.SourceFinalizer);
        if (view.Content?.Spec.DeletionPolicy == "Delete" && !SnapshotNames.Has(view.Snapshot.Metadata, SnapshotNames.BoundFinalizer))
            missing.Add(SnapshotNames.BoundFinalizer);
        return missing;
    }

    private static SnapshotPlan Settled(SnapshotView view)
    {
        if (view.Content is not { } content)
            return Fail(view, "SnapshotContentMissing", "VolumeSnapshotContent is missing");
        return SnapshotNames.IsFor(content, view.Snapshot)
            ? new() : Fail(view, "SnapshotMisbound", "VolumeSnapshotContent is not bound to the VolumeSnapshot correctly");
    }

    private static SnapshotPlan Static(SnapshotView view)
    {
        var snapshot = view.Snapshot;
        if (view.Content is not { } content)
            return Fail(view, "SnapshotContentMissing", "VolumeSnapshotContent is missing");
        var bound = content.DeepClone();
        bound.Spec.VolumeSnapshotRef.UID = snapshot.Metadata.UID;
        if (content.Spec.VolumeSnapshotRef.UID.Length == 0 || content.Spec.VolumeSnapshotClassName is null)
            bound.Spec.VolumeSnapshotClassName = snapshot.Spec.VolumeSnapshotClassName ?? content.Spec.VolumeSnapshotClassName;
        var status = SnapshotStatuses.Following(snapshot, content);
        return new()
        {
            UpdateContent = bound.Spec.SemanticEquals(content.Spec) ? null : bound,
            Status = status,
            Events = SnapshotStatuses.Told(snapshot, status),
        };
    }

    private static SnapshotPlan Dynamic(SnapshotView view)
    {
        var snapshot = view.Snapshot;
        if (view.Content is { } content)
        {
            var status = SnapshotStatuses.Following(snapshot, content);
            return new() { Status = status, Events = SnapshotStatuses.Told(snapshot, status) };
        }
        // What was taken once is not taken again under the same name: it would be of other data.
        if (snapshot.Status?.CreationTime is not null)
            return Fail(view, "SnapshotContentMissing", "VolumeSnapshotContent is missing");
        var answer = SnapshotSources.NewContent(view);
        if (answer.Content is not { } made)
            return Fail(view, "SnapshotContentCreationFailed", "Failed to create snapshot content with error " + answer.Problem);
        var first = SnapshotStatuses.Following(snapshot, made);
        return new()
        {
            HoldClaim = !SnapshotNames.Has(view.Claim!.Metadata, SnapshotNames.ClaimFinalizer),
            CreateContent = made,
            Status = first,
            Events =
            [
                new("Normal", "CreatingSnapshot", $"Waiting for a snapshot {SnapshotNames.Key(snapshot)} to be created by the CSI driver."),
                .. SnapshotStatuses.Told(snapshot, first),
            ],
        };
    }

    private static SnapshotPlan Going(SnapshotView view)
    {
        var snapshot = view.Snapshot;
        if (!SnapshotNames.IsGoing(snapshot))
            return new();
        // Only a content that points back is touched.
        var content = view.Content is { } found && SnapshotNames.IsFor(found, snapshot) ? found : null;
        if (content is not null && view.IsBeingRestored)
            return new() { Events = [new("Warning", "SnapshotDeletePending", "Snapshot is being used to restore a PVC")] };
        var goesToo = content?.Spec.DeletionPolicy == "Delete";
        return new()
        {
            MarkContent = content is not null && !content.Metadata.Annotations.OrEmpty().ContainsKey(SnapshotNames.BeingDeleted),
            DeleteContent = goesToo && content!.Metadata.DeletionTimestamp is null,
            RemoveFinalizers = goesToo ? [SnapshotNames.SourceFinalizer] : [SnapshotNames.SourceFinalizer, SnapshotNames.BoundFinalizer],
        };
    }

    /// <summary>The failure in the status, told once.</summary>
    private static SnapshotPlan Fail(SnapshotView view, string reason, string message, bool isUnready = true)
    {
        var status = SnapshotStatuses.Failed(view.Snapshot, message, isUnready, view.Now);
        return new() { Status = status, Events = status is null ? [] : [new("Warning", reason, message)] };
    }
}
