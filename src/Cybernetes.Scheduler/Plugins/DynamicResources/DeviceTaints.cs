using Cybernetes.Objects;
using Cybernetes.Objects.Resource.V1;

namespace Cybernetes.Scheduler.Plugins.DynamicResources;

/// <summary>Whether taints keep a device from being allocated (KEP-5055). Pure.</summary>
internal static class DeviceTaints
{
    public static bool Prevent(Device device, IReadOnlyList<DeviceToleration> tolerations)
    {
        foreach (var taint in device.Taints.OrEmpty())
        {
            if (taint.Effect is "NoSchedule" or "NoExecute" && !tolerations.Any(t => Tolerates(t, taint)))
                return true;
        }
        return false;
    }

    private static bool Tolerates(DeviceToleration toleration, DeviceTaint taint) =>
        (toleration.Effect.Length == 0 || toleration.Effect == taint.Effect)
        && (toleration.Key.Length == 0 || toleration.Key == taint.Key)
        && (toleration.Operator == "Exists" || (toleration.Operator is "" or "Equal" && toleration.Value == taint.Value));
}
