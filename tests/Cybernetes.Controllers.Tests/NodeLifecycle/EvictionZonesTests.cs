using Cybernetes.Controllers.NodeLifecycle;
using ClusterNode = Cybernetes.Objects.Core.V1.Node;

namespace Cybernetes.Controllers.Tests.NodeLifecycle;

/// <summary>How fast nodes are given up, by the health of their zones.</summary>
public sealed class EvictionZonesTests
{
    private static readonly EvictionRates Upstream = new(0.1, 0.01, 0.55, 50);

    private static List<ClusterNode> Nodes(string zone, int ready, int notReady) =>
    [
        .. Enumerable.Range(0, ready + notReady).Select(i => Make.Node($"{zone}-{i}", i < ready ? "True" : "Unknown")
            .With(n => n.Metadata.Labels = new() { ["topology.kubernetes.io/zone"] = zone })),
    ];

    private static int Taken(EvictionZones zones, IEnumerable<ClusterNode> nodes, int seconds)
    {
        var waiting = new Queue<ClusterNode>(nodes.Where(n => n.Status.Conditions![0].Status != "True"));
        var taken = 0;
        for (var second = 0; second < seconds; second++)
        {
            while (waiting.Count > 0 && zones.TryTake(waiting.Peek(), Make.Start.AddSeconds(second)))
            {
                waiting.Dequeue();
                taken++;
            }
        }
        return taken;
    }

    [Theory]
    [InlineData(10, 0, "Normal")]
    [InlineData(1, 2, "Normal")]
    [InlineData(3, 3, "Normal")]
    [InlineData(2, 3, "PartialDisruption")]
    [InlineData(0, 1, "FullDisruption")]
    [InlineData(0, 0, "Normal")]
    public void StateOf_ReadyAndNot_IsUpstreams(int ready, int notReady, string state) =>
        Assert.Equal(state, EvictionZones.StateOf(ready, notReady, 0.55).ToString());

    [Theory]
    [InlineData(97, 3, 100, 3)]
    [InlineData(90, 10, 100, 10)]
    [InlineData(5, 5, 30, 3)]
    [InlineData(4, 6, 1000, 0)]
    [InlineData(20, 80, 1000, 10)]
    public void TryTake_OneZone_TakesAtItsRate(int ready, int notReady, int seconds, int taken)
    {
        var zones = new EvictionZones(Upstream);
        // Another zone is well, so that nobody takes the whole cluster for cut off.
        zones.Observe([.. Nodes("bad", ready, notReady), .. Nodes("good", 1, 0)]);

        Assert.Equal(taken, Taken(zones, Nodes("bad", ready, notReady), seconds));
    }

    [Fact]
    public void TryTake_OneZoneDownAnotherUp_TakesAtTheFullRate()
    {
        var zones = new EvictionZones(Upstream);
        zones.Observe([.. Nodes("down", 0, 5), .. Nodes("up", 5, 0)]);

        Assert.Equal(5, Taken(zones, Nodes("down", 0, 5), 60));
    }

    [Fact]
    public void Observe_AllZonesDown_IsCutOffUntilOneIsBack()
    {
        var zones = new EvictionZones(Upstream);

        Assert.False(zones.Observe([.. Nodes("a", 0, 3), .. Nodes("b", 0, 3)]));
        Assert.True(zones.IsCutOff);
        Assert.Equal(0, Taken(zones, Nodes("a", 0, 3), 100));
        Assert.True(zones.Observe([.. Nodes("a", 1, 2), .. Nodes("b", 0, 3)]));
        Assert.False(zones.IsCutOff);
    }
}
