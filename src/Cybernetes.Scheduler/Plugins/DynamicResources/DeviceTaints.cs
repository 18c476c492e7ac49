using Cybernetes.Objects;
using Cybernetes.Objects.Resource.V1;
using DeviceTaintRule = Cybernetes.Objects.Resource.V1beta2.DeviceTaintRule;

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

    /// <summary>Whether a rule is about the device. A rule without a selector is about none.</summary>
    public static bool Selects(DeviceTaintRule rule, DeviceId device) => Reaches(rule, new(device.Driver, device.Pool))
        && (rule.Spec.DeviceSelector!.Device ?? device.Device) == device.Device;

    /// <summary>Whether a rule may be about devices of the pool.</summary>
    public static bool Reaches(DeviceTaintRule rule, PoolId pool) =>
        rule.Spec.DeviceSelector is { } selector && (selector.Driver ?? pool.Driver) == pool.Driver && (selector.Pool ?? pool.Pool) == pool.Pool;

    /// <summary>The taint that a rule puts on devices.</summary>
    public static DeviceTaint Of(DeviceTaintRule rule) => new()
    {
        Key = rule.Spec.Taint.Key, Value = rule.Spec.Taint.Value, Effect = rule.Spec.Taint.Effect, TimeAdded = rule.Spec.Taint.TimeAdded,
    };

    private static bool Tolerates(DeviceToleration toleration, DeviceTaint taint) =>
        (toleration.Effect.Length == 0 || toleration.Effect == taint.Effect)
        && (toleration.Key.Length == 0 || toleration.Key == taint.Key)
        && (toleration.Operator == "Exists" || (toleration.Operator is "" or "Equal" && toleration.Value == taint.Value));
}
