using Cybernetes.Objects;
using Cybernetes.Objects.Core.V1;

namespace Cybernetes.ApiServer.Registry.Core.Pods;

/// <summary>The downward API: which fields and resources of a pod its containers may read, in variables and in files.</summary>
internal static class FieldSelectorValidation
{
    private static readonly string[] ForVariables =
    [
        "metadata.name", "metadata.namespace", "metadata.uid", "spec.nodeName", "spec.serviceAccountName",
        "status.hostIP", "status.hostIPs", "status.podIP", "status.podIPs",
    ];

    private static readonly string[] ForFiles =
    [
        "metadata.annotations", "metadata.labels", "metadata.name", "metadata.namespace", "metadata.uid",
    ];

    private static readonly string[] Resources =
    [
        "limits.cpu", "limits.ephemeral-storage", "limits.memory", "requests.cpu", "requests.ephemeral-storage", "requests.memory",
    ];

    private static readonly string[] Divisors =
        ["1", "1k", "1M", "1G", "1T", "1P", "1E", "1Ki", "1Mi", "1Gi", "1Ti", "1Pi", "1Ei"];

    public static void ForVariable(ObjectFieldSelector selector, FieldPath path, FieldErrorList errors) =>
        OfObject(selector, ForVariables, path, errors);

    public static void ForFile(ObjectFieldSelector selector, FieldPath path, FieldErrorList errors) =>
        OfObject(selector, ForFiles, path, errors);

    public static void OfResource(ResourceFieldSelector selector, FieldPath path, bool isVolume, FieldErrorList errors)
    {
        var resource = selector.Resource;
        if (isVolume && selector.ContainerName.Length == 0)
            errors.Required(path.Child("containerName"));
        else if (resource.Length == 0)
            errors.Required(path.Child("resource"));
        else if (Array.IndexOf(Resources, resource) < 0 && !IsHugePages(resource))
            errors.NotSupported(path.Child("resource"), resource, Resources);
        if (!selector.Divisor.IsZero)
            Divisor(resource, selector.Divisor.ToString(), path, errors);
    }

    private static void OfObject(ObjectFieldSelector selector, string[] supported, FieldPath path, FieldErrorList errors)
    {
        if (selector.APIVersion.Length == 0)
        {
            errors.Required(path.Child("apiVersion"));
            return;
        }
        var field = selector.FieldPath;
        if (field.Length == 0)
        {
            errors.Required(path.Child("fieldPath"));
            return;
        }
        var (name, subscript) = Split(field);
        if (selector.APIVersion != "v1" || !IsKnown(name, subscript))
        {
            var problem = selector.APIVersion != "v1"
                ? $"unsupported pod version: {selector.APIVersion}"
                : $"field label not supported: {field}";
            errors.Invalid(path.Child("fieldPath"), field, "error converting fieldPath: " + problem);
        }
        else if (subscript is null)
        {
            if (Array.IndexOf(supported, name) < 0)
                errors.NotSupported(path.Child("fieldPath"), name, supported);
        }
        else
        {
            var key = name == "metadata.annotations" ? subscript.ToLowerInvariant() : subscript;
            errors.AddInvalid(path, key, Names.QualifiedName(key));
        }
    }

    // metadata.labels['key'] and metadata.annotations['key'].
    private static (string Name, string? Subscript) Split(string field)
    {
        if (!field.EndsWith("']", StringComparison.Ordinal))
            return (field, null);
        var open = field.IndexOf("['", StringComparison.Ordinal);
        return open <= 0 ? (field, null) : (field[..open], field[(open + 2)..^2]);
    }

    private static bool IsKnown(string name, string? subscript) => subscript is not null
        ? name is "metadata.annotations" or "metadata.labels"
        : name is "metadata.annotations" or "metadata.labels" or "metadata.name" or "metadata.namespace" or "metadata.uid"
            or "spec.nodeName" or "spec.restartPolicy" or "spec.serviceAccountName" or "spec.schedulerName" or "status.phase"
            or "status.hostIP" or "status.hostIPs" or "status.podIP" or "status.podIPs" or "spec.host";

    private static bool IsHugePages(string resource) =>
        resource.StartsWith("requests.hugepages-", StringComparison.Ordinal) || resource.StartsWith("limits.hugepages-", StringComparison.Ordinal);

    private static void Divisor(string resource, string divisor, FieldPath path, FieldErrorList errors)
    {
        const string Sizes = "only divisor's values 1, 1k, 1M, 1G, 1T, 1P, 1E, 1Ki, 1Mi, 1Gi, 1Ti, 1Pi, 1Ei are supported with the ";
        var what = resource switch
        {
            "limits.memory" or "requests.memory" => "memory resource",
            "limits.ephemeral-storage" or "requests.ephemeral-storage" => "local ephemeral storage resource",
            _ when IsHugePages(resource) => "hugepages resource",
            _ => null,
        };
        if (resource is "limits.cpu" or "requests.cpu" && divisor is not ("1m" or "1"))
            errors.Invalid(path.Child("divisor"), resource, "only divisor's values 1m and 1 are supported with the cpu resource");
        else if (what is not null && Array.IndexOf(Divisors, divisor) < 0)
            errors.Invalid(path.Child("divisor"), resource, Sizes + what);
    }
}
