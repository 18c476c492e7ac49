using System.Text;
using System.Text.RegularExpressions;
using Cybernetes.Objects;
using Cybernetes.Objects.Core.V1;

namespace Cybernetes.ApiServer.Registry.Core.Pods;

/// <summary>Volume sources of clouds and storage systems that upstream keeps for old manifests.</summary>
internal static partial class OlderVolumeValidation
{
    public static void Validate(Volume volume, FieldPath path, VolumeValidation.SourceCount count, FieldErrorList errors)
    {
        if (volume.GitRepo is { } git && count.First("gitRepo"))
        {
            Need(git.Repository, path.Child("gitRepo"), "repository", errors);
            PathChecks.LocalDescending(git.Directory, path.Child("gitRepo").Child("directory"), errors);
        }
        Clouds(volume, path, count, errors);
        Networks(volume, path, count, errors);
        if (volume.Quobyte is { } quobyte && count.First("quobyte"))
            Quobyte(quobyte, path.Child("quobyte"), errors);
        if (volume.Flocker is { } flocker && count.First("flocker"))
            Flocker(flocker, path.Child("flocker"), errors);
        if (volume.FlexVolume is { } flex && count.First("flexVolume"))
            Flex(flex.Driver, flex.Options, path.Child("flexVolume"), errors);
        if (volume.PortworxVolume is { } portworx && count.First("portworxVolume"))
            Need(portworx.VolumeID, path.Child("portworxVolume"), "volumeID", errors);
        if (volume.StorageOS is { } storage && count.First("storageos"))
        {
            StorageOS(storage.VolumeName, storage.VolumeNamespace, path.Child("storageos"), errors);
            if (storage.SecretRef is { Name.Length: 0 })
                errors.Required(path.Child("storageos").Child("secretRef", "name"));
        }
        if (volume.ScaleIO is { } scale && count.First("scaleIO"))
        {
            Need(scale.Gateway, path.Child("scaleIO"), "gateway", errors);
            Need(scale.System, path.Child("scaleIO"), "system", errors);
            Need(scale.VolumeName, path.Child("scaleIO"), "volumeName", errors);
        }
    }

    private static void Clouds(Volume volume, FieldPath path, VolumeValidation.SourceCount count, FieldErrorList errors)
    {
        if (volume.GCEPersistentDisk is { } gce && count.First("gcePersistentDisk"))
            Disk(gce.PDName, "pdName", gce.Partition, path.Child("persistentDisk"), errors);
        if (volume.AWSElasticBlockStore is { } aws && count.First("awsElasticBlockStore"))
            Disk(aws.VolumeID, "volumeID", aws.Partition, path.Child("awsElasticBlockStore"), errors);
        if (volume.Cinder is { } cinder && count.First("cinder"))
        {
            Need(cinder.VolumeID, path.Child("cinder"), "volumeID", errors);
            if (cinder.SecretRef is { Name.Length: 0 })
                errors.Required(path.Child("cinder").Child("secretRef", "name"));
        }
        if (volume.AzureFile is { } file && count.First("azureFile"))
        {
            Need(file.SecretName, path.Child("azureFile"), "secretName", errors);
            Need(file.ShareName, path.Child("azureFile"), "shareName", errors);
        }
        if (volume.VsphereVolume is { } sphere && count.First("vsphereVolume"))
            Need(sphere.VolumePath, path.Child("vsphereVolume"), "volumePath", errors);
        if (volume.PhotonPersistentDisk is { } photon && count.First("photonPersistentDisk"))
            Need(photon.PdID, path.Child("photonPersistentDisk"), "pdID", errors);
        if (volume.AzureDisk is { } disk && count.First("azureDisk"))
            AzureDisk(disk, path.Child("azureDisk"), errors);
    }

