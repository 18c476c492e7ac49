using Cybernetes.Objects;
using Cybernetes.Objects.Scheduling.V1alpha2;

namespace Cybernetes.ApiServer.Registry.Scheduling;

/// <summary>The parts that templates of pod groups and pod groups share.</summary>
internal static class SchedulingPolicyValidation
{
    public static void Policy(PodGroupSchedulingPolicy policy, FieldPath path, FieldErrorList errors)
    {
        if (policy.Basic is null == policy.Gang is null)
        {
            var set = policy.Basic is null ? "" : "{`basic`, `gang`}";
            errors.Invalid(path, set, policy.Basic is null
                ? "must specify one of: `basic`, `gang`" : "must specify exactly one of: `basic`, `gang`");
        }
        if (policy.Gang is { MinCount: < 1 } gang)
            errors.Invalid(path.Child("gang", "minCount"), gang.MinCount, "must be greater than or equal to 1");
    }

    public static void Constraints(PodGroupSchedulingConstraints? constraints, FieldPath path, FieldErrorList errors)
    {
        var topology = constraints?.Topology.OrEmpty() ?? [];
        if (topology.Count > 1)
            errors.TooMany(path.Child("topology"), topology.Count, 1);
        for (var i = 0; i < topology.Count; i++)
        {
            var at = path.Child("topology").Index(i).Child("key");
            if (topology[i].Key.Length == 0)
                errors.Required(at);
            else
                errors.AddInvalid(at, topology[i].Key, Names.QualifiedName(topology[i].Key));
        }
    }

    public static void Claims(List<PodGroupResourceClaim>? claims, FieldPath path, FieldErrorList errors)
    {
        for (var i = 0; i < (claims?.Count ?? 0); i++)
        {
            var claim = claims![i];
            FieldChecks.DnsLabel(claim.Name, path.Index(i), "name", errors);
            if (claims.FindIndex(c => c.Name == claim.Name) < i)
                errors.Duplicate(path.Index(i), claim.Name);
            if (claim.ResourceClaimName is null == claim.ResourceClaimTemplateName is null)
                errors.Invalid(path.Index(i), claim.Name, "must specify exactly one of: `resourceClaimName`, `resourceClaimTemplateName`");
        }
    }

    public static void Disruption(string? mode, FieldPath path, FieldErrorList errors)
    {
        if (mode is not (null or "Pod" or "PodGroup"))
            errors.NotSupported(path.Child("disruptionMode"), mode, "Pod", "PodGroup");
    }

    public static void PriorityClassName(string name, FieldPath path, FieldErrorList errors)
    {
        if (name.Length > 0)
            FieldChecks.Subdomain(name, path, "priorityClassName", errors);
    }
}
