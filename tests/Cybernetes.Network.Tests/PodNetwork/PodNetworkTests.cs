using System.Text.Json;
using Cybernetes.Network.PodNetwork;

namespace Cybernetes.Network.Tests.PodNetwork;

public sealed class PodNetworkTests
{
    private static readonly PodNetworkOptions s_options = new() { NodeName = "n", ClusterCidr = "10.244.0.0/16", ServiceCidr = "10.96.0.0/12" };

    [Fact]
    public void Configuration_ForAPodCidr_HasBridgeAndPortMap()
    {
        using var document = JsonDocument.Parse(CniConfiguration.For("10.244.3.0/24", s_options));
        var plugins = document.RootElement.GetProperty("plugins");
        Assert.Equal("bridge", plugins[0].GetProperty("type").GetString());
        Assert.Equal("10.244.3.0/24", plugins[0].GetProperty("ipam").GetProperty("ranges")[0][0].GetProperty("subnet").GetString());
        Assert.True(plugins[0].GetProperty("hairpinMode").GetBoolean());
        Assert.Equal("portmap", plugins[1].GetProperty("type").GetString());
    }

    [Theory]
    [InlineData("10.244.0.0/24", "10.244.0.1/24")]
    [InlineData("10.244.7.128/25", "10.244.7.129/25")]
    public void Gateway_OfARange_IsItsFirstAddress(string range, string expected) => Assert.Equal(expected, NetworkCommands.Gateway(range));

    [Fact]
    public void Commands_ForANode_HoldServiceAndForeignPodAddresses()
    {
        var commands = NetworkCommands.For("10.244.3.0/24", s_options).Select(c => c.ToString()).ToList();
        Assert.Contains("ip route replace 10.96.0.0/12 dev cni0", commands);
        Assert.Contains("ip route replace unreachable 10.244.0.0/16 metric 4096", commands);
        Assert.Contains(commands, c => c.Contains("-s 10.244.3.0/24 ! -d 10.244.0.0/16") && c.Contains("MASQUERADE"));
    }
}
