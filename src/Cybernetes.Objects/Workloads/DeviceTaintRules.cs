using Cybernetes.Objects.Resource.V1;
using DeviceTaintRule = Cybernetes.Objects.Resource.V1beta2.DeviceTaintRule;

namespace Cybernetes.Objects.Workloads;

/// <summary>What taints of devices mean, be they of the driver or of an administrator's rule (KEP-5055). Pure.</summary>
public static class DeviceTaintRules
{
    /// <summary>Whether a rule is about the device. A rule without a selector is about none.</summary>
    public static bool Selects(DeviceTaintRule rule, string driver, string pool, string device) =>
        SelectsIn(rule, driver, pool) && (rule.Spec.DeviceSelector!.Device ?? device) == device;

    /// <summary>Whether a rule may be about devices of the pool.</summary>
    public static bool SelectsIn(DeviceTaintRule rule, string driver, string pool) =>
        rule.Spec.DeviceSelector is { } selector && (selector.Driver ?? driver) == driver && (selector.Pool ?? pool) == pool;

    /// <summary>The taint that a rule puts on devices.</summary>
    public static DeviceTaint TaintOf(DeviceTaintRule rule) => new()
    {
        Key = rule.Spec.Taint.Key, Value = rule.Spec.Taint.Value, Effect = rule.Spec.Taint.Effect, TimeAdded = rule.Spec.Taint.TimeAdded,
    };

    /// <summary>Whether key and value of a taint are tolerated; what the effects mean to each other is the caller's.</summary>
    public static bool Tolerates(DeviceToleration toleration, DeviceTaint taint) =>
        (toleration.Key.Length == 0 || toleration.Key == taint.Key)
        && toleration.Operator switch { "" or "Equal" => toleration.Value == taint.Value, "Exists" => true, _ => false };
}
