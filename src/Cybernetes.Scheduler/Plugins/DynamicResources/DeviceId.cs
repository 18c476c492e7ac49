using Cybernetes.Objects.Resource.V1;

namespace Cybernetes.Scheduler.Plugins.DynamicResources;

/// <summary>A pool of a driver's devices.</summary>
internal readonly record struct PoolId(string Driver, string Pool)
{
    public override string ToString() => $"{Driver}/{Pool}";
}

/// <summary>One device of the cluster.</summary>
internal readonly record struct DeviceId(string Driver, string Pool, string Device)
{
    public static DeviceId Of(DeviceRequestAllocationResult result) => new(result.Driver, result.Pool, result.Device);

    public override string ToString() => $"{Driver}/{Pool}/{Device}";
}
