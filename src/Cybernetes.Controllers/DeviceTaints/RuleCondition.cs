using Cybernetes.Objects.Meta.V1;
using Cybernetes.Objects.Resource.V1beta2;

namespace Cybernetes.Controllers.DeviceTaints;

/// <summary>What a rule does, or would do.</summary>
/// <param name="PublishedDevices">Devices in slices that it selects.</param>
/// <param name="AllocatedDevices">Devices of claims that it selects.</param>
/// <param name="PendingPods">Pods that have to leave for it and are still there.</param>
/// <param name="Namespaces">How many namespaces those are in.</param>
/// <param name="EvictedPods">Pods that left for it since the controller started.</param>
internal readonly record struct RuleEffect(int PublishedDevices, int AllocatedDevices, int PendingPods, int Namespaces, int EvictedPods);

/// <summary>The condition <c>EvictionInProgress</c> of device taint rules, in upstream's words. Pure.</summary>
internal static class RuleCondition
{
    public const string Type = "EvictionInProgress";

    /// <summary>The shortest time between two writes of it.</summary>
    public static readonly TimeSpan Period = TimeSpan.FromSeconds(10);

    public static Condition? Of(DeviceTaintRule rule) => rule.Status.Conditions?.Find(c => c.Type == Type);

    /// <summary>How long the condition that stands there is to be left alone; null when it may be written.</summary>
    public static TimeSpan? Wait(DeviceTaintRule rule, DateTimeOffset now)
    {
        if (Of(rule) is not { } there || there.ObservedGeneration != rule.Metadata.Generation || there.LastTransitionTime is not { } since)
            return null;
        var left = since + Period - now;
        return left > TimeSpan.Zero ? left : null;
    }

    /// <summary>The condition that should stand there; null when it does. Its time is that of any change, so that the next one waits.</summary>
    public static Condition? Change(DeviceTaintRule rule, RuleEffect effect, DateTimeOffset now)
    {
        var (status, reason, message) = Decide(rule.Spec.Taint.Effect, effect);
        if (effect.EvictedPods > 0)
            message += $"{(message.Length > 0 ? " " : "")}{Count(effect.EvictedPods, "pod")} evicted since starting the controller.";
        if (Of(rule) is { } there && (there.Status, there.Reason, there.Message) == (status, reason, message)
            && there.ObservedGeneration == rule.Metadata.Generation)
            return null;
        return new Condition
        {
            Type = Type, Status = status, Reason = reason, Message = message, ObservedGeneration = rule.Metadata.Generation, LastTransitionTime = now,
        };
    }

    private static (string Status, string Reason, string Message) Decide(string kind, RuleEffect effect) => kind switch
    {
        DeviceEvictions.NoExecute when effect.PendingPods > 0 => ("True", "PodsPendingEviction",
            $"{Count(effect.PendingPods, "pod")} {(effect.PendingPods == 1 ? "needs" : "need")} to be evicted in {Namespaces(effect)}."),
        DeviceEvictions.NoExecute => ("False", effect.EvictedPods > 0 ? "Completed" : "NotStarted", ""),
        "None" => ("False", "NoEffect",
            $"{Count(effect.PublishedDevices, "published device")} selected. {Count(effect.AllocatedDevices, "allocated device")} selected. "
            + $"{Count(effect.PendingPods, "pod")} would be evicted in {Namespaces(effect)} if the effect was NoExecute. "
            + "This information will not be updated again. Recreate the DeviceTaintRule to trigger an update."),
        _ => ("False", "OtherEffect", "Eviction only happens for the NoExecute effect."),
    };

    private static string Namespaces(RuleEffect effect) => effect.Namespaces == 1 ? "1 namespace" : $"{effect.Namespaces} different namespaces";

    private static string Count(int number, string noun) => number == 1 ? $"1 {noun}" : $"{number} {noun}s";
}
