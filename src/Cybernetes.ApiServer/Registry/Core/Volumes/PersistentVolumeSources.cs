using System.Text;
using Cybernetes.ApiServer.Registry.Core.Pods;
using Cybernetes.Objects;
using Cybernetes.Objects.Core.V1;

namespace Cybernetes.ApiServer.Registry.Core.Volumes;

/// <summary>Where a persistent volume lies: exactly one source. What pods' volumes have too is checked by their rules.</summary>
internal static class PersistentVolumeSources
{
    public static void Validate(PersistentVolumeSpec spec, string name, FieldPath path, FieldErrorList errors)
    {
        var count = new VolumeValidation.SourceCount(path, errors);
        if (spec.HostPath is { } host && count.First("hostPath"))
            VolumeValidation.HostPath(host, path.Child("hostPath"), errors);
        if (spec.GCEPersistentDisk is { } gce && count.First("gcePersistentDisk"))
            OlderVolumeValidation.Disk(gce.PDName, "pdName", gce.Partition, path.Child("persistentDisk"), errors);
        if (spec.AWSElasticBlockStore is { } aws && count.First("awsElasticBlockStore"))
            OlderVolumeValidation.Disk(aws.VolumeID, "volumeID", aws.Partition, path.Child("awsElasticBlockStore"), errors);
        if (spec.Glusterfs is { } gluster && count.First("glusterfs"))
            Gluster(gluster, path.Child("glusterfs"), errors);
        if (spec.Flocker is { } flocker && count.First("flocker"))
            OlderVolumeValidation.Flocker(flocker, path.Child("flocker"), errors);
        if (spec.NFS is { } nfs && count.First("nfs"))
            OlderVolumeValidation.Nfs(nfs, path.Child("nfs"), errors);
        Storage(spec, name, path, count, errors);
        Clouds(spec, path, count, errors);
        if (spec.Local is { } local && count.First("local"))
            Local(local, spec.NodeAffinity is not null, path, errors);
        if (spec.StorageOS is { } storage && count.First("storageos"))
            StorageOS(storage, path.Child("storageos"), errors);
        if (spec.CSI is { } csi && count.First("csi"))
            Csi(csi, path.Child("csi"), errors);
        if (count.Count == 0)
            errors.Required(path, "must specify a volume type");
    }

    /// <summary>A copy of the spec with nothing but its source: the part that never changes.</summary>
    public static PersistentVolumeSpec Only(PersistentVolumeSpec spec)
    {
        var copy = spec.DeepClone();
        copy.Capacity = null;
        copy.AccessModes = null;
        copy.ClaimRef = null;
        copy.PersistentVolumeReclaimPolicy = "";
        copy.StorageClassName = "";
        copy.MountOptions = null;
        copy.VolumeMode = null;
        copy.NodeAffinity = null;
        copy.VolumeAttributesClassName = null;
        return copy;
    }

    private static void Storage(
        PersistentVolumeSpec spec, string name, FieldPath path, VolumeValidation.SourceCount count, FieldErrorList errors)
    {
        if (spec.RBD is { } rbd && count.First("rbd"))
        {
            if (rbd.CephMonitors is not { Count: > 0 })
                errors.Required(path.Child("rbd").Child("monitors"));
            OlderVolumeValidation.Need(rbd.RBDImage, path.Child("rbd"), "image", errors);
        }
        if (spec.Quobyte is { } quobyte && count.First("quobyte"))
            OlderVolumeValidation.Quobyte(quobyte, path.Child("quobyte"), errors);
        if (spec.CephFS is { } ceph && count.First("cephFS") && ceph.Monitors is not { Count: > 0 })
            errors.Required(path.Child("cephfs").Child("monitors"));
        if (spec.ISCSI is { } iscsi && count.First("iscsi"))
            Iscsi(iscsi, name, path.Child("iscsi"), errors);
        if (spec.Cinder is { } cinder && count.First("cinder"))
        {
            OlderVolumeValidation.Need(cinder.VolumeID, path.Child("cinder"), "volumeID", errors);
            if (cinder.SecretRef is { } secret)
            {
                OlderVolumeValidation.Need(secret.Name, path.Child("cinder").Child("secretRef"), "name", errors);
                OlderVolumeValidation.Need(secret.Namespace, path.Child("cinder").Child("secretRef"), "namespace", errors);
            }
        }
        if (spec.FC is { } fibre && count.First("fc"))
            OlderVolumeValidation.FibreChannel(fibre, path.Child("fc"), errors);
        if (spec.FlexVolume is { } flex && count.First("flexVolume"))
            OlderVolumeValidation.Flex(flex.Driver, flex.Options, path.Child("flexVolume"), errors);
    }

