using Cybernetes.Objects;
using Cybernetes.Objects.Core.V1;

namespace Cybernetes.ApiServer.Registry.Core.Pods;

/// <summary>Claims of devices (dynamic resource allocation) in a pod and in its containers.</summary>
internal static class ResourceClaimValidation
{
    public static void Validate(PodCheck check, FieldPath path)
    {
        var claims = check.Spec.ResourceClaims;
        for (var i = 0; i < (claims?.Count ?? 0); i++)
        {
            var claim = claims![i];
            var at = path.Index(i);
            check.ClaimNames ??= new HashSet<string>(StringComparer.Ordinal);
            if (claim.Name.Length == 0)
                check.Errors.Required(at.Child("name"));
            else if (!check.ClaimNames.Add(claim.Name))
                check.Errors.Duplicate(at.Child("name"), claim.Name);
            else
                FieldChecks.DnsLabel(claim.Name, at, "name", check.Errors);
            Sources(claim, at, check.Errors);
        }
    }

    /// <summary>Claims that a container names.</summary>
    public static void OfContainer(List<ResourceClaim> claims, HashSet<string>? known, FieldPath path, FieldErrorList errors)
    {
        HashSet<string> seen = new(StringComparer.Ordinal);
        for (var i = 0; i < claims.Count; i++)
        {
            var (name, request) = (claims[i].Name, claims[i].Request);
            if (name.Length == 0)
            {
                errors.Required(path.Index(i));
                continue;
            }
            Reference(name, request, seen, path.Index(i), errors);
            if (known?.Contains(name) == true)
                continue;
            var names = known is null ? " which is empty" : ": " + string.Join(", ", known.Order(StringComparer.Ordinal));
            errors.Add(FieldError.NotFound(path.Index(i), name).WithDetail("must be one of the names in pod.spec.resourceClaims" + names));
        }
    }

    private static void Reference(string name, string request, HashSet<string> seen, FieldPath path, FieldErrorList errors)
    {
        if (seen.Contains(name))
        {
            errors.Duplicate(path, name);
            return;
        }
        if (request.Length > 0)
            FieldChecks.DnsLabel(request, path, "request", errors);
        var key = request.Length > 0 ? $"{name}/{request}" : name;
        if (seen.Contains(key))
            errors.Duplicate(path, key);
        else if (request.Length == 0 && seen.Any(s => s.StartsWith(name + "/", StringComparison.Ordinal)))
            errors.Duplicate(path, name);
        seen.Add(key);
    }

    private static void Sources(PodResourceClaim claim, FieldPath path, FieldErrorList errors)
    {
        if (claim is { ResourceClaimName: not null, ResourceClaimTemplateName: not null })
            errors.Invalid(path, AsJson(claim), "at most one of `resourceClaimName` or `resourceClaimTemplateName` may be specified");
        if (claim is { ResourceClaimName: null, ResourceClaimTemplateName: null })
            errors.Invalid(path, AsJson(claim), "must specify one of: `resourceClaimName`, `resourceClaimTemplateName`");
        if (claim.ResourceClaimName is { } name)
            FieldChecks.Subdomain(name, path, "resourceClaimName", errors);
        if (claim.ResourceClaimTemplateName is { } template)
            FieldChecks.Subdomain(template, path, "resourceClaimTemplateName", errors);
    }

    private static FieldChecks.JsonValue AsJson(PodResourceClaim claim) => FieldChecks.JsonValue.Of(writer =>
    {
        writer.WriteStartObject();
        writer.WriteString("Name", claim.Name);
        writer.WriteString("ResourceClaimName", claim.ResourceClaimName);
        writer.WriteString("ResourceClaimTemplateName", claim.ResourceClaimTemplateName);
        writer.WriteEndObject();
    });
}
