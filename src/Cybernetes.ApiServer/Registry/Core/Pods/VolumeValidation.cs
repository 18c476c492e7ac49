using System.Text;
using Cybernetes.Objects;
using Cybernetes.Objects.Core.V1;

namespace Cybernetes.ApiServer.Registry.Core.Pods;

/// <summary>A pod's volumes: names, one source each, and the sources of today; those of older clusters are in OlderVolumeValidation.</summary>
internal static class VolumeValidation
{
    public static void Validate(PodCheck check, FieldPath path)
    {
        var volumes = check.Spec.Volumes;
        for (var i = 0; i < (volumes?.Count ?? 0); i++)
        {
            var volume = volumes![i];
            var at = path.Index(i);
            var before = check.Errors.Count;
            Source(volume, at, check);
            if (volume.Name.Length == 0)
                check.Errors.Required(at.Child("name"));
            else
                FieldChecks.DnsLabel(volume.Name, at, "name", check.Errors);
            check.Volumes ??= new Dictionary<string, Volume>(volumes.Count, StringComparer.Ordinal);
            if (check.Volumes.ContainsKey(volume.Name))
                check.Errors.Duplicate(at.Child("name"), volume.Name);
            // A volume with errors is not there for the mounts.
            if (check.Errors.Count == before)
                check.Volumes.Add(volume.Name, volume);
            if (volume.PersistentVolumeClaim is { } claim && IsMadeForPod(claim.ClaimName, check))
            {
                check.Errors.Invalid(
                    at.Child("persistentVolumeClaim").Child("claimName"),
                    claim.ClaimName,
                    "must not reference a PVC that gets created for an ephemeral volume");
            }
        }
    }

    /// <summary>Items of a volume: keys and the files they become.</summary>
    public static void Keys(List<KeyToPath>? items, FieldPath path, FieldErrorList errors)
    {
        for (var i = 0; i < (items?.Count ?? 0); i++)
        {
            var item = items![i];
            var at = path.Child("items").Index(i);
            if (item.Key.Length == 0)
                errors.Required(at.Child("key"));
            if (item.Path.Length == 0)
                errors.Required(at.Child("path"));
            PathChecks.LocalNonReserved(item.Path, at.Child("path"), errors);
            PathChecks.Mode(item.Mode, at, "mode", errors);
        }
    }

    private static bool IsMadeForPod(string claim, PodCheck check) =>
        check.Metadata is { Name.Length: > 0 } metadata
        && check.Spec.Volumes.OrEmpty().Any(v => v.Ephemeral is not null && claim == $"{metadata.Name}-{v.Name}");

    private static void Source(Volume volume, FieldPath path, PodCheck check)
    {
        var count = new SourceCount(path, check.Errors);
        if (volume.EmptyDir is { } empty)
        {
            count.First("emptyDir");
            if (empty.SizeLimit is { Sign: < 0 })
                check.Errors.Forbidden(path.Child("emptyDir").Child("sizeLimit"), "SizeLimit field must be a valid resource quantity");
        }
        if (volume.HostPath is { } host && count.First("hostPath"))
            HostPath(host, path.Child("hostPath"), check.Errors);
        if (volume.Secret is { } secret && count.First("secret"))
            Secret(secret, path.Child("secret"), check.Errors);
        if (volume.PersistentVolumeClaim is { } claim && count.First("persistentVolumeClaim") && claim.ClaimName.Length == 0)
            check.Errors.Required(path.Child("persistentVolumeClaim").Child("claimName"));
        if (volume.DownwardAPI is { } downward && count.First("downwardAPI"))
            VolumeProjectionValidation.Downward(downward, path.Child("downwardAPI"), check.Errors);
        if (volume.ConfigMap is { } map && count.First("configMap"))
            ConfigMap(map, path.Child("configMap"), check.Errors);
        if (volume.Projected is { } projected && count.First("projected"))
            VolumeProjectionValidation.Projected(projected, path.Child("projected"), check.Errors);
        if (volume.CSI is { } csi && count.First("csi"))
            Csi(csi, path.Child("csi"), check.Errors);
        if (volume.Ephemeral is { } ephemeral && count.First("ephemeral"))
            Ephemeral(volume, ephemeral, path, check);
        if (volume.Image is { } image && count.First("image"))
            Image(image, path.Child("image"), check);
        OlderVolumeValidation.Validate(volume, path, count, check.Errors);
        if (count.Count == 0)
            check.Errors.Required(path, "must specify a volume type");
    }

