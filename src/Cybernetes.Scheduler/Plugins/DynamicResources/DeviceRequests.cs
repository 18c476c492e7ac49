using Cybernetes.Objects;
using Cybernetes.Objects.Resource.V1;
using ResourceClaim = Cybernetes.Objects.Resource.V1.ResourceClaim;
using SelectorSpec = Cybernetes.Objects.Resource.V1.DeviceSelector;

namespace Cybernetes.Scheduler.Plugins.DynamicResources;

/// <summary>One request, or one of the alternatives of a prioritised request.</summary>
internal sealed record DeviceWish
{
    /// <summary>The name of the request itself.</summary>
    public required string Request { get; init; }

    /// <summary>The name of the alternative; empty where there is none.</summary>
    public string Alternative { get; init; } = "";

    public required string ClassName { get; init; }

    public required DeviceClass Class { get; init; }

    /// <summary>All devices that match are wanted, and at least one.</summary>
    public bool WantsAll { get; init; }

    public long Count { get; init; }

    public bool AdminAccess { get; init; }

    public IReadOnlyList<DeviceToleration> Tolerations { get; init; } = [];

    public IReadOnlyDictionary<string, Quantity> Capacity { get; init; } = new Dictionary<string, Quantity>();

    /// <summary>The expressions of class and request, with what stands before an error of theirs.</summary>
    public IReadOnlyList<(string Expression, IDeviceSelector Selector, string Where)> Selectors { get; init; } = [];

    /// <summary>As results name it.</summary>
    public string FullName => Alternative.Length == 0 ? Request : $"{Request}/{Alternative}";

    /// <summary>Whether a list of requests that a constraint or a configuration is for means this one; an empty one means all.</summary>
    public bool IsIn(IReadOnlyList<string> requests)
    {
        foreach (var name in requests)
        {
            if (name == Request || (Alternative.Length > 0 && name == FullName))
                return true;
        }
        return requests.Count == 0;
    }
}

/// <summary>A claim that is to be allocated: for each request its alternatives, most of them one.</summary>
internal sealed record ClaimWish(ResourceClaim Claim, IReadOnlyList<IReadOnlyList<DeviceWish>> Requests)
{
    public string Name => $"{Claim.Metadata.Namespace}/{Claim.Metadata.Name}";

    /// <summary>Reads a claim.</summary>
    /// <param name="claim">Not changed.</param>
    /// <param name="classOf">The device class of a name, or null.</param>
    /// <param name="selectors">Compiles expressions.</param>
    /// <param name="error">Why it cannot be allocated at all, else null.</param>
    public static ClaimWish? Read(ResourceClaim claim, Func<string, DeviceClass?> classOf, IDeviceSelectors selectors, out string? error)
    {
        var name = $"{claim.Metadata.Namespace}/{claim.Metadata.Name}";
        var requests = new List<IReadOnlyList<DeviceWish>>();
        foreach (var request in claim.Spec.Devices.Requests.OrEmpty())
        {
            var alternatives = new List<DeviceWish>();
            IReadOnlyList<DeviceSubRequest> subs = request.Exactly is { } exactly ? [SubOf(exactly)] : request.FirstAvailable.OrEmpty();
            if (subs.Count == 0)
            {
                error = $"resource claim {name}, request {request.Name}: unknown request type";
                return null;
            }
            foreach (var sub in subs)
            {
                var wish = Read(name, request, sub, classOf, selectors, out error);
                if (wish is null)
                    return null;
                alternatives.Add(wish);
            }
            requests.Add(alternatives);
        }
        var constraints = claim.Spec.Devices.Constraints.OrEmpty();
        for (var i = 0; i < constraints.Count; i++)
        {
            if (constraints[i] is { MatchAttribute: null, DistinctAttribute: null })
            {
                error = $"claim {name}, constraint #{i}: empty constraint (unsupported constraint type?)";
                return null;
            }
        }
        error = null;
        return new ClaimWish(claim, requests);
    }

    private static DeviceSubRequest SubOf(ExactDeviceRequest exactly) => new()
    {
        DeviceClassName = exactly.DeviceClassName, Selectors = exactly.Selectors, AllocationMode = exactly.AllocationMode, Count = exactly.Count,
        Tolerations = exactly.Tolerations, Capacity = exactly.Capacity,
    };

    private static DeviceWish? Read(
        string claim, DeviceRequest request, DeviceSubRequest sub, Func<string, DeviceClass?> classOf, IDeviceSelectors selectors, out string? error)
    {
        var wish = sub.Name.Length == 0 ? request.Name : $"{request.Name}/{sub.Name}";
        if (classOf(sub.DeviceClassName) is not { } found)
        {
            error = $"request {wish}: device class {sub.DeviceClassName} does not exist";
            return null;
        }
        if (sub.AllocationMode is not ("" or "ExactCount" or "All"))
        {
            error = $"claim {claim}, request {wish}: unsupported count mode {sub.AllocationMode}";
            return null;
        }
        var all = new List<(string, IDeviceSelector, string)>();
        error = Compile(found.Spec.Selectors.OrEmpty(), $"class {found.Metadata.Name}", selectors, all)
            ?? Compile(sub.Selectors.OrEmpty(), $"claim {claim}", selectors, all);
        return error is not null ? null : new DeviceWish
        {
            Request = request.Name, Alternative = sub.Name, ClassName = sub.DeviceClassName, Class = found, WantsAll = sub.AllocationMode == "All",
            Count = sub.Count == 0 && sub.AllocationMode.Length == 0 ? 1 : sub.Count, AdminAccess = request.Exactly?.AdminAccess == true,
            Tolerations = sub.Tolerations.OrEmpty(), Capacity = sub.Capacity?.Requests ?? [], Selectors = all,
        };
    }

    private static string? Compile(
        IReadOnlyList<SelectorSpec> from, string where, IDeviceSelectors selectors, List<(string, IDeviceSelector, string)> into)
    {
        for (var i = 0; i < from.Count; i++)
        {
            if (from[i].CEL is not { } cel)
                return $"{where}, selector #{i}: CEL expression empty (unsupported selector type?)";
            var compiled = selectors.Compile(cel.Expression);
            if (compiled.CompileError is { } error)
                return $"{where}: selector #{i}: CEL compile error: {error}";
            into.Add((cel.Expression, compiled, $"{where}: selector #{i}"));
        }
        return null;
    }
}
