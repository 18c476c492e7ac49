using Cybernetes.Objects;
using Cybernetes.Objects.Resource.V1;

namespace Cybernetes.ApiServer.Registry.ResourceAllocation;

/// <summary>Fields of features that are off: they are dropped, unless the stored object has the feature in use.</summary>
internal static class DisabledDeviceFields
{
    public static void Drop(ResourceClaimSpec spec, ResourceClaimSpec? old, FeatureGates gates)
    {
        var requests = spec.Devices.Requests.OrEmpty();
        var before = old?.Devices.Requests.OrEmpty() ?? [];
        if (!gates.IsEnabled("DRAPrioritizedList") && before.All(r => r.FirstAvailable is null))
            Each(requests, r => r.FirstAvailable = null);
        if (!gates.IsEnabled("DRADeviceTaints") && before.All(r => r.Exactly?.Tolerations is null))
        {
            Each(requests.Where(r => r.Exactly is not null), r => r.Exactly!.Tolerations = null);
            Each(requests.SelectMany(r => r.FirstAvailable.OrEmpty()), a => a.Tolerations = null);
        }
        if (gates.IsEnabled("DRAConsumableCapacity") || before.Any(r => r.Exactly?.Capacity is not null))
            return;
        Each(requests.Where(r => r.Exactly is not null), r => r.Exactly!.Capacity = null);
        Each(requests.SelectMany(r => r.FirstAvailable.OrEmpty()), a => a.Capacity = null);
        Each(spec.Devices.Constraints.OrEmpty(), c => c.DistinctAttribute = null);
    }

    public static void Drop(ResourceSliceSpec spec, ResourceSliceSpec? old, FeatureGates gates)
    {
        var (devices, before) = (spec.Devices.OrEmpty(), old?.Devices.OrEmpty() ?? []);
        if (!gates.IsEnabled("DRADeviceTaints") && before.All(d => d.Taints is null))
            Each(devices, d => d.Taints = null);
        if (!gates.IsEnabled("DRANodeAllocatableResources") && before.All(d => d.NodeAllocatableResourceMappings is null))
            Each(devices, d => d.NodeAllocatableResourceMappings = null);
        if (!gates.IsEnabled("DRAListTypeAttributes") && !before.SelectMany(AttributesOf).Any(IsList))
        {
            foreach (var attribute in devices.SelectMany(AttributesOf))
            {
                attribute.IntValues = null;
                attribute.BoolValues = null;
                attribute.StringValues = null;
                attribute.VersionValues = null;
            }
        }
        if (!gates.IsEnabled("DRAPartitionableDevices") && old is not { SharedCounters: not null } and not { PerDeviceNodeSelection: not null })
        {
            (spec.SharedCounters, spec.PerDeviceNodeSelection) = (null, null);
            Each(devices, d => (d.ConsumesCounters, d.NodeName, d.NodeSelector, d.AllNodes) = (null, null, null, null));
        }
        if (!gates.IsEnabled("DRADeviceBindingConditions") && before.All(d => d.BindingConditions is null))
            Each(devices, d => (d.BindsToNode, d.BindingConditions, d.BindingFailureConditions) = (null, null, null));
        if (gates.IsEnabled("DRAConsumableCapacity") || before.Any(d => d.AllowMultipleAllocations is not null))
            return;
        Each(devices, d => d.AllowMultipleAllocations = null);
        Each(devices.SelectMany(d => d.Capacity?.Values.ToList() ?? []), c => c.RequestPolicy = null);
    }

    private static IEnumerable<DeviceAttribute> AttributesOf(Device device) => device.Attributes?.Values.ToList() ?? [];

    private static bool IsList(DeviceAttribute attribute) =>
        attribute is { IntValues: not null } or { BoolValues: not null } or { StringValues: not null } or { VersionValues: not null };

    private static void Each<T>(IEnumerable<T> items, Action<T> change)
    {
        foreach (var item in items)
            change(item);
    }
}