    private static void Clouds(PersistentVolumeSpec spec, FieldPath path, VolumeValidation.SourceCount count, FieldErrorList errors)
    {
        if (spec.AzureFile is { } file && count.First("azureFile"))
        {
            OlderVolumeValidation.Need(file.SecretName, path.Child("azureFile"), "secretName", errors);
            OlderVolumeValidation.Need(file.ShareName, path.Child("azureFile"), "shareName", errors);
            if (file.SecretNamespace is { Length: 0 })
                errors.Required(path.Child("azureFile").Child("secretNamespace"));
        }
        if (spec.VsphereVolume is { } sphere && count.First("vsphereVolume"))
            OlderVolumeValidation.Need(sphere.VolumePath, path.Child("vsphereVolume"), "volumePath", errors);
        if (spec.PhotonPersistentDisk is { } photon && count.First("photonPersistentDisk"))
            OlderVolumeValidation.Need(photon.PdID, path.Child("photonPersistentDisk"), "pdID", errors);
        if (spec.PortworxVolume is { } portworx && count.First("portworxVolume"))
            OlderVolumeValidation.Need(portworx.VolumeID, path.Child("portworxVolume"), "volumeID", errors);
        if (spec.AzureDisk is { } disk && count.First("azureDisk"))
            OlderVolumeValidation.AzureDisk(disk, path.Child("azureDisk"), errors);
        if (spec.ScaleIO is { } scale && count.First("scaleIO"))
        {
            OlderVolumeValidation.Need(scale.Gateway, path.Child("scaleIO"), "gateway", errors);
            OlderVolumeValidation.Need(scale.System, path.Child("scaleIO"), "system", errors);
            OlderVolumeValidation.Need(scale.VolumeName, path.Child("scaleIO"), "volumeName", errors);
        }
    }

    private static void Gluster(GlusterfsPersistentVolumeSource gluster, FieldPath path, FieldErrorList errors)
    {
        OlderVolumeValidation.Need(gluster.EndpointsName, path, "endpoints", errors);
        OlderVolumeValidation.Need(gluster.Path, path, "path", errors);
        if (gluster.EndpointsNamespace is not { } ns)
            return;
        if (ns.Length == 0)
            errors.Invalid(path.Child("endpointsNamespace"), ns, "if the endpointnamespace is set, it must be a valid namespace name");
        FieldChecks.DnsLabel(ns, path, "endpointsNamespace", errors);
    }

    private static void Iscsi(ISCSIPersistentVolumeSource iscsi, string name, FieldPath path, FieldErrorList errors)
    {
        if (iscsi.InitiatorName is not null && Encoding.UTF8.GetByteCount($"{name}:{iscsi.TargetPortal}") > 64)
        {
            errors.Invalid(path.Child("targetportal"), iscsi.TargetPortal,
                "Total length of <volume name>:<iscsi.targetPortal> must be under 64 characters if iscsi.initiatorName is specified.");
        }
        OlderVolumeValidation.IscsiTarget(iscsi.TargetPortal, iscsi.IQN, iscsi.Lun, path, errors);
        if ((iscsi.DiscoveryCHAPAuth || iscsi.SessionCHAPAuth) && iscsi.SecretRef is null)
            errors.Required(path.Child("secretRef"));
        if (iscsi.SecretRef is { Name.Length: 0 })
            errors.Required(path.Child("secretRef", "name"));
        if (iscsi.InitiatorName is { } initiator)
            OlderVolumeValidation.Initiator(initiator, path.Child("initiatorname"), errors);
    }

    private static void Local(LocalVolumeSource local, bool hasAffinity, FieldPath path, FieldErrorList errors)
    {
        if (local.Path.Length == 0)
            errors.Required(path.Child("local").Child("path"));
        else
            PathChecks.NoBacksteps(local.Path, path.Child("local").Child("path"), errors);
        if (!hasAffinity)
            errors.Required(path.Child("nodeAffinity"), "Local volume requires node affinity");
    }

    private static void StorageOS(StorageOSPersistentVolumeSource storage, FieldPath path, FieldErrorList errors)
    {
        OlderVolumeValidation.StorageOS(storage.VolumeName, storage.VolumeNamespace, path, errors);
        if (storage.SecretRef is not { } secret)
            return;
        OlderVolumeValidation.Need(secret.Name, path.Child("secretRef"), "name", errors);
        OlderVolumeValidation.Need(secret.Namespace, path.Child("secretRef"), "namespace", errors);
    }

    private static void Csi(CSIPersistentVolumeSource csi, FieldPath path, FieldErrorList errors)
    {
        VolumeValidation.CsiDriverName(csi.Driver, path.Child("driver"), errors);
        OlderVolumeValidation.Need(csi.VolumeHandle, path, "volumeHandle", errors);
        Secret(csi.ControllerPublishSecretRef, path.Child("controllerPublishSecretRef"), errors);
        Secret(csi.ControllerExpandSecretRef, path.Child("controllerExpandSecretRef"), errors);
        Secret(csi.NodePublishSecretRef, path.Child("nodePublishSecretRef"), errors);
        Secret(csi.NodeExpandSecretRef, path.Child("nodeExpandSecretRef"), errors);
    }

    private static void Secret(SecretReference? secret, FieldPath path, FieldErrorList errors)
    {
        if (secret is null)
            return;
        if (secret.Name.Length == 0)
            errors.Required(path.Child("name"));
        else
            FieldChecks.Subdomain(secret.Name, path, "name", errors);
        if (secret.Namespace.Length == 0)
            errors.Required(path.Child("namespace"));
        else
            FieldChecks.DnsLabel(secret.Namespace, path, "namespace", errors);
    }
}
