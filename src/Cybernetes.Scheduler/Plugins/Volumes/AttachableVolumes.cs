using Cybernetes.Objects;
using Cybernetes.Objects.Core.V1;
using Cybernetes.Objects.Storage.V1;

namespace Cybernetes.Scheduler.Plugins.Volumes;

/// <summary>A volume that a CSI driver attaches to nodes.</summary>
internal readonly record struct AttachableVolume(string Driver, string Handle);

/// <summary>
/// What CSI drivers attach: their own volumes, and those of the old in-tree kinds, whose work they have taken over on nodes that have a CSINode. Source:
/// csi-translation-lib of Kubernetes 1.36, as far as the scheduler counts (nodevolumelimits).
/// </summary>
internal static class AttachableVolumes
{
    private const string Ebs = "ebs.csi.aws.com";
    private const string GcePd = "pd.csi.storage.gke.io";
    private const string AzureDisk = "disk.csi.azure.com";
    private const string Cinder = "cinder.csi.openstack.org";
    private const string Portworx = "pxd.portworx.com";

    /// <summary>The driver that makes a storage class's volumes.</summary>
    public static string DriverOf(StorageClass storageClass) => storageClass.Provisioner switch
    {
        "kubernetes.io/aws-ebs" => Ebs,
        "kubernetes.io/gce-pd" => GcePd,
        "kubernetes.io/azure-disk" => AzureDisk,
        "kubernetes.io/cinder" => Cinder,
        "kubernetes.io/portworx-volume" => Portworx,
        var provisioner => provisioner,
    };

    /// <summary>What is attached for a volume; null where nothing is.</summary>
    public static AttachableVolume? Of(PersistentVolume volume) => volume.Spec switch
    {
        { CSI: { } csi } => new(csi.Driver, csi.VolumeHandle),
        { AWSElasticBlockStore: { } store } => new(Ebs, EbsHandle(store.VolumeID)),
        { GCEPersistentDisk: { } disk } => new(GcePd, GceHandle(disk.PDName, ZoneOf(volume))),
        { AzureDisk: { } disk } => new(AzureDisk, disk.DataDiskURI),
        { Cinder: { } cinder } => new(Cinder, cinder.VolumeID),
        { PortworxVolume: { } portworx } => new(Portworx, portworx.VolumeID),
        _ => null,
    };

    /// <summary>The same of a volume that stands in a pod itself. CSI volumes there are not attached.</summary>
    public static AttachableVolume? Of(Volume volume) => volume switch
    {
        { AWSElasticBlockStore: { } store } => new(Ebs, EbsHandle(store.VolumeID)),
        { GCEPersistentDisk: { } disk } => new(GcePd, GceHandle(disk.PDName, null)),
        { AzureDisk: { } disk } => new(AzureDisk, disk.DataDiskURI),
        { Cinder: { } cinder } => new(Cinder, cinder.VolumeID),
        { PortworxVolume: { } portworx } => new(Portworx, portworx.VolumeID),
        _ => null,
    };

    /// <summary>"aws://zone/vol-1" and "vol-1" are the same disk.</summary>
    private static string EbsHandle(string id) => id.StartsWith("aws://", StringComparison.Ordinal) ? id[(id.LastIndexOf('/') + 1)..] : id;

    private static string GceHandle(string name, string? zone) => $"projects/UNSPECIFIED/zones/{zone ?? "UNSPECIFIED"}/disks/{name}";

    private static string? ZoneOf(PersistentVolume volume)
    {
        var labels = volume.Metadata.Labels.OrEmpty();
        return labels.GetValueOrDefault("topology.kubernetes.io/zone") ?? labels.GetValueOrDefault("failure-domain.beta.kubernetes.io/zone");
    }
}
