using Cybernetes.Objects;
using Cybernetes.Objects.Core.V1;
using Cybernetes.Objects.Storage.V1;

namespace Cybernetes.Node.LocalStorage;

/// <summary>What a volume on a node's disk looks like, and which claims can have one. Pure.</summary>
internal static class LocalVolumes
{
    public const string ProvisionedBy = "pv.kubernetes.io/provisioned-by";
    public const string ProvisionerOf = "volume.kubernetes.io/storage-provisioner";
    public const string SelectedNode = "volume.kubernetes.io/selected-node";

    /// <summary>Whoever deletes the volume's object waits for its directory; external provisioners call theirs so, too.</summary>
    public const string Finalizer = "external-provisioner.volume.kubernetes.io/finalizer";
    private const string HostnameLabel = "kubernetes.io/hostname";

    public static string NameFor(PersistentVolumeClaim claim) => "pvc-" + claim.Metadata.UID;

    public static long BytesOf(Dictionary<string, Quantity>? resources) =>
        resources is not null && resources.TryGetValue("storage", out var size) ? size.Value() : 0;

    /// <summary>Whether the claim waits for a volume of ours, and if it waits for a pod, one has come.</summary>
    public static bool IsDue(PersistentVolumeClaim claim, StorageClass? storage)
    {
        if (claim.Spec.VolumeName.Length > 0 || claim.Metadata.DeletionTimestamp is not null
            || storage?.Provisioner != LocalStorageOptions.Provisioner
            || claim.Metadata.Annotations.OrEmpty().GetValueOrDefault(ProvisionerOf) != LocalStorageOptions.Provisioner)
            return false;
        return storage.VolumeBindingMode != "WaitForFirstConsumer" || NodeFor(claim) is not null;
    }

    /// <summary>The node that the scheduler has chosen; null when any will do.</summary>
    public static string? NodeFor(PersistentVolumeClaim claim) => claim.Metadata.Annotations.OrEmpty().GetValueOrDefault(SelectedNode);

    /// <summary>Why such a volume cannot be what the claim wants; null when it can.</summary>
    public static string? Refusal(PersistentVolumeClaim claim)
    {
        if (claim.Spec.AccessModes.OrEmpty().FirstOrDefault(m => m is not ("ReadWriteOnce" or "ReadWriteOncePod")) is { } mode)
            return $"volumes on a node's disk cannot be {mode}: only ReadWriteOnce and ReadWriteOncePod are supported";
        if (claim.Spec.VolumeMode == "Block")
            return "volumes on a node's disk are file systems: volumeMode Block is not supported";
        return claim.Spec.Selector is null ? null : "claim Selector is not supported";
    }

    /// <summary>Whether the volume's claim is gone and its policy is to take the data with it.</summary>
    public static bool IsToBeDeleted(PersistentVolume volume) =>
        volume.Status.Phase is "Released" or "Failed" && volume.Spec.PersistentVolumeReclaimPolicy == "Delete";

    public static PersistentVolume Make(PersistentVolumeClaim claim, StorageClass storage, string node, string path) => new()
    {
        Metadata =
        {
            Name = NameFor(claim),
            Annotations = new() { [ProvisionedBy] = LocalStorageOptions.Provisioner },
            Finalizers = [Finalizer],
        },
        Spec =
        {
            Capacity = new() { ["storage"] = claim.Spec.Resources.Requests.OrEmpty()["storage"] },
            AccessModes = claim.Spec.AccessModes is null ? null : [.. claim.Spec.AccessModes],
            ClaimRef = new()
            {
                Kind = "PersistentVolumeClaim", APIVersion = "v1", Namespace = claim.Metadata.Namespace, Name = claim.Metadata.Name,
                UID = claim.Metadata.UID, ResourceVersion = claim.Metadata.ResourceVersion,
            },
            PersistentVolumeReclaimPolicy = storage.ReclaimPolicy ?? "Delete",
            StorageClassName = storage.Metadata.Name,
            VolumeMode = "Filesystem",
            Local = new() { Path = path },
            NodeAffinity = new()
            {
                Required = new()
                {
                    NodeSelectorTerms = [new() { MatchExpressions = [new() { Key = HostnameLabel, Operator = "In", Values = [node] }] }],
                },
            },
        },
    };

    /// <summary>Whether this node made the volume.</summary>
    public static bool IsOurs(PersistentVolume volume, string node) => NodeOf(volume) == node;

    /// <summary>The node that made the volume; null for volumes of others.</summary>
    public static string? NodeOf(PersistentVolume volume) =>
        volume.Metadata.Annotations.OrEmpty().GetValueOrDefault(ProvisionedBy) == LocalStorageOptions.Provisioner
        && volume.Spec.NodeAffinity?.Required?.NodeSelectorTerms is [{ MatchExpressions: [{ Key: HostnameLabel, Values: [var name] }] }] ? name : null;

    /// <summary>The class for those who ask for nothing but room: the pod's node is chosen first, its volume made there.</summary>
    public static StorageClass DefaultClass(string name) => new()
    {
        Metadata = { Name = name, Annotations = new() { ["storageclass.kubernetes.io/is-default-class"] = "true" } },
        Provisioner = LocalStorageOptions.Provisioner,
        ReclaimPolicy = "Delete",
        VolumeBindingMode = "WaitForFirstConsumer",
        AllowVolumeExpansion = true,
    };
}
