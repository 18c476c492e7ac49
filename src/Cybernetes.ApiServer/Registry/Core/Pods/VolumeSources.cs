using Cybernetes.Objects.Core.V1;

namespace Cybernetes.ApiServer.Registry.Core.Pods;

/// <summary>The kinds of volume that a pod may name.</summary>
internal static class VolumeSources
{
    /// <summary>Whether any kind is given.</summary>
    public static bool Any(Volume v) =>
        v.EmptyDir is not null || v.ConfigMap is not null || v.Secret is not null || v.Projected is not null || v.HostPath is not null
        || v.PersistentVolumeClaim is not null || v.DownwardAPI is not null || v.CSI is not null || v.Ephemeral is not null
        || v.Image is not null || v.NFS is not null || v.GCEPersistentDisk is not null || v.AWSElasticBlockStore is not null
        || v.GitRepo is not null || v.ISCSI is not null || v.Glusterfs is not null || v.RBD is not null || v.FlexVolume is not null
        || v.Cinder is not null || v.CephFS is not null || v.Flocker is not null || v.FC is not null || v.AzureFile is not null
        || v.VsphereVolume is not null || v.Quobyte is not null || v.AzureDisk is not null || v.PhotonPersistentDisk is not null
        || v.PortworxVolume is not null || v.ScaleIO is not null || v.StorageOS is not null;
}
