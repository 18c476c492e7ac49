using Cybernetes.Node.Runtime.Cri;

namespace Cybernetes.Node.Resources;

/// <summary>Conversions from Kubernetes' quantities to the kernel's, as upstream's kubelet does them. Pure.</summary>
public static class ResourceMath
{
    public const long MinShares = 2;
    public const long MaxShares = 262144;
    public const long SharesPerCpu = 1024;

    /// <summary>The period of the CPU quota, in microseconds: upstream's default --cpu-cfs-quota-period.</summary>
    public const long DefaultPeriodMicroseconds = 100_000;

    /// <summary>The kernel takes no quota below a millisecond.</summary>
    public const long MinQuotaMicroseconds = 1000;

    public static long MilliCpuToShares(long milliCpu) =>
        milliCpu == 0 ? MinShares : Math.Clamp(milliCpu * SharesPerCpu / 1000, MinShares, MaxShares);

    /// <returns>Microseconds a period; 0 (no quota) for 0.</returns>
    public static long MilliCpuToQuota(long milliCpu, long periodMicroseconds = DefaultPeriodMicroseconds) =>
        milliCpu == 0 ? 0 : Math.Max(milliCpu * periodMicroseconds / 1000, MinQuotaMicroseconds);

    /// <summary>cgroup v2's cpu.weight, 1 to 10000 (KEP-2254's line through both ends).</summary>
    public static long SharesToWeight(long shares) =>
        1 + ((Math.Clamp(shares, MinShares, MaxShares) - MinShares) * 9999 / 262142);

    public static long WeightToShares(long weight) => ((weight - 1) * 262142 / 9999) + MinShares;

    /// <summary>A pod's cgroup: what its class and its containers' sums call for.</summary>
    /// <param name="milliCpuRequest">Sum over the containers (the most of it that is needed at one time, init containers
    /// included).</param>
    /// <param name="milliCpuLimit">The sum, or null when one container has no limit.</param>
    /// <param name="memoryLimitBytes">The sum, or null when one container has no limit.</param>
    public static CgroupLimits PodLimits(
        QosClass qos, long milliCpuRequest, long? milliCpuLimit, long? memoryLimitBytes, bool enforceCpuQuota = true)
    {
        if (qos == QosClass.BestEffort)
            return new CgroupLimits(CpuShares: MinShares);

        // A limit without a request counts as the request.
        if (milliCpuRequest == 0 && milliCpuLimit is { } asRequest)
            milliCpuRequest = asRequest;
        long? quota = milliCpuLimit is { } limit && enforceCpuQuota ? MilliCpuToQuota(limit) : null;
        return new CgroupLimits(
            CpuShares: MilliCpuToShares(milliCpuRequest),
            CpuQuotaMicroseconds: quota,
            CpuPeriodMicroseconds: quota is null ? null : DefaultPeriodMicroseconds,
            MemoryBytes: memoryLimitBytes);
    }

    /// <summary>A container's resources for the runtime, which puts them into the container's own cgroup.</summary>
    /// <param name="milliCpuRequest">Null when not given: then the limit counts.</param>
    /// <param name="killGroupOnOutOfMemory">cgroup v2 only: upstream's default, unless singleProcessOOMKill is set.</param>
    public static LinuxContainerResources ContainerResources(
        long? milliCpuRequest, long? milliCpuLimit, long memoryLimitBytes, int oomScoreAdjust,
        bool enforceCpuQuota = true, bool killGroupOnOutOfMemory = false)
    {
        var resources = new LinuxContainerResources
        {
            CpuShares = MilliCpuToShares(milliCpuRequest ?? milliCpuLimit ?? 0),
            OomScoreAdj = oomScoreAdjust,
        };
        if (memoryLimitBytes > 0)
        {
            // No swap beside the memory: upstream's NoSwap.
            resources.MemoryLimitInBytes = memoryLimitBytes;
            resources.MemorySwapLimitInBytes = memoryLimitBytes;
        }

        if (enforceCpuQuota)
        {
            resources.CpuPeriod = DefaultPeriodMicroseconds;
            resources.CpuQuota = MilliCpuToQuota(milliCpuLimit ?? 0);
        }

        if (killGroupOnOutOfMemory)
            resources.Unified["memory.oom.group"] = "1";
        return resources;
    }
}

/// <summary>Which processes the kernel ends first when memory is short: upstream's oom_score_adj values. Pure.</summary>
public static class OutOfMemoryScore
{
    public const int Kubelet = -999;
    public const int Sandbox = -998;
    public const int Guaranteed = -997;
    public const int BestEffort = 1000;

    /// <param name="isCritical">A static or mirror pod, or one of priority system-node-critical (2000001000) or above.</param>
    /// <param name="memoryRequestBytes">The container's own.</param>
    /// <param name="nodeMemoryBytes">The node's capacity.</param>
    public static int Of(QosClass qos, bool isCritical, long memoryRequestBytes, long nodeMemoryBytes)
    {
        if (isCritical || qos == QosClass.Guaranteed)
            return Guaranteed;
        if (qos == QosClass.BestEffort || nodeMemoryBytes <= 0)
            return BestEffort;

        // The more of the node a container asked for, the later it goes; but after all guaranteed and before all best-effort
        // ones.
        var score = 1000 - (int)(Int128.One * 1000 * memoryRequestBytes / nodeMemoryBytes);
        return Math.Clamp(score, 1000 + Guaranteed, BestEffort - 1);
    }
}
