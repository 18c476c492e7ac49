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

    /// <summary>Whether the claim waits for this node to make a volume.</summary>
    public static bool IsAsked(PersistentVolumeClaim claim, StorageClass? storage, string node)
    {
        if (claim.Spec.VolumeName.Length > 0 || claim.Metadata.DeletionTimestamp is not null
            || storage?.Provisioner != LocalStorageOptions.Provisioner
            || claim.Metadata.Annotations.OrEmpty().GetValueOrDefault(ProvisionerOf) != LocalStorageOptions.Provisioner)
            return false;
        var selected = claim.Metadata.Annotations.OrEmpty().GetValueOrDefault(SelectedNode);
        return selected is null ? storage.VolumeBindingMode != "WaitForFirstConsumer" : selected == node;
    }

    /// <summary>Why such a volume cannot be what the claim wants; null when it can.</summary>
    public static string? Refusal(PersistentVolumeClaim claim)
    {
        if (claim.Spec.AccessModes.OrEmpty().FirstOrDefault(m => m is not ("ReadWriteOnce" or "ReadWriteOncePod")) is { } mode)
            return $"volumes on a node's disk cannot be {mode}: only ReadWriteOnce and ReadWriteOncePod are supported";
        if (claim.Spec.VolumeMode == "Block")
            return "volumes on a node's disk are file systems: volumeMode Block is not supported";
        if (claim.Spec.Selector is not null)
            return "claim Selector is not supported";
        return claim.Spec.DataSource is null && claim.Spec.DataSourceRef is null ? null : "data sources are not supported";
    }

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
    public static bool IsOurs(PersistentVolume volume, string node) =>
        volume.Metadata.Annotations.OrEmpty().GetValueOrDefault(ProvisionedBy) == LocalStorageOptions.Provisioner
        && volume.Spec.NodeAffinity?.Required?.NodeSelectorTerms is [{ MatchExpressions: [{ Key: HostnameLabel, Values: [var name] }] }] && name == node;

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
