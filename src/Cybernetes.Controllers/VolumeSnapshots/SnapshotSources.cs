using Cybernetes.Controllers.VolumeBinding;
using Cybernetes.Objects;
using Cybernetes.Objects.Snapshot.V1;

namespace Cybernetes.Controllers.VolumeSnapshots;

/// <summary>From the claim that a snapshot names to the content that asks a driver for it. Pure.</summary>
internal static class SnapshotSources
{
    /// <summary>Why there is no volume of which the snapshot could be taken; null when there is one, <see cref="SnapshotView.Volume"/>.</summary>
    public static string? Problem(SnapshotView view)
    {
        var name = view.Snapshot.Spec.Source.PersistentVolumeClaimName;
        if (name is not { Length: > 0 })
            return $"the PVC name is not specified in snapshot {SnapshotNames.Key(view.Snapshot)}";
        if (view.Claim is not { } claim)
            return $"failed to retrieve PVC {name} from the lister: {GoText.Quote($"persistentvolumeclaim \"{name}\" not found")}";
        if (claim.Status.Phase != "Bound")
            return $"the PVC {name} is not yet bound to a PV, will not attempt to take a snapshot";
        if (view.Volume is not { } volume)
        {
            return $"failed to retrieve PV {claim.Spec.VolumeName} from the API server: "
                + GoText.Quote($"persistentvolumes \"{claim.Spec.VolumeName}\" not found");
        }
        return VolumeMatching.IsFor(volume, claim) ? null : "claim in dataSource not bound or invalid";
    }

    /// <summary>The content for a snapshot whose class is there, or why there can be none.</summary>
    public static (VolumeSnapshotContent? Content, string? Problem) NewContent(SnapshotView view)
    {
        var snapshot = view.Snapshot;
        if (view.Claim is null)
            return (null, Unwritten(snapshot.Metadata.Name, "cannot get claim from snapshot"));
        if (view.Claim.Metadata.DeletionTimestamp is not null && !SnapshotNames.Has(view.Claim.Metadata, SnapshotNames.ClaimFinalizer))
            return (null, Unwritten(view.Claim.Metadata.Name, "cannot add finalizer on claim because it is being deleted"));
        var storage = view.Classes.First(c => c.Metadata.Name == snapshot.Spec.VolumeSnapshotClassName);
        var problem = Problem(view);
        SnapshotSecret? secret = null;
        if (problem is null)
            (secret, problem) = SnapshotSecret.Of(storage.Parameters.OrEmpty(), snapshot);
        if (problem is not null)
            return (null, $"failed to get input parameters to create snapshot {snapshot.Metadata.Name}: {GoText.Quote(problem)}");
        var volume = view.Volume!;
        var isLocal = storage.Driver == SnapshotNames.LocalDriver && SnapshotNames.IsLocal(volume);
        if ((isLocal ? volume.Metadata.Name : volume.Spec.CSI?.VolumeHandle) is not { } handle)
            return (null, $"cannot find CSI PersistentVolumeSource for volume {volume.Metadata.Name}");
        return (new()
        {
            Metadata =
            {
                Name = SnapshotNames.ContentFor(snapshot),
                Labels = isLocal && SnapshotNames.NodeOf(volume) is { } node ? new() { [SnapshotNames.ManagedBy] = node } : null,
                Annotations = secret?.Annotations,
                // From the start: between its making and its protection it could go, and the driver would not be told.
                Finalizers = [SnapshotNames.ContentFinalizer],
            },
            Spec =
            {
                VolumeSnapshotRef = new()
                {
                    APIVersion = "snapshot.storage.k8s.io/v1", Kind = "VolumeSnapshot", Namespace = snapshot.Metadata.Namespace,
                    Name = snapshot.Metadata.Name, UID = snapshot.Metadata.UID, ResourceVersion = snapshot.Metadata.ResourceVersion,
                },
                Source = { VolumeHandle = handle },
                VolumeSnapshotClassName = storage.Metadata.Name,
                DeletionPolicy = storage.DeletionPolicy,
                Driver = storage.Driver,
                SourceVolumeMode = volume.Spec.VolumeMode,
            },
        }, null);
    }

    private static string Unwritten(string name, string why) => $"snapshot controller failed to update {name} on API server: {why}";
}

/// <summary>The secret that a class tells its driver to use, to be found again when the class is gone.</summary>
internal sealed record SnapshotSecret(string Namespace, string Name)
{
    private const string NameKey = "csi.storage.k8s.io/snapshotter-secret-name";
    private const string NamespaceKey = "csi.storage.k8s.io/snapshotter-secret-namespace";

    public Dictionary<string, string> Annotations => new()
    {
        ["snapshot.storage.kubernetes.io/deletion-secret-name"] = Name,
        ["snapshot.storage.kubernetes.io/deletion-secret-namespace"] = Namespace,
    };

    /// <summary>The secret of a class' parameters, what stands in them for the snapshot filled in; null for both when they name none.</summary>
    public static (SnapshotSecret? Secret, string? Problem) Of(IReadOnlyDictionary<string, string> parameters, VolumeSnapshot snapshot)
    {
        var (name, ns) = (parameters.GetValueOrDefault(NameKey), parameters.GetValueOrDefault(NamespaceKey));
        if (name is null && ns is null)
            return default;
        if (name is null || ns is null)
            return (null, "either name and namespace for Snapshotter secrets specified, Both must be specified");
        if (name.Length == 0 || ns.Length == 0)
            return (null, "Snapshotter secrets specified in parameters but value of either namespace or name is empty");
        var secret = new SnapshotSecret(Filled(ns, snapshot, withName: false), Filled(name, snapshot, withName: true));
        if (Names.Dns1123Label(secret.Namespace).Count > 0)
            return (null, Wrong("namespace", ns, secret.Namespace, Names.Dns1123Label(secret.Namespace)));
        return Names.Dns1123Subdomain(secret.Name) is { Count: > 0 } problems ? (null, Wrong("name", name, secret.Name, problems)) : (secret, null);
    }

    private static string Filled(string template, VolumeSnapshot snapshot, bool withName)
    {
        var text = template
            .Replace("${volumesnapshotcontent.name}", SnapshotNames.ContentFor(snapshot), StringComparison.Ordinal)
            .Replace("${volumesnapshot.namespace}", snapshot.Metadata.Namespace, StringComparison.Ordinal);
        return withName ? text.Replace("${volumesnapshot.name}", snapshot.Metadata.Name, StringComparison.Ordinal) : text;
    }

    private static string Wrong(string what, string template, string resolved, IReadOnlyList<string> problems) =>
        template == resolved
            ? $"{GoText.Quote(template)} is not a valid {what}: {string.Join(", ", problems)}"
            : $"{GoText.Quote(template)} resolved to {GoText.Quote(resolved)} which is not a valid {what}: {string.Join(", ", problems)}";
}
