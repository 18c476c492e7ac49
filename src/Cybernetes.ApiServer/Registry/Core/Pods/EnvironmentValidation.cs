using Cybernetes.Objects;
using Cybernetes.Objects.Core.V1;

namespace Cybernetes.ApiServer.Registry.Core.Pods;

/// <summary>Environment variables and where their values come from.</summary>
internal static class EnvironmentValidation
{
    public static void Variables(List<EnvVar> variables, FieldPath path, PodCheck check)
    {
        for (var i = 0; i < variables.Count; i++)
        {
            var variable = variables[i];
            if (variable.Name.Length == 0)
                check.Errors.Required(path.Index(i).Child("name"));
            else
                check.Errors.InvalidChildOf(path, i, "name", variable.Name, Names.RelaxedEnvironmentVariable(variable.Name));
            if (variable.ValueFrom is not null)
                ValueFrom(variable, variable.ValueFrom, path.Index(i).Child("valueFrom"), check);
        }
    }

    public static void Sources(List<EnvFromSource> sources, FieldPath path, FieldErrorList errors)
    {
        for (var i = 0; i < sources.Count; i++)
        {
            var source = sources[i];
            if (source.Prefix.Length > 0)
                errors.InvalidChildOf(path, i, "prefix", source.Prefix, Names.RelaxedEnvironmentVariable(source.Prefix));
            if (source.ConfigMapRef is { } map)
                Name(map.Name, path.Index(i).Child("configMapRef"), errors);
            if (source.SecretRef is { } secret)
                Name(secret.Name, path.Index(i).Child("secretRef"), errors);
            if (source.ConfigMapRef is null && source.SecretRef is null)
                errors.Invalid(path, "", "must specify one of: `configMapRef` or `secretRef`");
            else if (source.ConfigMapRef is not null && source.SecretRef is not null)
                errors.Invalid(path, "", "may not have more than one field specified at a time");
        }
    }

    private static void Name(string name, FieldPath path, FieldErrorList errors)
    {
        if (name.Length == 0)
            errors.Required(path.Child("name"));
        else
            errors.InvalidChild(path, "name", name, Names.Dns1123Subdomain(Names.MaskTrailingDash(name)));
    }

    private static void ValueFrom(EnvVar variable, EnvVarSource source, FieldPath path, PodCheck check)
    {
        var errors = check.Errors;
        var count = 0;
        if (source.FieldRef is { } field)
        {
            count++;
            FieldSelectorValidation.ForVariable(field, path.Child("fieldRef"), errors);
        }
        if (source.ResourceFieldRef is { } resource)
        {
            count++;
            FieldSelectorValidation.OfResource(resource, path.Child("resourceFieldRef"), isVolume: false, errors);
        }
        if (source.ConfigMapKeyRef is { } map)
        {
            count++;
            Key(map.Name, map.Key, path.Child("configMapKeyRef"), errors);
        }
        if (source.SecretKeyRef is { } secret)
        {
            count++;
            Key(secret.Name, secret.Key, path.Child("secretKeyRef"), errors);
        }
        if (source.FileKeyRef is { } file)
        {
            count++;
            FileKey(file, path.Child("fileKeyRef"), check);
        }
        if (count == 0)
            errors.Invalid(path, "", "must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef`, `secretKeyRef` or `fileKeyRef`");
        else if (variable.Value.Length > 0)
            errors.Invalid(path, "", "may not be specified when `value` is not empty");
        else if (count > 1)
            errors.Invalid(path, "", "may not have more than one field specified at a time");
    }

    private static void Key(string name, string key, FieldPath path, FieldErrorList errors)
    {
        FieldChecks.Subdomain(name, path, "name", errors);
        if (key.Length == 0)
            errors.Required(path.Child("key"));
        else
            errors.InvalidChild(path, "key", key, Names.ConfigMapKey(key));
    }

    private static void FileKey(FileKeySelector file, FieldPath path, PodCheck check)
    {
        var errors = check.Errors;
        if (file.Key.Length == 0)
            errors.Required(path.Child("key"));
        else
            errors.InvalidChild(path, "key", file.Key, Names.RelaxedEnvironmentVariable(file.Key));
        if (file.VolumeName.Length == 0)
            errors.Required(path.Child("volumeName"));
        else if (check.Volumes?.ContainsKey(file.VolumeName) != true)
            errors.NotFound(path.Child("volumeName"), file.VolumeName);
        if (file.Path.Length == 0)
            errors.Required(path.Child("path"));
        else
            PathChecks.LocalNonReserved(file.Path, path.Child("path"), errors);
    }
}
