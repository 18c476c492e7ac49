using Cybernetes.Objects;
using Cybernetes.Objects.Core.V1;

namespace Cybernetes.ApiServer.Registry.Core.Pods;

/// <summary>Where a container sees the pod's volumes: as directories and as block devices.</summary>
internal static class MountValidation
{
    public static void Mounts(Container container, FieldPath path, PodCheck check)
    {
        var mounts = container.VolumeMounts!;
        for (var i = 0; i < mounts.Count; i++)
        {
            NamesAndPaths(mounts, i, container.VolumeDevices, path, check);
            SubPaths(mounts[i], path, i, check.Errors);
            Propagation(mounts[i], container, path, check.Errors);
            RecursiveReadOnly(mounts[i], path, check.Errors);
        }
    }

    public static void Devices(Container container, FieldPath path, PodCheck check)
    {
        var devices = container.VolumeDevices!;
        for (var i = 0; i < devices.Count; i++)
        {
            Name(devices, i, container.VolumeMounts, path.Index(i), check);
            DevicePath(devices, i, container.VolumeMounts, path.Index(i), check.Errors);
        }
    }

    private static void NamesAndPaths(List<VolumeMount> mounts, int index, List<VolumeDevice>? devices, FieldPath path, PodCheck check)
    {
        var mount = mounts[index];
        var errors = check.Errors;
        if (mount.Name.Length == 0)
            errors.Required(path.Index(index).Child("name"));
        if (check.Volumes?.ContainsKey(mount.Name) != true)
            errors.NotFound(path.Index(index).Child("name"), mount.Name);
        if (mount.MountPath.Length == 0)
            errors.Required(path.Index(index).Child("mountPath"));
        for (var i = 0; i < index; i++)
        {
            if (mounts[i].MountPath != mount.MountPath)
                continue;
            errors.Invalid(path.Index(index).Child("mountPath"), mount.MountPath, "must be unique");
            break;
        }
        foreach (var device in devices.OrEmpty())
        {
            if (device.Name == mount.Name)
                errors.Invalid(path.Index(index).Child("name"), mount.Name, "must not already exist in volumeDevices");
            if (device.DevicePath == mount.MountPath)
                errors.Invalid(path.Index(index).Child("mountPath"), mount.MountPath, "must not already exist as a path in volumeDevices");
        }
    }

    // Upstream's paths of what follows name the list's field without the index.
    private static void SubPaths(VolumeMount mount, FieldPath path, int index, FieldErrorList errors)
    {
        if (mount.SubPath.Length > 0)
            PathChecks.LocalDescending(mount.SubPath, path.Child("subPath"), errors);
        if (mount.SubPathExpr.Length == 0)
            return;
        if (mount.SubPath.Length > 0)
            errors.Invalid(path.Index(index).Child("subPathExpr"), mount.SubPathExpr, "subPathExpr and subPath are mutually exclusive");
        PathChecks.LocalDescending(mount.SubPathExpr, path.Child("subPathExpr"), errors);
    }

    private static void Propagation(VolumeMount mount, Container container, FieldPath path, FieldErrorList errors)
    {
        if (mount.MountPropagation is not { } mode)
            return;
        if (mode is not ("Bidirectional" or "HostToContainer" or "None"))
            errors.NotSupported(path.Child("mountPropagation"), mode, "Bidirectional", "HostToContainer", "None");
        if (mode == "Bidirectional" && container.SecurityContext?.Privileged != true)
            errors.Forbidden(path.Child("mountPropagation"), "Bidirectional mount propagation is available only to privileged containers");
    }

    private static void RecursiveReadOnly(VolumeMount mount, FieldPath path, FieldErrorList errors)
    {
        switch (mount.RecursiveReadOnly)
        {
            case null or "Disabled":
                return;
            case "Enabled" or "IfPossible":
                if (!mount.ReadOnly)
                    errors.Forbidden(path.Child("recursiveReadOnly"), "may only be specified when readOnly is true");
                if (mount.MountPropagation is not (null or "None"))
                {
                    errors.Forbidden(
                        path.Child("recursiveReadOnly"), "may only be specified when mountPropagation is None or not specified");
                }
                return;
            default:
                errors.NotSupported(path.Child("recursiveReadOnly"), mount.RecursiveReadOnly, "Disabled", "Enabled", "IfPossible");
                return;
        }
    }

    private static void Name(List<VolumeDevice> devices, int index, List<VolumeMount>? mounts, FieldPath path, PodCheck check)
    {
        var name = devices[index].Name;
        var errors = check.Errors;
        if (name.Length == 0)
            errors.Required(path.Child("name"));
        else if (devices.FindIndex(d => d.Name == name) < index)
            errors.Invalid(path.Child("name"), name, "must be unique");
        if (check.Volumes is null || !check.Volumes.TryGetValue(name, out var volume))
            errors.NotFound(path.Child("name"), name);
        else if (volume.PersistentVolumeClaim is null && volume.Ephemeral is null)
            errors.Invalid(path.Child("name"), name, "can only use volume source type of PersistentVolumeClaim or Ephemeral for block mode");
        if (mounts?.Exists(m => m.Name == name) == true)
            errors.Invalid(path.Child("name"), name, "must not already exist in volumeMounts");
    }

    private static void DevicePath(List<VolumeDevice> devices, int index, List<VolumeMount>? mounts, FieldPath path, FieldErrorList errors)
    {
        var target = devices[index].DevicePath;
        if (target.Length == 0)
            errors.Required(path.Child("devicePath"));
        if (devices.FindIndex(d => d.DevicePath == target) < index)
            errors.Invalid(path.Child("devicePath"), target, "must be unique");
        if (PathChecks.HasBackstep(target))
            errors.Invalid(path.Child("devicePath"), target, "can not contain backsteps ('..')");
        if (mounts?.Exists(m => m.MountPath == target) == true)
            errors.Invalid(path.Child("devicePath"), target, "must not already exist as a path in volumeMounts");
    }
}