    private static void Networks(Volume volume, FieldPath path, VolumeValidation.SourceCount count, FieldErrorList errors)
    {
        if (volume.NFS is { } nfs && count.First("nfs"))
            Nfs(nfs, path.Child("nfs"), errors);
        if (volume.ISCSI is { } iscsi)
        {
            if (count.First("iscsi"))
                Iscsi(iscsi, path.Child("iscsi"), errors);
            if (iscsi.InitiatorName is not null && Encoding.UTF8.GetByteCount($"{volume.Name}:{iscsi.TargetPortal}") > 64)
            {
                errors.Invalid(
                    path.Child("name"), volume.Name,
                    "Total length of <volume name>:<iscsi.targetPortal> must be under 64 characters if iscsi.initiatorName is specified.");
            }
        }
        if (volume.Glusterfs is { } gluster && count.First("glusterfs"))
        {
            Need(gluster.EndpointsName, path.Child("glusterfs"), "endpoints", errors);
            Need(gluster.Path, path.Child("glusterfs"), "path", errors);
        }
        if (volume.RBD is { } rbd && count.First("rbd"))
        {
            if (rbd.CephMonitors is not { Count: > 0 })
                errors.Required(path.Child("rbd").Child("monitors"));
            Need(rbd.RBDImage, path.Child("rbd"), "image", errors);
        }
        if (volume.CephFS is { } ceph && count.First("cephFS") && ceph.Monitors is not { Count: > 0 })
            errors.Required(path.Child("cephfs").Child("monitors"));
        if (volume.FC is { } fibre && count.First("fc"))
            FibreChannel(fibre, path.Child("fc"), errors);
    }

    public static void Need(string value, FieldPath path, string field, FieldErrorList errors)
    {
        if (value.Length == 0)
            errors.Required(path.Child(field));
    }

    public static void Disk(string name, string field, int partition, FieldPath path, FieldErrorList errors)
    {
        Need(name, path, field, errors);
        if (partition is < 0 or > 255)
            errors.Invalid(path.Child("partition"), partition, "must be between 1 and 255, inclusive");
    }

    public static void Nfs(NFSVolumeSource nfs, FieldPath path, FieldErrorList errors)
    {
        Need(nfs.Server, path, "server", errors);
        Need(nfs.Path, path, "path", errors);
        if (!nfs.Path.StartsWith('/'))
            errors.Invalid(path.Child("path"), nfs.Path, "must be an absolute path");
    }

    /// <summary>What pods and persistent volumes name in the same way: portal, qualified name and unit.</summary>
    public static void IscsiTarget(string portal, string qualifiedName, int lun, FieldPath path, FieldErrorList errors)
    {
        Need(portal, path, "targetPortal", errors);
        if (qualifiedName.Length == 0)
            errors.Required(path.Child("iqn"));
        else
            Initiator(qualifiedName, path.Child("iqn"), errors);
        if (lun is < 0 or > 255)
            errors.Invalid(path.Child("lun"), lun, "must be between 0 and 255, inclusive");
    }

    private static void Iscsi(ISCSIVolumeSource iscsi, FieldPath path, FieldErrorList errors)
    {
        IscsiTarget(iscsi.TargetPortal, iscsi.IQN, iscsi.Lun, path, errors);
        if ((iscsi.DiscoveryCHAPAuth || iscsi.SessionCHAPAuth) && iscsi.SecretRef is null)
            errors.Required(path.Child("secretRef"));
        if (iscsi.InitiatorName is { } name)
            Initiator(name, path.Child("initiatorname"), errors);
    }

    public static void Initiator(string name, FieldPath path, FieldErrorList errors)
    {
        if (name.Length < 3 || name[..3] is not ("iqn" or "eui" or "naa"))
            errors.Invalid(path, name, "must be valid format starting with iqn, eui, or naa");
        else if (!InitiatorForm().IsMatch(name))
            errors.Invalid(path, name, "must be valid format");
    }

    [GeneratedRegex(@"^eui.[A-Za-z0-9]{16}\z|^naa.[A-Za-z0-9]{32}\z|^iqn\.[0-9]{4}-[0-9]{2}\.[A-Za-z0-9.-]+(:[^,;*&$|\s]+)\z")]
    private static partial Regex InitiatorForm();

    public static void FibreChannel(FCVolumeSource fibre, FieldPath path, FieldErrorList errors)
    {
        var names = fibre.TargetWWNs?.Count ?? 0;
        var ids = fibre.WWIDs?.Count ?? 0;
        if (names == 0 && ids == 0)
            errors.Required(path.Child("targetWWNs"), "must specify either targetWWNs or wwids, but not both");
        if (names > 0 && ids > 0)
            errors.Invalid(path.Child("targetWWNs"), fibre.TargetWWNs, "targetWWNs and wwids can not be specified simultaneously");
        if (names == 0)
            return;
        if (fibre.Lun is null)
            errors.Required(path.Child("lun"), "lun is required if targetWWNs is specified");
        else if (fibre.Lun is < 0 or > 255)
            errors.Invalid(path.Child("lun"), fibre.Lun, "must be between 0 and 255, inclusive");
    }

