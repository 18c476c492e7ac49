using Cybernetes.Objects.Core.V1;
using Cybernetes.Objects.Scheduling.V1alpha2;
using Cybernetes.Scheduler.Cycle;

namespace Cybernetes.Scheduler.Plugins.GangScheduling;

/// <summary>What the plugin looks at.</summary>
internal interface IPodGroups
{
    /// <summary>The group, or null where there is none (yet).</summary>
    PodGroup? Find(string ns, string name);

    /// <summary>How many pods of the group there are, placed or not.</summary>
    int Count(string ns, string name);
}

/// <summary>
/// All or nothing for pods of a group with the gang policy: they enter the queue when the group is there and has <c>minCount</c> pods, and are decided
/// for together (<see cref="PodGroupScheduling"/>), where fewer places than that count as none.
/// </summary>
internal sealed class GangSchedulingPlugin(IPodGroups? groups) : IPreEnqueuePlugin
{
    public string Name => "GangScheduling";

    /// <summary>The name of the pod's group, or null.</summary>
    public static string? GroupOf(Pod pod) => pod.Spec.SchedulingGroup?.PodGroupName is { Length: > 0 } name ? name : null;

    /// <summary>How many pods of a group must have a place, that any may take its.</summary>
    public static int MinCountOf(PodGroup group) => group.Spec.SchedulingPolicy.Gang?.MinCount ?? 1;

    public string? PreEnqueue(Pod pod) => groups is null ? null : MessageFor(pod, groups);

    /// <summary>Why the pod must wait for its group, or null.</summary>
    public static string? MessageFor(Pod pod, IPodGroups groups)
    {
        if (GroupOf(pod) is not { } name)
            return null;
        if (groups.Find(pod.Metadata.Namespace, name) is not { } group)
            return $"waiting for pod's pod group \"{name}\" to appear in scheduling queue";
        return group.Spec.SchedulingPolicy.Gang is { } gang && groups.Count(pod.Metadata.Namespace, name) < gang.MinCount
            ? "waiting for minCount pods from a gang to appear in scheduling queue" : null;
    }
}
