using Cybernetes.Objects;
using Cybernetes.Objects.Core.V1;

namespace Cybernetes.ApiServer.Registry.Core.Pods;

/// <summary>Requests and limits.</summary>
internal static class ResourceValidation
{
    public static void OfContainer(ResourceRequirements resources, HashSet<string>? claims, FieldPath container, FieldErrorList errors)
    {
        if (resources.Limits is not null || resources.Requests is not null || resources.Claims is not null)
            Validate(resources, claims, container.Child("resources"), errors);
    }

    /// <param name="resources">What is asked for.</param>
    /// <param name="claims">Names of the pod's claims.</param>
    /// <param name="path">Path of <paramref name="resources"/>.</param>
    /// <param name="errors">Where complaints go.</param>
    /// <param name="ofPod">Whether the pod as a whole asks: then few resources are known.</param>
    public static void Validate(
        ResourceRequirements resources, HashSet<string>? claims, FieldPath path, FieldErrorList errors, bool ofPod = false)
    {
        var compute = false;
        var hugePages = false;
        if (resources.Limits is not null)
        {
            var limits = path.Child("limits");
            foreach (var (name, quantity) in resources.Limits)
                One(name, quantity, limits, ref compute, ref hugePages, ofPod, errors);
        }
        if (resources.Requests is not null)
        {
            var requests = path.Child("requests");
            foreach (var (name, quantity) in resources.Requests)
            {
                One(name, quantity, requests, ref compute, ref hugePages, ofPod, errors);
                WithinLimit(name, quantity, resources.Limits, path, errors);
            }
        }
        if (hugePages && !compute)
            errors.Forbidden(path, "HugePages require cpu or memory");
        if (resources.Claims is { Count: > 0 } named)
            ResourceClaimValidation.OfContainer(named, claims, path.Child("claims"), errors);
    }

    /// <summary>Not negative; whole where only whole numbers make sense.</summary>
    public static void Amount(string name, Quantity quantity, FieldPath path, FieldErrorList errors)
    {
        if (quantity.Sign < 0)
            errors.Invalid(path, quantity.ToString(), FieldRules.NotNegative);
        if (ResourceFacts.IsInteger(name) && quantity.MilliValue() % 1000 != 0)
            errors.Invalid(path, quantity.ToString(), "must be an integer");
    }

    private static void One(
        string name, Quantity quantity, FieldPath list, ref bool compute, ref bool hugePages, bool ofPod, FieldErrorList errors)
    {
        if (name is "cpu" or "memory")
        {
            compute = true;
            if (quantity.Sign < 0)
                Amount(name, quantity, list.Key(name), errors);
            return;
        }
        var path = list.Key(name);
        if (ofPod)
            PodResourceName(name, path, errors);
        else
            ContainerResourceName(name, path, errors);
        Amount(name, quantity, path, errors);
        if (!ResourceFacts.IsHugePages(name))
            return;
        hugePages = true;
        var error = Quantity.TryParse(name["hugepages-".Length..], out var page);
        if (error is null && page.Value() > 0 && quantity.Value() % page.Value() != 0)
            errors.Invalid(path, quantity.ToString(), $"{quantity} is not positive integer multiple of {name}");
    }

    private static void WithinLimit(string name, Quantity request, Dictionary<string, Quantity>? limits, FieldPath path, FieldErrorList errors)
    {
        if (limits is null || !limits.TryGetValue(name, out var limit))
        {
            if (!ResourceFacts.IsOvercommitAllowed(name))
                errors.Required(path.Child("limits"), "Limit must be set for non overcommitable resources");
            return;
        }
        if (request != limit && !ResourceFacts.IsOvercommitAllowed(name))
            errors.Invalid(path.Child("requests"), request.ToString(), $"must be equal to {name} limit of {limit}");
        else if (request > limit)
            errors.Invalid(path.Child("requests"), request.ToString(), $"must be less than or equal to {name} limit of {limit}");
    }

    /// <summary>A standard resource, or a qualified name.</summary>
    public static bool ResourceName(string name, FieldPath path, FieldErrorList errors)
    {
        var before = errors.Count;
        errors.AddInvalid(path, name, Names.QualifiedName(name));
        if (errors.Count == before && !name.Contains('/') && !ResourceFacts.IsStandard(name))
            errors.Invalid(path, name, "must be a standard resource type or fully qualified");
        return errors.Count == before;
    }

    /// <summary>A resource that a container may ask for.</summary>
    public static void ContainerResourceName(string name, FieldPath path, FieldErrorList errors)
    {
        ResourceName(name, path, errors);
        if (!name.Contains('/'))
        {
            if (!ResourceFacts.IsStandardForContainers(name))
                errors.Invalid(path, name, "must be a standard resource for containers");
        }
        else if (!ResourceFacts.IsNative(name) && !ResourceFacts.IsExtended(name))
        {
            errors.Invalid(path, name, "doesn't follow extended resource name standard");
        }
    }

    private static void PodResourceName(string name, FieldPath path, FieldErrorList errors)
    {
        if (ResourceName(name, path, errors) && !ResourceFacts.IsPodLevel(name))
            errors.NotSupported(path, name, "cpu", "hugepages-", "memory");
    }
}
