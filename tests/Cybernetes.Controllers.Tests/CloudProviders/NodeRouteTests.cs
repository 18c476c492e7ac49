using System.Net;
using Cybernetes.Controllers.CloudProviders;
using ClusterNode = Cybernetes.Objects.Core.V1.Node;

namespace Cybernetes.Controllers.Tests.CloudProviders;

public sealed class NodeRouteTests
{
    private static readonly IPNetwork[] s_cluster = [IPNetwork.Parse("10.244.0.0/16")];

    private static ClusterNode Node(string name, string range) => Make.Node(name).With(n => n.Spec.PodCIDR = range);

    [Theory]
    [InlineData("a 10.244.1.0/24", "", "", "a 10.244.1.0/24")]
    [InlineData("a 10.244.1.0/24", "a 10.244.1.0/24", "", "")]
    [InlineData("a 10.244.1.0/24", "a 10.244.9.0/24", "a 10.244.9.0/24", "a 10.244.1.0/24")]
    [InlineData("a 10.244.1.0/24", "b 10.244.1.0/24", "b 10.244.1.0/24", "a 10.244.1.0/24")]
    [InlineData("a 10.244.1.0/24", "a 10.244.1.0/24 hole", "a 10.244.1.0/24", "a 10.244.1.0/24")]
    // A route of somebody else's is left alone.
    [InlineData("a 10.244.1.0/24", "b 172.16.0.0/24", "", "a 10.244.1.0/24")]
    [InlineData("a ", "", "", "")]
    public void Plan_NodesAndRoutes_DeletesAndMakes(string nodes, string present, string delete, string create)
    {
        static CloudRoute Route(string text) =>
            text.Split(' ') is [var node, var range, .. var rest] ? new("r", node, range, rest.Length > 0) : throw new FormatException(text);

        var plan = NodeRouteController.Plan(
            [.. nodes.Split(';').Select(n => Node(n.Split(' ')[0], n.Split(' ')[1]))],
            [.. present.Split(';', StringSplitOptions.RemoveEmptyEntries).Select(Route)], s_cluster);

        Assert.Equal(delete, string.Join(';', plan.Delete.Select(r => $"{r.TargetNode} {r.DestinationCidr}")));
        Assert.Equal(create, string.Join(';', plan.Create.Select(r => $"{r.TargetNode} {r.DestinationCidr}")));
    }

    [Fact]
    public void Describe_UninitializedNode_HasItsMachinesLabelsAndLosesTheTaint()
    {
        var node = Make.Node("a", "True",
            new() { Key = CloudTaints.Uninitialized, Value = "true", Effect = "NoSchedule" }, new() { Key = "own", Effect = "NoSchedule" });

        var described = CloudNodeController.Describe(node, new() { ProviderId = "fake://a", InstanceType = "large", Zone = "z", Region = "r" })!;

        Assert.Equal(("fake://a", "own"), (described.Spec.ProviderID, Assert.Single(described.Spec.Taints!).Key));
        Assert.Equal(["beta.kubernetes.io/instance-type=large", "failure-domain.beta.kubernetes.io/region=r", "failure-domain.beta.kubernetes.io/zone=z",
            "node.kubernetes.io/instance-type=large", "topology.kubernetes.io/region=r", "topology.kubernetes.io/zone=z"],
            described.Metadata.Labels!.Select(l => $"{l.Key}={l.Value}").Order(StringComparer.Ordinal));
        Assert.Null(CloudNodeController.Describe(described, new() { ProviderId = "other://a" }));
    }

    [Theory]
    [InlineData("", "InternalIP 10.0.0.1;InternalIP 10.0.0.2;ExternalIP 1.2.3.4;Hostname a")]
    [InlineData("10.0.0.2", "InternalIP 10.0.0.2;ExternalIP 1.2.3.4;Hostname a")]
    [InlineData("1.2.3.4", "ExternalIP 1.2.3.4;InternalIP 10.0.0.1;InternalIP 10.0.0.2;Hostname a")]
    [InlineData("10.0.0.2,10.0.0.1", "InternalIP 10.0.0.2;ExternalIP 1.2.3.4;InternalIP 10.0.0.1;Hostname a")]
    [InlineData("10.0.0.9", null)]
    [InlineData("nonsense", null)]
    public void Addresses_OfAMachine_ThoseThatTheAgentWasGivenCount(string provided, string? told)
    {
        var node = Make.Node("a").With(n => n.Status.Addresses = [new() { Type = "Hostname", Address = "a" }]);
        node.Metadata.Annotations = new() { ["alpha.kubernetes.io/provided-node-ip"] = provided };
        var machine = new InstanceMetadata
        {
            ProviderId = "fake://a",
            Addresses =
            [
                new() { Type = "InternalIP", Address = "10.0.0.1" }, new() { Type = "InternalIP", Address = "10.0.0.2" },
                new() { Type = "ExternalIP", Address = "1.2.3.4" },
            ],
        };
        if (told is null)
            Assert.Throws<ReconcileFailedException>(() => CloudNodeController.Addresses(node, machine));
        else
            Assert.Equal(told, string.Join(';', CloudNodeController.Addresses(node, machine).Select(x => $"{x.Type} {x.Address}")));
    }
}
