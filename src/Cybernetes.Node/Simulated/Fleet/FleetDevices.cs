using System.Globalization;
using System.Text.RegularExpressions;
using Cybernetes.Objects;
using Cybernetes.Objects.Resource.V1;

namespace Cybernetes.Node.Simulated.Fleet;

/// <summary>Devices that each node of a shape has by a DRA driver which only publishes them: claims can be allocated, nothing is prepared.</summary>
public sealed partial record FleetDevices
{
    /// <summary>The most devices of a slice (the API's limit).</summary>
    public const int MostDevices = 128;

    /// <summary>The driver's name.</summary>
    public string Driver { get; init; } = "gpu.simulated.cybernetes.io";

    /// <summary>How many a node has (1 … 128). Default 1.</summary>
    public int Count { get; init; } = 1;

    /// <summary>Their names begin with it; a number from 0 on follows.</summary>
    public string Name { get; init; } = "device-";

    /// <summary>Attributes of each: a whole number, true or false, a version (1.2.3), else a string.</summary>
    public IReadOnlyDictionary<string, string> Attributes { get; init; } = new Dictionary<string, string>();

    /// <summary>Capacities of each, as quantities.</summary>
    public IReadOnlyDictionary<string, string> Capacity { get; init; } = new Dictionary<string, string>();

    /// <summary>Whether several claims may share a device by its capacity. Default: no.</summary>
    public bool IsShared { get; init; }

    /// <summary>What the driver publishes for a node.</summary>
    internal ResourceSlice SliceFor(string node, string nodeUid) => new()
    {
        Metadata =
        {
            Name = $"{node}-{Driver}", OwnerReferences = [new() { APIVersion = "v1", Kind = "Node", Name = node, UID = nodeUid, Controller = true }],
        },
        Spec =
        {
            Driver = Driver, NodeName = node, Pool = { Name = node, Generation = 1, ResourceSliceCount = 1 },
            Devices = [.. Enumerable.Range(0, Count).Select(Make)],
        },
    };

    private Device Make(int number) => new()
    {
        Name = Name + number.ToString(CultureInfo.InvariantCulture),
        Attributes = Attributes.Count == 0 ? null : Attributes.ToDictionary(a => a.Key, a => ValueOf(a.Value)),
        Capacity = Capacity.Count == 0 ? null : Capacity.ToDictionary(c => c.Key, c => new DeviceCapacity { Value = Quantity.Parse(c.Value) }),
        AllowMultipleAllocations = IsShared ? true : null,
    };

    private static DeviceAttribute ValueOf(string text) => text switch
    {
        "true" or "false" => new() { BoolValue = text == "true" },
        _ when long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) => new() { IntValue = number },
        _ when Version().IsMatch(text) => new() { VersionValue = text },
        _ => new() { StringValue = text },
    };

    [GeneratedRegex(@"^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)([-+][0-9A-Za-z.+-]+)?$")]
    private static partial Regex Version();
}
