using Cybernetes.Objects;
using Cybernetes.Objects.Resource.V1;
using Cybernetes.Scheduler.Plugins.DynamicResources;
using ResourceClaim = Cybernetes.Objects.Resource.V1.ResourceClaim;

namespace Cybernetes.Scheduler.Tests.Plugins.DynamicResources;

/// <summary>Small sets of devices and claims, made in a line each.</summary>
internal static class Devices
{
    public const string Driver = "gpu.example.com";

    public static Device Device(string name, Action<Device>? with = null, params (string Key, string Value)[] attributes)
    {
        var device = new Device { Name = name };
        foreach (var (key, value) in attributes)
            (device.Attributes ??= [])[key] = new DeviceAttribute { StringValue = value };
        with?.Invoke(device);
        return device;
    }

    public static ResourceSlice Slice(string name, string? node, IReadOnlyList<Device> devices, Action<ResourceSlice>? with = null)
    {
        var slice = new ResourceSlice
        {
            Metadata = { Name = name, UID = name },
            Spec =
            {
                Driver = Driver, NodeName = node, AllNodes = node is null ? true : null,
                Pool = { Name = node ?? name, Generation = 1, ResourceSliceCount = 1 }, Devices = [.. devices],
            },
        };
        with?.Invoke(slice);
        return slice;
    }

    public static DeviceClass Class(string name = "gpu", string? selector = null) => new()
    {
        Metadata = { Name = name, UID = name },
        Spec = { Selectors = selector is null ? null : [new() { CEL = new() { Expression = selector } }] },
    };

    public static DeviceRequest Exactly(string name = "gpu", long count = 1, string className = "gpu", Action<ExactDeviceRequest>? with = null)
    {
        var request = new DeviceRequest { Name = name, Exactly = new() { DeviceClassName = className, AllocationMode = "ExactCount", Count = count } };
        with?.Invoke(request.Exactly);
        return request;
    }

    public static DeviceRequest All(string name = "all", Action<ExactDeviceRequest>? with = null) => Exactly(name, 0, "gpu", e =>
    {
        e.AllocationMode = "All";
        with?.Invoke(e);
    });

    public static DeviceRequest FirstAvailable(string name, params DeviceSubRequest[] subs) => new() { Name = name, FirstAvailable = [.. subs] };

    public static DeviceSubRequest Sub(string name, long count = 1, string? selector = null, string className = "gpu") => new()
    {
        Name = name, DeviceClassName = className, AllocationMode = "ExactCount", Count = count, Selectors = selector is null ? null : Selectors(selector),
    };

    public static List<DeviceSelector> Selectors(string expression) => [new() { CEL = new() { Expression = expression } }];

    public static ResourceClaim Claim(string name, params DeviceRequest[] requests) => new()
    {
        Metadata = { Name = name, Namespace = "default", UID = name, ResourceVersion = "1" },
        Spec = { Devices = { Requests = [.. requests] } },
    };


    public static AllocationResult Allocation(string node, params string[] devices) => new()
    {
        Devices = { Results = [.. devices.Select(d => new DeviceRequestAllocationResult { Request = "gpu", Driver = Driver, Pool = node, Device = d })] },
        NodeSelector = new() { NodeSelectorTerms = [new() { MatchFields = [new() { Key = "metadata.name", Operator = "In", Values = [node] }] }] },
    };

    public static ClaimWish Wish(ResourceClaim claim, params DeviceClass[] classes)
    {
        var all = classes.Length == 0 ? [Class()] : classes;
        return ClaimWish.Read(claim, name => all.FirstOrDefault(c => c.Metadata.Name == name), new WordSelectors(), out var error)
            ?? throw new InvalidOperationException(error);
    }

    /// <summary>What a search on node "n" finds: the devices of each claim as request=device, or why not.</summary>
    public static string Search(
        IReadOnlyList<ResourceSlice> slices, IReadOnlyList<ResourceClaim> claims, AllocatedDevices? allocated = null, IReadOnlyList<DeviceClass>? classes = null,
        bool hasLists = false)
    {
        var catalog = new DeviceCatalog();
        foreach (var slice in slices)
            catalog.Set(slice);
        return Search(catalog, claims, allocated, classes, hasLists);
    }

    /// <inheritdoc cref="Search(IReadOnlyList{ResourceSlice},IReadOnlyList{ResourceClaim},AllocatedDevices,IReadOnlyList{DeviceClass},bool)"/>
    public static string Search(
        DeviceCatalog catalog, IReadOnlyList<ResourceClaim> claims, AllocatedDevices? allocated = null, IReadOnlyList<DeviceClass>? classes = null,
        bool hasLists = false)
    {
        bool Reaches(DeviceReach reach) => reach.NodeName == "n" || reach.AllNodes;
        var pools = DeviceCatalog.Sorted(catalog.PoolsOf("n").Concat(catalog.WidePools().Where(p => p.Reaches.Exists(Reaches))));
        var search = new DeviceSearch(
            [.. claims.Select(c => Wish(c, [.. classes ?? []]))], pools, Reaches, allocated ?? new(), new SearchBudget(TimeProvider.System, TimeSpan.Zero),
            hasLists);
        return search.Run() is { } found
            ? string.Join(" | ", found.Select(f => string.Join(" ", f.Select(c => $"{c.Wish.FullName}={c.Device.Id.Device}")))) : search.Error ?? "none";
    }
}

/// <summary>Expressions of one word each: <c>key=value</c> of an attribute, <c>any</c>, <c>wrong</c> (does not compile), <c>boom</c> (fails).</summary>
internal sealed class WordSelectors : IDeviceSelectors
{
    public IDeviceSelector Compile(string expression) => new Word(expression);

    private sealed class Word(string expression) : IDeviceSelector
    {
        public string? CompileError => expression == "wrong" ? "no such word" : null;

        public bool Matches(PoolDevice device, out string? error)
        {
            error = expression == "boom" ? "no such key: boom" : null;
            var parts = expression.Split('=');
            return expression == "any" || (parts.Length == 2 && device.Device.Attributes.OrEmpty().GetValueOrDefault(parts[0])?.StringValue == parts[1]);
        }
    }
}
