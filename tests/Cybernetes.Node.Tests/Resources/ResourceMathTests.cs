using Cybernetes.Node.Resources;

namespace Cybernetes.Node.Tests.Resources;

public sealed class ResourceMathTests
{
    [Theory]
    [InlineData(0, 2)]
    [InlineData(1, 2)]
    [InlineData(2, 2)]
    [InlineData(100, 102)]
    [InlineData(1000, 1024)]
    [InlineData(1500, 1536)]
    [InlineData(256000, 262144)]
    [InlineData(1000000, 262144)]
    public void Shares_OfMilliCpu_AsUpstream(long milliCpu, long shares) =>
        Assert.Equal(shares, ResourceMath.MilliCpuToShares(milliCpu));

    [Theory]
    [InlineData(0, 0)]
    [InlineData(1, 1000)]
    [InlineData(5, 1000)]
    [InlineData(10, 1000)]
    [InlineData(50, 5000)]
    [InlineData(1000, 100000)]
    [InlineData(1500, 150000)]
    public void Quota_OfMilliCpu_AsUpstream(long milliCpu, long quota) =>
        Assert.Equal(quota, ResourceMath.MilliCpuToQuota(milliCpu));

    [Theory]
    [InlineData(2, 1)]
    [InlineData(102, 4)]
    [InlineData(1024, 39)]
    [InlineData(2048, 79)]
    [InlineData(262144, 10000)]
    [InlineData(0, 1)]
    public void Weight_OfShares_IsKepsLine(long shares, long weight) => Assert.Equal(weight, ResourceMath.SharesToWeight(shares));

    [Theory]
    [InlineData(1, 2)]
    [InlineData(39, 998)]
    [InlineData(10000, 262144)]
    public void Shares_OfWeight_IsKepsLine(long weight, long shares) => Assert.Equal(shares, ResourceMath.WeightToShares(weight));

    public static TheoryData<QosClass, long, long?, long?, CgroupLimits> Pods => new()
    {
        { QosClass.BestEffort, 0, null, null, new CgroupLimits(CpuShares: 2) },
        { QosClass.Burstable, 100, null, null, new CgroupLimits(CpuShares: 102) },
        { QosClass.Burstable, 100, 200, 1024, new CgroupLimits(102, 20000, 100000, 1024) },
        { QosClass.Burstable, 100, null, 1024, new CgroupLimits(CpuShares: 102, MemoryBytes: 1024) },
        { QosClass.Guaranteed, 500, 500, 4096, new CgroupLimits(512, 50000, 100000, 4096) },
        { QosClass.Guaranteed, 0, 500, 4096, new CgroupLimits(512, 50000, 100000, 4096) },
    };

    [Theory]
    [MemberData(nameof(Pods))]
    public void PodLimits_OfClass_AsUpstream(
        QosClass qos, long request, long? cpuLimit, long? memoryLimit, CgroupLimits expected) =>
        Assert.Equal(expected, ResourceMath.PodLimits(qos, request, cpuLimit, memoryLimit));

    [Theory]
    [InlineData(QosClass.Guaranteed, false, 0, 1000, -997)]
    [InlineData(QosClass.BestEffort, false, 0, 1000, 1000)]
    [InlineData(QosClass.BestEffort, true, 0, 1000, -997)]
    [InlineData(QosClass.Burstable, false, 0, 1000, 999)]
    [InlineData(QosClass.Burstable, false, 1, 1000, 999)]
    [InlineData(QosClass.Burstable, false, 500, 1000, 500)]
    [InlineData(QosClass.Burstable, false, 999, 1000, 3)]
    [InlineData(QosClass.Burstable, false, 5000, 1000, 3)]
    [InlineData(QosClass.Burstable, false, 4_000_000_000, 8_000_000_000, 500)]
    public void OutOfMemoryScore_OfContainer_AsUpstream(QosClass qos, bool isCritical, long request, long capacity, int score) =>
        Assert.Equal(score, OutOfMemoryScore.Of(qos, isCritical, request, capacity));

    [Fact]
    public void ContainerResources_LimitWithoutRequest_CountsAsRequest()
    {
        var resources = ResourceMath.ContainerResources(null, 500, 1 << 20, oomScoreAdjust: 3, killGroupOnOutOfMemory: true);

        Assert.Equal((512, 50000, 100000), (resources.CpuShares, resources.CpuQuota, resources.CpuPeriod));
        Assert.Equal((1 << 20, 1 << 20), (resources.MemoryLimitInBytes, resources.MemorySwapLimitInBytes));
        Assert.Equal("1", resources.Unified["memory.oom.group"]);
    }
}
