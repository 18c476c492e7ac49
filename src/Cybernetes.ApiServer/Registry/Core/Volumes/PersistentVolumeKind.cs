using Cybernetes.ApiServer.Registry.Core.Pods;
using Cybernetes.Objects;
using Cybernetes.Objects.Core.V1;

namespace Cybernetes.ApiServer.Registry.Core.Volumes;

/// <summary>Persistent volumes.</summary>
internal sealed class PersistentVolumeKind : KindDefinition<PersistentVolume>
{
    private const string BetaMountOptions = "volume.beta.kubernetes.io/mount-options";
    private static readonly FieldPath SpecPath = FieldPath.Of("spec");

    /// <summary>Labels of nodes that got other names; an affinity may follow them.</summary>
    private static readonly Dictionary<string, string> RenamedLabels = new(StringComparer.Ordinal)
    {
        ["failure-domain.beta.kubernetes.io/zone"] = "topology.kubernetes.io/zone",
        ["failure-domain.beta.kubernetes.io/region"] = "topology.kubernetes.io/region",
        ["beta.kubernetes.io/instance-type"] = "node.kubernetes.io/instance-type",
        ["beta.kubernetes.io/os"] = "kubernetes.io/os",
        ["beta.kubernetes.io/arch"] = "kubernetes.io/arch",
    };

    public override IReadOnlyList<string> ShortNames => ["pv"];

    public override bool HasStatus => true;

    public override IReadOnlyList<Column<PersistentVolume>> Columns { get; } =
    [
        Column<PersistentVolume>.Name,
        Column<PersistentVolume>.Text("Capacity", "Size of the volume.", v =>
            (v.Spec.Capacity?.GetValueOrDefault("storage", Quantity.Zero) ?? Quantity.Zero).ToString()),
        Column<PersistentVolume>.Text("Access Modes", "How it may be mounted.", v => VolumeTexts.Short(v.Spec.AccessModes)),
        Column<PersistentVolume>.Text("Reclaim Policy", "What becomes of it when its claim goes.", v => v.Spec.PersistentVolumeReclaimPolicy),
        Column<PersistentVolume>.Text("Status", "Available, Bound, Released or Failed; Terminating while it goes.", v =>
            v.Metadata.DeletionTimestamp is null ? v.Status.Phase : "Terminating"),
        Column<PersistentVolume>.Text("Claim", "The claim that has it.", v =>
            v.Spec.ClaimRef is { } claim ? $"{claim.Namespace}/{claim.Name}" : ""),
        Column<PersistentVolume>.Text("StorageClass", "Its class.", v => VolumeTexts.ClassOf(v.Metadata, v.Spec.StorageClassName)),
        Column<PersistentVolume>.Text("VolumeAttributesClass", "Its class of changeable attributes.", v =>
            v.Spec.VolumeAttributesClassName ?? VolumeTexts.Unset),
        Column<PersistentVolume>.Text("Reason", "Why it is in this state.", v => v.Status.Reason),
        Column<PersistentVolume>.Age,
        Column<PersistentVolume>.Text("VolumeMode", "Whether it is a file system or a block device.", v => v.Spec.VolumeMode ?? VolumeTexts.Unset, 1),
    ];

    protected override void Default(PersistentVolume obj)
    {
        var spec = obj.Spec;
        if (obj.Status.Phase.Length == 0)
            obj.Status.Phase = "Pending";
        if (spec.PersistentVolumeReclaimPolicy.Length == 0)
            spec.PersistentVolumeReclaimPolicy = "Retain";
        spec.VolumeMode ??= "Filesystem";
        PodDefaults.RoundUp(spec.Capacity);
        if (spec.HostPath is { } host)
            host.Type ??= "";
        if (spec.ISCSI is { ISCSIInterface.Length: 0 } iscsi)
            iscsi.ISCSIInterface = "default";
        if (spec.AzureDisk is { } disk)
            VolumeDefaults.ApplyTo(disk);
        if (spec.RBD is { } rbd)
        {
            rbd.RBDPool = Or(rbd.RBDPool, "rbd");
            rbd.RadosUser = Or(rbd.RadosUser, "admin");
            rbd.Keyring = Or(rbd.Keyring, "/etc/ceph/keyring");
        }
        if (spec.ScaleIO is { } scale)
        {
            scale.StorageMode = Or(scale.StorageMode, "ThinProvisioned");
            scale.FSType = Or(scale.FSType, "xfs");
        }
    }

    protected override void PrepareForCreate(PersistentVolume obj, WriteContext context) =>
        obj.Status = new PersistentVolumeStatus { Phase = "Pending", LastPhaseTransitionTime = KubernetesTime.TruncateToSecond(context.Now) };

    protected override void PrepareForUpdate(PersistentVolume obj, PersistentVolume old, WriteContext context) => obj.Status = old.Status;

