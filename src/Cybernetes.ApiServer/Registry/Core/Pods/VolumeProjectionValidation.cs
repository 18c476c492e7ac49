using Cybernetes.Objects;
using Cybernetes.Objects.Core.V1;

namespace Cybernetes.ApiServer.Registry.Core.Pods;

/// <summary>Downward files and projected volumes.</summary>
internal static class VolumeProjectionValidation
{
    private const string Conflict = "conflicting duplicate paths";

    public static void Downward(DownwardAPIVolumeSource downward, FieldPath path, FieldErrorList errors)
    {
        PathChecks.Mode(downward.DefaultMode, path, "defaultMode", errors);
        // Upstream's paths of the files do not name the item.
        foreach (var file in downward.Items.OrEmpty())
            File(file, path, errors);
    }

    public static void Projected(ProjectedVolumeSource projected, FieldPath path, FieldErrorList errors)
    {
        PathChecks.Mode(projected.DefaultMode, path, "defaultMode", errors);
        HashSet<string> files = new(StringComparer.Ordinal);
        for (var i = 0; i < (projected.Sources?.Count ?? 0); i++)
        {
            var source = projected.Sources![i];
            var at = path.Child("sources").Index(i);
            var count = 0;
            if (source.Secret is { } secret)
            {
                count++;
                Keys(secret.Name, secret.Items, at.Child("secret"), path, files, errors);
            }
            if (source.ConfigMap is { } map)
            {
                count++;
                Keys(map.Name, map.Items, at.Child("configMap"), path, files, errors);
            }
            if (source.DownwardAPI is { } downward)
            {
                count++;
                Files(downward, at.Child("downwardAPI"), path, files, errors);
            }
            if (source.ServiceAccountToken is { } token)
            {
                count++;
                Token(token, at.Child("serviceAccountToken"), path, errors);
            }
            if (count > 1)
                errors.Forbidden(at, "may not specify more than 1 volume type per source");
        }
    }

    private static void Keys(
        string name, List<KeyToPath>? items, FieldPath path, FieldPath volume, HashSet<string> files, FieldErrorList errors)
    {
        if (name.Length == 0)
            errors.Required(path.Child("name"));
        VolumeValidation.Keys(items, path, errors);
        foreach (var item in items.OrEmpty())
        {
            if (item.Path.Length > 0 && !files.Add(item.Path))
                errors.Invalid(volume, name, Conflict);
        }
    }

    private static void Files(DownwardAPIProjection downward, FieldPath path, FieldPath volume, HashSet<string> files, FieldErrorList errors)
    {
        foreach (var file in downward.Items.OrEmpty())
        {
            File(file, path, errors);
            if (file.Path.Length > 0 && !files.Add(file.Path))
                errors.Invalid(volume, file.Path, Conflict);
        }
    }

    private static void Token(ServiceAccountTokenProjection token, FieldPath path, FieldPath volume, FieldErrorList errors)
    {
        if (token.ExpirationSeconds is < 600 and var few)
            errors.Invalid(path.Child("expirationSeconds"), few, "may not specify a duration less than 10 minutes");
        if (token.ExpirationSeconds is > 1L << 32 and var many)
            errors.Invalid(path.Child("expirationSeconds"), many, "may not specify a duration larger than 2^32 seconds");
        if (token.Path.Length == 0)
            errors.Required(volume.Child("path"));
        else
            PathChecks.LocalNonReserved(token.Path, volume.Child("path"), errors);
    }

    private static void File(DownwardAPIVolumeFile file, FieldPath path, FieldErrorList errors)
    {
        if (file.Path.Length == 0)
            errors.Required(path.Child("path"));
        PathChecks.LocalNonReserved(file.Path, path.Child("path"), errors);
        if (file.FieldRef is { } field)
        {
            FieldSelectorValidation.ForFile(field, path.Child("fieldRef"), errors);
            if (file.ResourceFieldRef is not null)
                errors.Invalid(path, "resource", "fieldRef and resourceFieldRef can not be specified simultaneously");
        }
        else if (file.ResourceFieldRef is { } resource)
        {
            FieldSelectorValidation.OfResource(resource, path.Child("resourceFieldRef"), isVolume: true, errors);
        }
        else
        {
            errors.Required(path, "one of fieldRef and resourceFieldRef is required");
        }
        PathChecks.Mode(file.Mode, path, "mode", errors);
    }
}
