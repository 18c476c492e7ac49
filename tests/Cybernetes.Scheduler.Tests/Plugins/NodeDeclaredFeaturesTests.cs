using Cybernetes.Objects.Core.V1;
using Cybernetes.Scheduler.Plugins.NodeDeclaredFeatures;
using Cybernetes.Scheduler.Queue;

namespace Cybernetes.Scheduler.Tests.Plugins;

public sealed class NodeDeclaredFeaturesTests
{
    private const string RestartAll = "RestartAllContainersOnContainerExits";

    [Theory]
    [InlineData("plain", null)]
    [InlineData("restarts", RestartAll)]
    [InlineData("restarts at start", RestartAll)]
    [InlineData("own users on the host's network", "UserNamespacesHostNetworkSupport")]
    public void Decide_PodUsesAFeature_OnlyNodesThatDeclareIt(string kind, string? required)
    {
        var pod = Pod(kind);
        var bare = Cluster.Node("bare");
        var able = Cluster.Node("able");
        able.Status.DeclaredFeatures = [RestartAll, "UserNamespacesHostNetworkSupport"];
        Assert.Equal("able", Cluster.Decide(Cluster.Columns(able), pod).NodeName);
        var alone = Cluster.Decide(Cluster.Columns(bare), pod);
        if (required is null)
        {
            Assert.Equal("bare", alone.NodeName);
            return;
        }
        Assert.Equal("able", Cluster.Decide(Cluster.Columns(bare, able), pod).NodeName);
        Assert.StartsWith($"0/1 nodes are available: 1 node declared features check failed - unsatisfied requirements: {required}. ",
            alone.Diagnosis.Message(1), StringComparison.Ordinal);
    }

    [Fact]
    public void MayHelp_NodeChanges_OnlyOneThatDeclaresWhatIsNeeded()
    {
        var filter = new NodeDeclaredFeaturesFilter();
        var node = Cluster.Node("a");
        Assert.False(filter.MayHelp(Pod("restarts"), new ClusterHappening(ClusterEvent.NodeFeaturesChanged, Node: node)));
        node.Status.DeclaredFeatures = [RestartAll];
        Assert.True(filter.MayHelp(Pod("restarts"), new ClusterHappening(ClusterEvent.NodeFeaturesChanged, Node: node)));
    }

    private static Pod Pod(string kind) => Cluster.Pod("p", with: p =>
    {
        if (kind == "restarts")
            p.Spec.Containers![0].RestartPolicyRules = [new() { Action = "RestartAllContainers" }];
        else if (kind == "restarts at start")
            p.Spec.InitContainers = [new() { Name = "i", RestartPolicyRules = [new() { Action = "Restart" }, new() { Action = "RestartAllContainers" }] }];
        else if (kind.StartsWith("own", StringComparison.Ordinal))
            (p.Spec.HostNetwork, p.Spec.HostUsers) = (true, false);
    });
}
