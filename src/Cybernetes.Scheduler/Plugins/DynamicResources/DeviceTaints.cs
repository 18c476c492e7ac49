using Cybernetes.Objects.Resource.V1;
using Cybernetes.Objects.Workloads;

namespace Cybernetes.Scheduler.Plugins.DynamicResources;

/// <summary>Whether taints keep a device from being allocated (KEP-5055). Pure.</summary>
internal static class DeviceTaints
{
    /// <summary>Whether one that is not tolerated does, be it the driver's or of an administrator's rule.</summary>
    public static bool Prevent(PoolDevice device, IReadOnlyList<DeviceToleration> tolerations)
    {
        foreach (var taint in device.Taints)
        {
            if (taint.Effect is "NoSchedule" or "NoExecute" && !tolerations.Any(t => Tolerates(t, taint)))
                return true;
        }
        return false;
    }

    private static bool Tolerates(DeviceToleration toleration, DeviceTaint taint) =>
        (toleration.Effect.Length == 0 || toleration.Effect == taint.Effect) && DeviceTaintRules.Tolerates(toleration, taint);
}
