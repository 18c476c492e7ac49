namespace Cybernetes.Node.Resources;

/// <summary>The three classes of cgroups that pods live in; upstream's QoS classes.</summary>
public enum QosClass
{
    Guaranteed,
    Burstable,
    BestEffort,
}

/// <summary>What a pod's cgroup is limited to. Null leaves a value alone (no limit, when the cgroup is new).</summary>
/// <param name="CpuShares">cgroup v1's cpu.shares, 2 to 262144; becomes cpu.weight on v2.</param>
/// <param name="CpuQuotaMicroseconds">Per period; -1 for none.</param>
/// <param name="CpuPeriodMicroseconds">As a rule 100000.</param>
public readonly record struct CgroupLimits(
    long? CpuShares = null,
    long? CpuQuotaMicroseconds = null,
    long? CpuPeriodMicroseconds = null,
    long? MemoryBytes = null,
    long? Pids = null);

/// <summary>What a cgroup uses now.</summary>
/// <param name="CpuNanoseconds">CPU time spent since the cgroup was made.</param>
/// <param name="MemoryBytes">All memory charged, page cache too.</param>
/// <param name="WorkingSetBytes">Without inactive file pages: what eviction and `kubectl top` count.</param>
/// <param name="RssBytes">Anonymous memory.</param>
public readonly record struct CgroupUsage(
    ulong CpuNanoseconds, ulong MemoryBytes, ulong WorkingSetBytes, ulong RssBytes, ulong PageFaults, ulong MajorPageFaults,
    ulong ProcessCount);

/// <summary>The cgroups of pods: <c>/kubepods[/burstable|/besteffort]/pod&lt;uid&gt;</c> (cgroupfs driver).</summary>
/// <remarks>Blocking, but each call is only a few small file writes. Failures are <see cref="IOException"/>s which name the
/// file.</remarks>
public interface IPodCgroups
{
    /// <summary>The parent for a pod's sandbox: PodSandboxConfig.linux.cgroup_parent.</summary>
    string PathOf(QosClass qos, string podUid);

    /// <summary>Makes the roots of the classes. Idempotent; called at the node's start.</summary>
    /// <param name="limits">What all pods together may use.</param>
    void EnsureRoots(CgroupLimits limits);

    /// <summary>The burstable class weighs as much as its pods request together; called when that changed.</summary>
    void SetBurstableShares(long cpuShares);

    /// <summary>Makes or changes a pod's cgroup. Idempotent.</summary>
    void Ensure(QosClass qos, string podUid, CgroupLimits limits);

    /// <summary>
    /// Removes a pod's cgroup in every hierarchy, what is left inside first. False when processes still live in it:
    /// kill them through the runtime and call again.
    /// </summary>
    bool TryRemove(QosClass qos, string podUid);

    /// <summary>All pod cgroups there are, with the uids of their pods: those without a pod are left over and to be
    /// removed.</summary>
    IReadOnlyList<(QosClass Qos, string PodUid)> List();

    /// <summary>Null when the cgroup is not there.</summary>
    /// <param name="path">As <see cref="PathOf"/> gives it; <c>/</c> is the whole node, <c>/kubepods</c> all pods.</param>
    CgroupUsage? ReadUsage(string path);
}