    protected override void PrepareForStatusUpdate(PersistentVolume obj, PersistentVolume old, WriteContext context)
    {
        obj.Spec = old.Spec;
        if (obj.Status.Phase == old.Status.Phase)
            obj.Status.LastPhaseTransitionTime ??= old.Status.LastPhaseTransitionTime;
        else if (obj.Status.LastPhaseTransitionTime is null || obj.Status.LastPhaseTransitionTime == old.Status.LastPhaseTransitionTime)
            obj.Status.LastPhaseTransitionTime = KubernetesTime.TruncateToSecond(context.Now);
    }

    protected override void Validate(PersistentVolume obj, FieldErrorList errors) =>
        PersistentVolumeValidation.Spec(obj.Spec, obj.Metadata.Name, inline: false, SpecPath, errors);

    protected override void ValidateUpdate(PersistentVolume obj, PersistentVolume old, FieldErrorList errors)
    {
        var (now, before) = (PersistentVolumeSources.Only(obj.Spec), PersistentVolumeSources.Only(old.Spec));
        // A secret for expansion may be named later.
        if (before.CSI is { ControllerExpandSecretRef: null } && now.CSI is { } csi)
            csi.ControllerExpandSecretRef = null;
        if (!now.SemanticEquals(before))
        {
            errors.Forbidden(SpecPath.Child("persistentvolumesource"), "spec.persistentvolumesource is immutable after creation\n"
                + ObjectDifference.Of(before.WriteJson, now.WriteJson));
        }
        if (obj.Spec.VolumeMode != old.Spec.VolumeMode)
            errors.Invalid(FieldPath.Of("volumeMode"), obj.Spec.VolumeMode ?? "null", FieldChecks.Immutability);
        if (old.Spec.NodeAffinity is { } affinity && !IsAffinityKept(obj.Spec.NodeAffinity, affinity))
        {
            errors.Invalid(FieldPath.Of("nodeAffinity"), GoNamedJson.Of(obj.Spec.NodeAffinity, "core/v1.VolumeNodeAffinity"),
                $"{FieldChecks.Immutability}, except for updating from beta label to GA");
        }
        if (old.Spec.VolumeAttributesClassName is not null && obj.Spec.VolumeAttributesClassName is null)
            errors.Forbidden(SpecPath.Child("volumeAttributesClassName"), "update from non-nil value to nil is forbidden");
    }

    protected override void Warn(PersistentVolume obj, PersistentVolume? old, WriteContext context)
    {
        if (obj.Metadata.Annotations?.ContainsKey(VolumeTexts.BetaClass) == true)
            context.Warn($"metadata.annotations[{VolumeTexts.BetaClass}]: deprecated since v1.8; use \"storageClassName\" attribute instead");
        if (obj.Metadata.Annotations?.ContainsKey(BetaMountOptions) == true)
            context.Warn($"metadata.annotations[{BetaMountOptions}]: deprecated since v1.31; use \"mountOptions\" attribute instead");
        var spec = obj.Spec;
        if (spec.PersistentVolumeReclaimPolicy == "Recycle")
        {
            context.Warn("spec.persistentVolumeReclaimPolicy: The Recycle reclaim policy is deprecated. "
                + "Instead, the recommended approach is to use dynamic provisioning.");
        }
        Old(spec.PhotonPersistentDisk is not null, "photonPersistentDisk: deprecated in v1.11, non-functional in v1.16+", context);
        Old(spec.ScaleIO is not null, "scaleIO: deprecated in v1.16, non-functional in v1.22+", context);
        Old(spec.StorageOS is not null, "storageOS: deprecated in v1.22, non-functional in v1.25+", context);
        Old(spec.Glusterfs is not null, "glusterfs: deprecated in v1.25, non-functional in v1.26+", context);
        Old(spec.CephFS is not null, "cephfs: deprecated in v1.28, non-functional in v1.31+", context);
        Old(spec.RBD is not null, "rbd: deprecated in v1.28, non-functional in v1.31+", context);
    }

    private static void Old(bool used, string text, WriteContext context)
    {
        if (used)
            context.Warn("spec." + text);
    }

    private static string Or(string value, string otherwise) => value.Length > 0 ? value : otherwise;

    private static bool IsAffinityKept(VolumeNodeAffinity? now, VolumeNodeAffinity before)
    {
        if (now is null)
            return false;
        var followed = before.DeepClone();
        for (var i = 0; i < (followed.Required?.NodeSelectorTerms?.Count ?? 0); i++)
        {
            var expressions = followed.Required!.NodeSelectorTerms![i].MatchExpressions.OrEmpty();
            var fresh = now.Required?.NodeSelectorTerms?.ElementAtOrDefault(i)?.MatchExpressions.OrEmpty();
            for (var j = 0; j < expressions.Count; j++)
            {
                if (RenamedLabels.TryGetValue(expressions[j].Key, out var renamed) && fresh?.ElementAtOrDefault(j)?.Key == renamed)
                    expressions[j].Key = renamed;
            }
        }
        return now.SemanticEquals(followed);
    }
}
