using Cybernetes.Foundation;
using Cybernetes.Node.Agent;
using Cybernetes.Node.Resources;
using Cybernetes.Node.Status;
using Cybernetes.Objects.Core.V1;
using Microsoft.Extensions.Logging.Abstractions;

namespace Cybernetes.Node.Tests.Status;

/// <summary>Who tells a node's addresses: its agent, or the controllers of a cloud.</summary>
public sealed class NodeAddressesTests
{
    private static readonly NodeFacts s_facts = new(1, 1 << 30, 1 << 30, new Dictionary<long, long>(), "", "", "", "", "", "linux", "amd64");

    [Theory]
    // Whether a cloud's controllers are there, whether --node-ip is given, what stands there: what is told.
    [InlineData(false, false, "", "InternalIP 10.0.0.1;Hostname a")]
    [InlineData(false, false, "InternalIP 10.0.0.7", "InternalIP 10.0.0.1;Hostname a")]
    [InlineData(true, false, "", "")]
    [InlineData(true, true, "", "InternalIP 10.0.0.1;Hostname a")]
    [InlineData(true, true, "ExternalIP 1.2.3.4", "ExternalIP 1.2.3.4")]
    [InlineData(true, false, "ExternalIP 1.2.3.4", "ExternalIP 1.2.3.4")]
    public void Addresses_ByWhoseTheyAre_AreToldOrLeft(bool hasCloud, bool isGiven, string there, string told)
    {
        var old = new NodeStatus
        {
            Addresses = [.. there.Split(';', StringSplitOptions.RemoveEmptyEntries).Select(a => a.Split(' '))
                .Select(w => new NodeAddress { Type = w[0], Address = w[1] })],
        };
        var status = NodeStatusComposer.Compose(new NodeStatusInputs(
            old, s_facts, "a", ["10.0.0.1"], 10250, 110, "v1.36.0", "", [], [], [], DateTimeOffset.UnixEpoch)
        {
            HasExternalCloudProvider = hasCloud, HasGivenAddresses = isGiven,
        });
        Assert.Equal(told, string.Join(';', (status.Addresses ?? []).Select(a => $"{a.Type} {a.Address}")));
    }

    [Theory]
    [InlineData(true, "10.0.0.1,fd00::1", "10.0.0.1,fd00::1")]
    [InlineData(true, "", null)]
    [InlineData(false, "10.0.0.1", null)]
    public void Registration_WithACloud_SaysWhatAddressWasGiven(bool hasCloud, string nodeIp, string? told)
    {
        var options = new NodeAgentOptions { NodeName = "a", NodeIp = nodeIp, HasExternalCloudProvider = hasCloud };
        var registration = new NodeRegistration(null!, options, TimeProvider.System, Chance.Seeded(1), NullLogger.Instance);
        var node = registration.Make(new NodeStatus(), "linux", "amd64");
        Assert.Equal(told, node.Metadata.Annotations!.GetValueOrDefault("alpha.kubernetes.io/provided-node-ip"));
    }
}