    public static void Quobyte(QuobyteVolumeSource quobyte, FieldPath path, FieldErrorList errors)
    {
        const string Pairs = "must be a host:port pair or multiple pairs separated by commas";
        if (quobyte.Registry.Length == 0)
            errors.Required(path.Child("registry"), Pairs);
        else if (quobyte.Tenant.Length >= 65)
            errors.Required(path.Child("tenant"), "must be a UUID and may not exceed a length of 64 characters");
        else
        {
            foreach (var pair in quobyte.Registry.Split(','))
            {
                if (!pair.Contains(':'))
                    errors.Invalid(path.Child("registry"), quobyte.Registry, Pairs);
            }
        }
        Need(quobyte.Volume, path, "volume", errors);
    }

    public static void Flocker(FlockerVolumeSource flocker, FieldPath path, FieldErrorList errors)
    {
        if (flocker.DatasetName.Length == 0 && flocker.DatasetUUID.Length == 0)
            errors.Required(path, "one of datasetName and datasetUUID is required");
        if (flocker.DatasetName.Length > 0 && flocker.DatasetUUID.Length > 0)
            errors.Invalid(path, "resource", "datasetName and datasetUUID can not be specified simultaneously");
        if (flocker.DatasetName.Contains('/'))
            errors.Invalid(path.Child("datasetName"), flocker.DatasetName, "must not contain '/'");
    }

    public static void Flex(string driver, Dictionary<string, string>? options, FieldPath path, FieldErrorList errors)
    {
        Need(driver, path, "driver", errors);
        foreach (var key in options.OrEmpty().Keys)
        {
            var slash = key.IndexOf('/');
            var domain = "." + (slash < 0 ? key : key[..slash]).ToLowerInvariant();
            if (domain.EndsWith(".kubernetes.io", StringComparison.Ordinal) || domain.EndsWith(".k8s.io", StringComparison.Ordinal))
                errors.Invalid(path.Child("options").Key(key), key, "kubernetes.io and k8s.io namespaces are reserved");
        }
    }

    public static void StorageOS(string name, string ns, FieldPath path, FieldErrorList errors)
    {
        if (name.Length == 0)
            errors.Required(path.Child("volumeName"));
        else
            FieldChecks.DnsLabel(name, path, "volumeName", errors);
        if (ns.Length > 0)
            FieldChecks.DnsLabel(ns, path, "volumeNamespace", errors);
    }

    public static void AzureDisk(AzureDiskVolumeSource disk, FieldPath path, FieldErrorList errors)
    {
        Need(disk.DiskName, path, "diskName", errors);
        Need(disk.DataDiskURI, path, "diskURI", errors);
        if (disk.CachingMode is not (null or "None" or "ReadOnly" or "ReadWrite"))
            errors.NotSupported(path.Child("cachingMode"), disk.CachingMode, "None", "ReadOnly", "ReadWrite");
        if (disk.Kind is not (null or "Dedicated" or "Managed" or "Shared"))
            errors.NotSupported(path.Child("kind"), disk.Kind, "Dedicated", "Managed", "Shared");
        if (disk.Kind == "Managed" && !disk.DataDiskURI.StartsWith("/subscriptions/", StringComparison.Ordinal))
        {
            errors.NotSupported(
                path.Child("diskURI"), disk.DataDiskURI,
                "/subscriptions/{sub-id}/resourcegroups/{group-name}/providers/microsoft.compute/disks/{disk-id}");
        }
        if (disk.Kind is not (null or "Managed") && !disk.DataDiskURI.StartsWith("https://", StringComparison.Ordinal))
        {
            errors.NotSupported(
                path.Child("diskURI"), disk.DataDiskURI, "https://{account-name}.blob.core.windows.net/{container-name}/{disk-name}.vhd");
        }
    }
}
