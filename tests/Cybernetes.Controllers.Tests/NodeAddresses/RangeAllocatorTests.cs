using Cybernetes.Controllers.NodeAddresses;

namespace Cybernetes.Controllers.Tests.NodeAddresses;

public sealed class RangeAllocatorTests
{
    [Fact]
    public void Allocate_AllRanges_GivesEachOnceThenNone()
    {
        var ranges = new RangeAllocator("10.42.0.0/22", 24);
        var given = Enumerable.Range(0, 4).Select(i => ranges.Allocate("n" + i)).ToList();

        Assert.Equal(["10.42.0.0/24", "10.42.1.0/24", "10.42.2.0/24", "10.42.3.0/24"], given);
        Assert.Null(ranges.Allocate("n4"));
        ranges.Release("n1");
        Assert.Equal("10.42.1.0/24", ranges.Allocate("n4"));
    }

    [Fact]
    public void Allocate_SameNodeTwice_GivesTheSameRange()
    {
        var ranges = new RangeAllocator("10.42.0.0/16", 24);

        Assert.Equal(ranges.Allocate("a"), ranges.Allocate("a"));
        Assert.Equal("10.42.1.0/24", ranges.Allocate("b"));
    }

    [Fact]
    public void Occupy_RangesThatNodesHave_AreNotGivenAgain()
    {
        var ranges = new RangeAllocator("10.42.0.0/23", 24);

        Assert.True(ranges.Occupy("10.42.0.0/24", "old"));
        Assert.True(ranges.Occupy("10.42.0.0/24", "old"));
        Assert.False(ranges.Occupy("10.42.0.0/24", "thief"));
        Assert.False(ranges.Occupy("10.43.0.0/24", "foreign"));
        Assert.False(ranges.Occupy("fd00::/24", "foreign"));
        Assert.False(ranges.Occupy("junk", "foreign"));
        Assert.Equal("10.42.1.0/24", ranges.Allocate("new"));
        Assert.Null(ranges.Allocate("late"));
    }

    [Theory]
    [InlineData("10.42.1.7/16", 24, "10.42.0.0/24")]
    [InlineData("0.0.0.0/8", 24, "0.0.0.0/24")]
    [InlineData("10.42.3.0/24", 24, "10.42.3.0/24")]
    [InlineData("fd00:42::1/56", 64, "fd00:42::/64")]
    public void Allocate_OddRanges_StartsAtTheirNetwork(string cluster, int mask, string first) =>
        Assert.Equal(first, new RangeAllocator(cluster, mask).Allocate("a"));

    [Theory]
    [InlineData("10.42.0.0/16", 15)]
    [InlineData("10.0.0.0/7", 24)]
    [InlineData("10.42.0.0/24", 31)]
    [InlineData("fd00::/40", 64)]
    [InlineData("10.42.0.0/33", 33)]
    [InlineData("10.42.0.0", 24)]
    [InlineData("nonsense/8", 24)]
    public void Make_RangesThatDoNotFit_AreRefused(string cluster, int mask) =>
        Assert.Throws<ArgumentException>(() => new RangeAllocator(cluster, mask));

    [Fact]
    public void Allocate_IPv6_GivesEachOnceThenNone()
    {
        var ranges = new RangeAllocator("fd00:42::/62", 64);
        Assert.True(ranges.Occupy("fd00:42:0:1::/64", "old"));
        Assert.False(ranges.Occupy("10.42.0.0/24", "foreign"));

        Assert.Equal(["fd00:42::/64", "fd00:42:0:2::/64", "fd00:42:0:3::/64", null], Enumerable.Range(0, 4).Select(i => ranges.Allocate("n" + i)));
    }

    [Theory]
    [InlineData("", 0)]
    [InlineData("10.42.0.0/16", 1)]
    [InlineData("10.42.0.0/16,fd00:42::/56", 2)]
    [InlineData("fd00:42::/56,10.42.0.0/16", 2)]
    public void Allocators_OneAFamily_AreMade(string ranges, int count) =>
        Assert.Equal(count, NodeAddressController.Allocators(new() { ClusterCidr = ranges }).Count);

    [Theory]
    [InlineData("10.42.0.0/16,10.43.0.0/16")]
    [InlineData("10.42.0.0/16,fd00:42::/56,fd00:43::/56")]
    public void Allocators_TwoOfAFamily_AreRefused(string ranges) =>
        Assert.Throws<ArgumentException>(() => NodeAddressController.Allocators(new() { ClusterCidr = ranges }));
}