    public static void HostPath(HostPathVolumeSource host, FieldPath path, FieldErrorList errors)
    {
        if (host.Path.Length == 0)
        {
            errors.Required(path.Child("path"));
            return;
        }
        PathChecks.NoBacksteps(host.Path, path.Child("path"), errors);
        if (host.Type is not (null or "" or "BlockDevice" or "CharDevice" or "Directory" or "DirectoryOrCreate"
            or "File" or "FileOrCreate" or "Socket"))
        {
            errors.NotSupported(
                path.Child("type"), host.Type,
                "", "BlockDevice", "CharDevice", "Directory", "DirectoryOrCreate", "File", "FileOrCreate", "Socket");
        }
    }

    private static void Secret(SecretVolumeSource secret, FieldPath path, FieldErrorList errors)
    {
        if (secret.SecretName.Length == 0)
            errors.Required(path.Child("secretName"));
        PathChecks.Mode(secret.DefaultMode, path, "defaultMode", errors);
        Keys(secret.Items, path, errors);
    }

    private static void ConfigMap(ConfigMapVolumeSource map, FieldPath path, FieldErrorList errors)
    {
        if (map.Name.Length == 0)
            errors.Required(path.Child("name"));
        PathChecks.Mode(map.DefaultMode, path, "defaultMode", errors);
        Keys(map.Items, path, errors);
    }

    private static void Csi(CSIVolumeSource csi, FieldPath path, FieldErrorList errors)
    {
        CsiDriverName(csi.Driver, path.Child("driver"), errors);
        if (csi.NodePublishSecretRef is not { } secret)
            return;
        if (secret.Name.Length == 0)
            errors.Required(path.Child("nodePublishSecretRef", "name"));
        else
            FieldChecks.Subdomain(secret.Name, path, "name", errors);
    }

    /// <summary>The name a CSI driver goes by.</summary>
    public static void CsiDriverName(string driver, FieldPath path, FieldErrorList errors)
    {
        if (driver.Length == 0)
            errors.Required(path);
        if (Encoding.UTF8.GetByteCount(driver) > 63)
            errors.TooLong(path, 63);
        foreach (var reason in Names.Dns1123Subdomain(driver.ToLowerInvariant()))
            errors.Invalid(path, driver, reason);
    }

    private static void Ephemeral(Volume volume, EphemeralVolumeSource ephemeral, FieldPath path, PodCheck check)
    {
        var at = path.Child("ephemeral");
        if (ephemeral.VolumeClaimTemplate is not { } template)
            check.Errors.Required(at.Child("volumeClaimTemplate"));
        else
            ClaimTemplateValidation.Validate(template, at.Child("volumeClaimTemplate"), check.Errors);
        if (check.Metadata is not { Name.Length: > 0 } metadata || volume.Name.Length == 0)
            return;
        var claim = $"{metadata.Name}-{volume.Name}";
        foreach (var reason in Names.Dns1123Subdomain(claim))
            check.Errors.Invalid(path.Child("name"), volume.Name, $"PVC name {GoText.Quote(claim)}: {reason}");
    }

    private static void Image(ImageVolumeSource image, FieldPath path, PodCheck check)
    {
        if (check.IsPod && image.Reference.Length == 0)
            check.Errors.Required(path.Child("reference"));
        PodSpecValidation.Choice(image.PullPolicy, path, "pullPolicy", check.Errors, "Always", "IfNotPresent", "Never");
    }

    /// <summary>Counts a volume's sources and complains of each after the first.</summary>
    internal sealed class SourceCount(FieldPath path, FieldErrorList errors)
    {
        public int Count { get; private set; }

        public bool First(string field)
        {
            if (Count++ == 0)
                return true;
            errors.Forbidden(path.Child(field), "may not specify more than 1 volume type");
            return false;
        }
    }
}
