using Cybernetes.ApiServer.Registry.Core.Volumes;
using Cybernetes.Objects;
using Cybernetes.Objects.Core.V1;

namespace Cybernetes.ApiServer.Registry.Core.Pods;

/// <summary>What upstream fills into volumes.</summary>
internal static class VolumeDefaults
{
    private const int ReadableFiles = 0x1A4; // 0644

    public static void Apply(Volume volume)
    {
        if (!VolumeSources.Any(volume))
            volume.EmptyDir = new EmptyDirVolumeSource();
        if (volume.HostPath is { } path)
            path.Type ??= "";
        if (volume.Secret is { } secret)
            secret.DefaultMode ??= ReadableFiles;
        if (volume.ConfigMap is { } map)
            map.DefaultMode ??= ReadableFiles;
        if (volume.DownwardAPI is { } downward)
        {
            downward.DefaultMode ??= ReadableFiles;
            ApplyTo(downward.Items);
        }
        if (volume.Projected is { } projected)
            ApplyTo(projected);
        if (volume.EmptyDir?.SizeLimit is { } size)
            volume.EmptyDir.SizeLimit = size.RoundUp(-3);
        if (volume.Image is { PullPolicy.Length: 0 } image)
            image.PullPolicy = ImageReferences.DefaultPullPolicy(image.Reference);
        if (volume.Ephemeral?.VolumeClaimTemplate is { } template)
            ClaimDefaults.Apply(template.Spec);
        ApplyToOlderKinds(volume);
    }

    private static void ApplyTo(ProjectedVolumeSource projected)
    {
        projected.DefaultMode ??= ReadableFiles;
        foreach (var source in projected.Sources.OrEmpty())
        {
            if (source.ServiceAccountToken is { } token)
                token.ExpirationSeconds ??= 3600;
            ApplyTo(source.DownwardAPI?.Items);
        }
    }

    private static void ApplyTo(List<DownwardAPIVolumeFile>? files)
    {
        foreach (var file in files.OrEmpty())
        {
            if (file.FieldRef is { APIVersion.Length: 0 } field)
                field.APIVersion = "v1";
        }
    }

    private static void ApplyToOlderKinds(Volume volume)
    {
        if (volume.ISCSI is { } iscsi && iscsi.ISCSIInterface.Length == 0)
            iscsi.ISCSIInterface = "default";
        if (volume.RBD is { } rbd)
        {
            if (rbd.RBDPool.Length == 0)
                rbd.RBDPool = "rbd";
            if (rbd.RadosUser.Length == 0)
                rbd.RadosUser = "admin";
            if (rbd.Keyring.Length == 0)
                rbd.Keyring = "/etc/ceph/keyring";
        }
        if (volume.AzureDisk is { } disk)
            ApplyTo(disk);
        if (volume.ScaleIO is { } scale)
        {
            if (scale.StorageMode.Length == 0)
                scale.StorageMode = "ThinProvisioned";
            if (scale.FSType.Length == 0)
                scale.FSType = "xfs";
        }
    }

    public static void ApplyTo(AzureDiskVolumeSource disk)
    {
        disk.CachingMode ??= "ReadWrite";
        disk.Kind ??= "Shared";
        disk.FSType ??= "ext4";
        disk.ReadOnly ??= false;
    }
}
