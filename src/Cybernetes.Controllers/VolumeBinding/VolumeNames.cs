using Cybernetes.Objects;
using Cybernetes.Objects.Core.V1;
using Cybernetes.Objects.Meta.V1;
using Cybernetes.Objects.Storage.V1;

namespace Cybernetes.Controllers.VolumeBinding;

/// <summary>The annotations, finalizers and names by which volumes, claims, classes and provisioners find each other (upstream's).</summary>
internal static class VolumeNames
{
    public const string BindCompleted = "pv.kubernetes.io/bind-completed";
    public const string BoundByController = "pv.kubernetes.io/bound-by-controller";
    public const string ProvisionedBy = "pv.kubernetes.io/provisioned-by";
    public const string Provisioner = "volume.kubernetes.io/storage-provisioner";
    public const string BetaProvisioner = "volume.beta.kubernetes.io/storage-provisioner";
    public const string SelectedNode = "volume.kubernetes.io/selected-node";
    public const string BetaClass = "volume.beta.kubernetes.io/storage-class";
    public const string InTreePrefix = "kubernetes.io/";
    public const string Storage = "storage";

    private static readonly string[] s_default =
        ["storageclass.kubernetes.io/is-default-class", "storageclass.beta.kubernetes.io/is-default-class"];

    /// <summary>The claim's class: null when it names none, empty when it wants volumes without one.</summary>
    public static string? ClassOf(PersistentVolumeClaim claim) =>
        claim.Metadata.Annotations.OrEmpty().TryGetValue(BetaClass, out var old) ? old : claim.Spec.StorageClassName;

    public static string ClassOf(PersistentVolume volume) =>
        volume.Metadata.Annotations.OrEmpty().TryGetValue(BetaClass, out var old) ? old : volume.Spec.StorageClassName;

    public static bool Has(ObjectMeta metadata, string annotation) => metadata.Annotations.OrEmpty().ContainsKey(annotation);

    public static Quantity Size(Dictionary<string, Quantity>? resources) =>
        resources is not null && resources.TryGetValue(Storage, out var size) ? size : Quantity.Zero;

    /// <summary>The name of the volume that a provisioner makes for a claim.</summary>
    public static string VolumeFor(PersistentVolumeClaim claim) => "pvc-" + claim.Metadata.UID;

    /// <summary>Of several default classes the youngest; null when there is none.</summary>
    public static StorageClass? Default(IEnumerable<StorageClass> classes) =>
        classes.Where(c => s_default.Any(a => c.Metadata.Annotations.OrEmpty().GetValueOrDefault(a) == "true"))
            .OrderByDescending(c => c.Metadata.CreationTimestamp).ThenBy(c => c.Metadata.Name, StringComparer.Ordinal).FirstOrDefault();

    /// <summary>The claim that a pod's volume means: one it names, or the one made for it; empty for other volumes.</summary>
    public static string ClaimOf(Pod pod, Volume volume) =>
        volume.PersistentVolumeClaim?.ClaimName ?? (volume.Ephemeral is null ? "" : $"{pod.Metadata.Name}-{volume.Name}");
}
