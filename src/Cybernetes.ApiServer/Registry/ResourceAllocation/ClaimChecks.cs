using Cybernetes.Objects;
using Cybernetes.Objects.Resource.V1;

namespace Cybernetes.ApiServer.Registry.ResourceAllocation;

/// <summary>What a claim asks for: defaults and checks of its spec.</summary>
internal static class ClaimChecks
{
    private const int MostConstraints = 32;
    private const int MostAlternatives = 8;

    private const string UnknownRequest =
        "must be the name of a request in the claim or the name of a request and a subrequest separated by '/'";

    public static void Default(ResourceClaimSpec spec)
    {
        foreach (var request in spec.Devices.Requests.OrEmpty())
        {
            if (request.Exactly is { } exactly)
            {
                (exactly.AllocationMode, exactly.Count) = Mode(exactly.AllocationMode, exactly.Count);
                Default(exactly.Tolerations);
            }
            foreach (var alternative in request.FirstAvailable.OrEmpty())
            {
                (alternative.AllocationMode, alternative.Count) = Mode(alternative.AllocationMode, alternative.Count);
                Default(alternative.Tolerations);
            }
        }
    }

    public static void Default(List<DeviceToleration>? tolerations)
    {
        foreach (var toleration in tolerations.OrEmpty())
        {
            if (toleration.Operator.Length == 0)
                toleration.Operator = "Equal";
        }
    }

    public static void Validate(ResourceClaimSpec spec, FieldPath path, FieldErrorList errors)
    {
        var (claim, devices) = (spec.Devices, path.Child("devices"));
        DeviceChecks.Set(claim.Requests, DeviceChecks.MostRequests, r => r.Name, devices.Child("requests"), errors, (r, at) => Request(r, at, errors));
        DeviceChecks.Each(claim.Constraints, MostConstraints, devices.Child("constraints"), errors, (constraint, at) =>
        {
            References(constraint.Requests, claim, at, errors);
            if (constraint.MatchAttribute is { } match)
                DeviceChecks.FullyQualifiedName(match, at.Child("matchAttribute"), errors);
            else if (constraint.DistinctAttribute is { } distinct)
                DeviceChecks.FullyQualifiedName(distinct, at.Child("distinctAttribute"), errors);
            else
                errors.Required(at, "exactly one of \"matchAttribute\" or \"distinctAttribute\" is required, but multiple fields are set");
        });
        DeviceChecks.Each(claim.Config, DeviceChecks.MostConfigurations, devices.Child("config"), errors, (config, at) =>
        {
            References(config.Requests, claim, at, errors);
            DeviceChecks.Opaque(config.Opaque, at, errors);
        });
    }

    /// <summary>A list of names of the claim's requests.</summary>
    public static void References(List<string>? names, DeviceClaim claim, FieldPath path, FieldErrorList errors) => DeviceChecks.Set(
        names, DeviceChecks.MostRequests, n => n, path.Child("requests"), errors, (name, at) => Reference(name, claim, at, errors));

    /// <summary>The name of one of the claim's requests, or of an alternative of one.</summary>
    public static void Reference(string name, DeviceClaim claim, FieldPath path, FieldErrorList errors)
    {
        var parts = name.Split('/');
        if (parts.Length > 2)
        {
            errors.Invalid(path, name, UnknownRequest);
            return;
        }
        foreach (var part in parts)
            DeviceChecks.Label(part, path, errors);
        var request = claim.Requests.OrEmpty().FirstOrDefault(r => r.Name == parts[0]);
        if (request is null || (parts.Length == 2 && request.FirstAvailable.OrEmpty().All(a => a.Name != parts[1])))
            errors.Invalid(path, name, UnknownRequest);
    }

    private static (string Mode, long Count) Mode(string mode, long count)
    {
        if (mode.Length == 0)
            mode = "ExactCount";
        return (mode, mode == "ExactCount" && count == 0 ? 1 : count);
    }

    private static void Request(DeviceRequest request, FieldPath path, FieldErrorList errors)
    {
        DeviceChecks.Label(request.Name, path.Child("name"), errors);
        var alternatives = request.FirstAvailable is { Count: > 0 };
        if (!alternatives && request.Exactly is null)
        {
            errors.Required(path, "exactly one of `exactly` or `firstAvailable` is required");
        }
        else if (alternatives && request.Exactly is not null)
        {
            errors.Invalid(path, null, "exactly one of `exactly` or `firstAvailable` is required, but multiple fields are set");
        }
        else if (alternatives)
        {
            DeviceChecks.Set(request.FirstAvailable, MostAlternatives, a => a.Name, path.Child("firstAvailable"), errors, (a, at) =>
            {
                DeviceChecks.Label(a.Name, at.Child("name"), errors);
                Device(a.DeviceClassName, a.Selectors, a.AllocationMode, a.Count, a.Tolerations, at, errors);
            });
        }
        else
        {
            var exactly = request.Exactly!;
            Device(exactly.DeviceClassName, exactly.Selectors, exactly.AllocationMode, exactly.Count, exactly.Tolerations, path.Child("exactly"), errors);
        }
    }

    private static void Device(
        string className, List<DeviceSelector>? selectors, string mode, long count, List<DeviceToleration>? tolerations, FieldPath path,
        FieldErrorList errors)
    {
        DeviceChecks.Class(className, path.Child("deviceClassName"), errors);
        DeviceChecks.Selectors(selectors, path.Child("selectors"), errors);
        if (mode == "All" && count != 0)
            errors.Invalid(path.Child("count"), count, "must not be specified when allocationMode is 'All'");
        else if (mode == "ExactCount" && count <= 0)
            errors.Invalid(path.Child("count"), count, "must be greater than zero");
        else if (mode is not ("All" or "ExactCount"))
            errors.NotSupported(path.Child("allocationMode"), mode, "All", "ExactCount");
        DeviceChecks.Tolerations(tolerations, path, errors);
    }
}
