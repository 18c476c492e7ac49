using Cybernetes.Objects.Core.V1;
using Cybernetes.Scheduler.Configuration;

namespace Cybernetes.Scheduler.Tests.Configuration;

public sealed class SchedulerConfigurationTests
{
    private const string Head = "apiVersion: kubescheduler.config.k8s.io/v1\nkind: KubeSchedulerConfiguration\n";

    [Theory]
    [InlineData("kind: KubeSchedulerConfiguration", "c:1: document: apiVersion is missing")]
    [InlineData("apiVersion: kubescheduler.config.k8s.io/v2\nkind: KubeSchedulerConfiguration", "c:1: apiVersion: Unsupported value: \"kubescheduler.config.k8s.io/v2\"")]
    [InlineData(Head + "podMaxBackoff: 3", "c:3: podMaxBackoff: unknown field")]
    [InlineData(Head + "percentageOfNodesToScore: 101", "c:3: percentageOfNodesToScore: Invalid value: 101: not in valid range [0-100]")]
    [InlineData(Head + "podInitialBackoffSeconds: 20", "Invalid value: must be greater than or equal to PodInitialBackoffSeconds")]
    [InlineData(Head + "profiles:\n- plugins:\n    score:\n      enabled:\n      - name: Nonsense", "c:7: profiles[0].plugins.score.enabled[0].name: plugin \"Nonsense\" does not exist")]
    [InlineData(Head + "profiles:\n- schedulerName: a\n- schedulerName: a", "Duplicate value: schedulerName \"a\"")]
    [InlineData(Head + "profiles:\n- pluginConfig:\n  - name: InterPodAffinity\n    args:\n      hardPodAffinityWeight: 200",
        "c:7: profiles[0].pluginConfig[0].args.hardPodAffinityWeight: Invalid value: 200: not in valid range [0-100]")]
    [InlineData(Head + "profiles:\n- pluginConfig:\n  - name: NodeResourcesFit\n    args:\n      scoringStrategy: {type: Best}",
        "c:7: profiles[0].pluginConfig[0].args.scoringStrategy.type: Unsupported value: \"Best\"")]
    [InlineData(Head + "extenders:\n- urlPrefix: nowhere", "c:4: extenders[0].urlPrefix: Invalid value: \"nowhere\": must be a URL")]
    [InlineData(Head + "profiles: [", "c:4:")]
    public void Parse_Mistake_NamesLineAndField(string yaml, string expected)
    {
        var failure = Assert.Throws<SchedulerConfigurationException>(() => SchedulerConfiguration.Parse(yaml, "c"));
        Assert.Contains(expected, failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Parse_NoProfiles_GivesTheDefaultOneWithUpstreamsWeights()
    {
        var profile = Cluster.Profile(configuration: Head);
        Assert.Equal("default-scheduler", profile.SchedulerName);
        var weights = profile.RoomScores.Select(s => (s.Plugin.Name, s.Weight)).Concat(profile.ClusterScores.Select(s => (s.Plugin.Name, s.Weight)))
            .ToDictionary(s => s.Name, s => s.Weight);
        Assert.Equal(
            new Dictionary<string, int>
            {
                ["NodeResourcesFit"] = 1, ["NodeResourcesBalancedAllocation"] = 1, ["ImageLocality"] = 1, ["TaintToleration"] = 3, ["NodeAffinity"] = 2,
                ["PodTopologySpread"] = 2, ["InterPodAffinity"] = 2,
            },
            weights);
    }

    [Fact]
    public void Parse_OldVersion_HasItsOwnWeights()
    {
        var profile = Cluster.Profile(configuration: "apiVersion: kubescheduler.config.k8s.io/v1beta2\nkind: KubeSchedulerConfiguration");
        Assert.Equal(1, profile.ClusterScores.Single(s => s.Plugin.Name == "TaintToleration").Weight);
    }

    [Fact]
    public void Parse_ScoreDisabledAndReweighted_OnlyThatPointChanges()
    {
        var profile = Cluster.Profile(configuration: Head + """
            profiles:
            - plugins:
                score:
                  disabled: [{name: "*"}]
                  enabled: [{name: NodeResourcesFit, weight: 7}]
            """);
        Assert.Equal([("NodeResourcesFit", 7)], profile.RoomScores.Select(s => (s.Plugin.Name, s.Weight)));
        Assert.Empty(profile.ClusterScores);
        Assert.Contains(profile.ClusterFilters, f => f.Name == "InterPodAffinity");
    }

    [Theory]
    [InlineData("LeastAllocated", "", "empty")]
    [InlineData("MostAllocated", "", "full")]
    [InlineData("RequestedToCapacityRatio", ", requestedToCapacityRatio: {shape: [{utilization: 0, score: 0}, {utilization: 100, score: 10}]}", "full")]
    [InlineData("RequestedToCapacityRatio", ", requestedToCapacityRatio: {shape: [{utilization: 0, score: 10}, {utilization: 100, score: 0}]}", "empty")]
    public void Decide_ScoringStrategy_PrefersItsNodes(string type, string more, string expected)
    {
        var profile = Cluster.Profile(configuration: Head + $$"""
            profiles:
            - plugins:
                score:
                  disabled: [{name: NodeResourcesBalancedAllocation}]
              pluginConfig:
              - name: NodeResourcesFit
                args:
                  scoringStrategy: {type: {{type}}{{more}} }
            """);
        var columns = Cluster.Columns(Cluster.Node("empty"), Cluster.Node("full"));
        Cluster.Place(columns, Cluster.Pod("there", "2", "4Gi"), "full");
        Assert.Equal(expected, Cluster.Decide(columns, Cluster.Pod("p", "1", "1Gi"), profile: profile).NodeName);
    }

    [Fact]
    public void Decide_AddedAffinity_HoldsForEveryPod()
    {
        var profile = Cluster.Profile(configuration: Head + """
            profiles:
            - pluginConfig:
              - name: NodeAffinity
                args:
                  addedAffinity:
                    requiredDuringSchedulingIgnoredDuringExecution:
                      nodeSelectorTerms:
                      - matchExpressions: [{key: team, operator: In, values: [blue]}]
            """);
        var columns = Cluster.Columns(Cluster.Node("a"), Cluster.Node("b", labels: ("team", "blue")));
        Assert.Equal("b", Cluster.Decide(columns, Cluster.Pod("p"), profile: profile).NodeName);
        columns.RemoveNode("b");
        Assert.StartsWith("0/1 nodes are available: 1 node(s) didn't match scheduler-enforced node affinity. ",
            Cluster.Decide(columns, Cluster.Pod("q"), profile: profile).Diagnosis.Message(1));
    }

    [Fact]
    public void Decide_DefaultConstraintsAsList_ReplaceTheSystems()
    {
        var profile = Cluster.Profile(configuration: Head + """
            profiles:
            - pluginConfig:
              - name: PodTopologySpread
                args:
                  defaultingType: List
                  defaultConstraints: [{maxSkew: 1, topologyKey: zone, whenUnsatisfiable: DoNotSchedule}]
            """);
        var columns = Cluster.Columns(Cluster.Node("a", labels: ("zone", "1")), Cluster.Node("b"));
        var selector = Cybernetes.Objects.LabelMatcher.Parse("app=web");
        var pod = Cluster.Pod("p", with: p => p.Metadata.Labels = new() { ["app"] = "web" });
        Assert.Equal("a", Cluster.Decide(columns, pod, spread: selector, profile: profile).NodeName);
    }
}
