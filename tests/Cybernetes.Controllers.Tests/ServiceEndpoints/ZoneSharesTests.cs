using Cybernetes.Controllers.ServiceEndpoints;
using Cybernetes.Objects;
using Cybernetes.Objects.Discovery.V1;
using ClusterNode = Cybernetes.Objects.Core.V1.Node;

namespace Cybernetes.Controllers.Tests.ServiceEndpoints;

public sealed class ZoneSharesTests
{
    private static ClusterNode Node(string zone, int cpus, string ready = "True") => Make.Node($"{zone}-{cpus}", ready).With(n =>
    {
        n.Metadata.Labels = zone.Length == 0 ? null : new() { ["topology.kubernetes.io/zone"] = zone };
        n.Status.Allocatable = new() { ["cpu"] = Quantity.Parse(cpus.ToString(System.Globalization.CultureInfo.InvariantCulture)) };
    });

    private static List<Endpoint> Endpoints(string zones) => [.. zones.Select((zone, i) => new Endpoint
    {
        Addresses = [$"10.1.0.{i + 1}"], Zone = zone.ToString(), Conditions = new() { Ready = true },
    })];

    [Theory]
    // Three equal zones, each with its own endpoints.
    [InlineData("a4 b4 c4", "aabbcc", "aabbcc")]
    // Endpoints beyond a zone's share go where some lack.
    [InlineData("a4 b4", "aaaabb", "aaabbb")]
    [InlineData("a4 b4 c4", "aaabbc", "aabbcc")]
    [InlineData("a6 b2", "aaaabbbb", "aaaaaabb")]
    public void Deal_Endpoints_ByTheZonesShares(string nodes, string zones, string hints)
    {
        var (shares, problem) = ZoneShares.Of(nodes.Split(' ').Select(n => Node(n[..1], n[1] - '0')));
        var endpoints = Endpoints(zones);

        Assert.Equal("", shares!.Deal(endpoints));

        Assert.Equal("", problem);
        Assert.Equal(hints, string.Concat(endpoints.Select(e => e.Hints!.ForZones![0].Name).Order(StringComparer.Ordinal)));
    }

    [Theory]
    [InlineData("a4 b4 c4", "ab", "Insufficient number of endpoints (2), impossible to safely allocate proportionally")]
    [InlineData("a9 b1", "aab", "Insufficient number of endpoints (3), impossible to safely allocate proportionally")]
    public void Deal_TooFew_SaysWhy(string nodes, string zones, string problem) =>
        Assert.Equal(problem, ZoneShares.Of(nodes.Split(' ').Select(n => Node(n[..1], n[1] - '0'))).Shares!.Deal(Endpoints(zones)));

    [Fact]
    public void Deal_EndpointWithoutZone_SaysSo() => Assert.Equal(
        "One or more endpoints do not have a zone specified",
        ZoneShares.Of([Node("a", 4), Node("b", 4)]).Shares!.Deal([.. Endpoints("abab"), new Endpoint { Addresses = ["10.1.0.9"], Conditions = new() }]));

    [Fact]
    public void Of_NodesInOneZoneOrWithout_SaysWhy()
    {
        Assert.Equal("Nodes only ready in one zone", ZoneShares.Of([Node("a", 4), Node("b", 4, "False")]).Problem);
        Assert.Equal("Nodes do not provide the topology and CPU information needed", ZoneShares.Of([Node("a", 4), Node("", 4)]).Problem);
    }

    [Theory]
    [InlineData("service.kubernetes.io/topology-mode", "Auto", true)]
    [InlineData("service.kubernetes.io/topology-mode", "auto", true)]
    [InlineData("service.kubernetes.io/topology-mode", "Disabled", false)]
    [InlineData("service.kubernetes.io/topology-aware-hints", "Auto", true)]
    public void IsWanted_Annotation_Decides(string key, string value, bool wanted) =>
        Assert.Equal(wanted, ZoneShares.IsWanted(Make.Service().With(s => s.Metadata.Annotations = new() { [key] = value })));
}
