using Cybernetes.Objects.Core.V1;
using Cybernetes.Scheduler.Configuration;

namespace Cybernetes.Scheduler.Tests.Configuration;

public sealed class SchedulerConfigurationTests
{
    private const string Head = "apiVersion: kubescheduler.config.k8s.io/v1\nkind: KubeSchedulerConfiguration\n";

    private const string Affinity = Head + """
        profiles:
        - pluginConfig: [{name: NodeAffinity, args: {
              addedAffinity: {
                requiredDuringSchedulingIgnoredDuringExecution: {nodeSelectorTerms: [{matchExpressions: [
        """;

    private const string AffinityAt = "profiles[0].pluginConfig[0].args.addedAffinity: "
        + "requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms[0].matchExpressions[0]";

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
    [InlineData("", "c:1: document: one KubeSchedulerConfiguration is expected, not 0")]
    [InlineData("just words", "c:1: document: must be a mapping")]
    [InlineData(Head + "---\n" + Head, "c:1: document: one KubeSchedulerConfiguration is expected, not 2")]
    [InlineData(Head + "kind: KubeSchedulerConfiguration", "c:3:")]
    [InlineData(Head + "? [a, b]\n: c", "c:3: document: field names must be strings")]
    [InlineData(Head + "parallelism: many", "c:3: parallelism: Invalid value: \"many\": must be a whole number")]
    [InlineData(Head + "parallelism: 0", "c:3: parallelism: Invalid value: 0: not in valid range")]
    [InlineData(Head + "profiles: {}", "c:3: profiles: must be a list")]
    [InlineData(Head + "profiles:\n- schedulerName: ''", "c:4: profiles[0].schedulerName: Required value")]
    [InlineData(Head + "profiles:\n- plugins:\n    scoring: {}", "c:5: profiles[0].plugins.scoring: unknown field")]
    [InlineData(Head + "profiles:\n- plugins:\n    score:\n      enabled:\n      - name: ImageLocality\n        weight: -1", "c:8: profiles[0].plugins.score.enabled[0].weight: Invalid value: -1")]
    [InlineData(Head + "profiles:\n- pluginConfig:\n  - name: ImageLocality\n    args: {size: 3}", "c:5: profiles[0].pluginConfig[0].name: plugin \"ImageLocality\" takes no arguments")]
    [InlineData(Head + "profiles:\n- pluginConfig:\n  - name: NodeAffinity\n    args:\n      addedAffinity: {required: x}", "c:7: profiles[0].pluginConfig[0].args.addedAffinity: ")]
    [InlineData(Head + "profiles:\n- pluginConfig:\n  - name: PodTopologySpread\n    args:\n      defaultingType: List\n      defaultConstraints:\n      - maxSkew: 0",
        "c:9: profiles[0].pluginConfig[0].args.defaultConstraints[0]: Invalid value: maxSkew must be greater than zero")]
    [InlineData(Head + "profiles:\n- pluginConfig:\n  - name: NodeResourcesFit\n    args:\n      scoringStrategy:\n        type: RequestedToCapacityRatio\n        requestedToCapacityRatio:\n          shape:\n          - {utilization: 50, score: 1}\n          - {utilization: 20, score: 5}",
        "c:12: profiles[0].pluginConfig[0].args.scoringStrategy.requestedToCapacityRatio.shape[1]: Invalid value: utilization values must be sorted in increasing order")]
    [InlineData(Head + "leaderElection:\n  leaseDuration: soon", "c:4: leaderElection.leaseDuration: Invalid value: \"soon\"")]
    [InlineData(Head + "leaderElection:\n  leaseDuration: 5s", "c:4: leaderElection.leaseDuration: Invalid value: LeaseDuration must be greater than RenewDeadline")]
    [InlineData(Head + "leaderElection:\n  retryPeriod: 0s", "c:4: leaderElection.retryPeriod: Invalid value: must be greater than zero")]
    [InlineData(Head + "leaderElection:\n  retryPeriod: 9s", "c:4: leaderElection: Invalid value: RenewDeadline must be greater than RetryPeriod*JitterFactor")]
    [InlineData(Head + "leaderElection:\n  resourceLock: endpoints", "c:4: leaderElection.resourceLock: Unsupported value: \"endpoints\"")]
    public void Parse_Mistake_NamesLineAndField(string yaml, string expected) => AssertRefused(yaml, expected);

    [Theory]
    [InlineData(Head + "extenders:\n- urlPrefix: ftp://x", "c:4: extenders[0].urlPrefix: Invalid value")]
    [InlineData(Head + "extenders:\n- urlPrefix: http://x\n  prioritizeVerb: rate\n  weight: 0", "c:6: extenders[0].weight: Invalid value: must have a positive weight applied to it")]
    [InlineData(Head + "extenders:\n- urlPrefix: https://x\n  tlsConfig: {caData: '%'}", "c:5: extenders[0].tlsConfig.caData: Invalid value: must be base64")]
    [InlineData(Head + "extenders:\n- urlPrefix: https://x\n  tlsConfig: {certFile: /does/not/exist, keyFile: /does/not/exist}", "c:5: extenders[0].tlsConfig.certFile: Invalid value: \"/does/not/exist\"")]
    [InlineData(Head + "extenders:\n- urlPrefix: https://x\n  tlsConfig: {certData: QQ==}", "c:5: extenders[0].tlsConfig: Required value: certFile or certData and keyFile or keyData must be given together")]
    [InlineData(Head + "metricsBindAddress: 0.0.0.0:10251", "c:3: metricsBindAddress: Invalid value: \"0.0.0.0:10251\": must be empty or with an explicit 0 port")]
    [InlineData(Head + "clientConnection: {burst: -1}", "c:3: clientConnection.burst: Invalid value: -1")]
    [InlineData(Affinity + "{key: a, operator: Equals}]}]}}}}]", "c:5: " + AffinityAt + ".operator: Unsupported value: \"Equals\": not a valid selector operator")]
    [InlineData(Affinity + "{key: a, operator: In}]}]}}}}]", "c:5: " + AffinityAt + ".values: Required value: must be specified when `operator` is 'In' or 'NotIn'")]
    [InlineData(Affinity + "{key: a, operator: Gt, values: [b]}]}]}}}}]", "c:5: " + AffinityAt + ".values[0]: Invalid value: \"b\"")]
    [InlineData(Affinity + "{operator: Exists}]}]}}}}]", "c:5: " + AffinityAt + ".key: Required value")]
    [InlineData(Head + "profiles:\n- pluginConfig:\n  - name: PodTopologySpread\n    args:\n      defaultingType: List\n      defaultConstraints:\n"
        + "      - {maxSkew: 1, topologyKey: a, whenUnsatisfiable: DoNotSchedule}\n      - {maxSkew: 2, topologyKey: a, whenUnsatisfiable: DoNotSchedule}",
        "c:10: profiles[0].pluginConfig[0].args.defaultConstraints[1]: Duplicate value: \"{a, DoNotSchedule}\"")]
    [InlineData(Head + "extenders:\n- urlPrefix: https://x\n  tlsConfig: {serverName: 'a b'}", "c:5: extenders[0].tlsConfig.serverName: Invalid value: \"a b\"")]
    [InlineData(Head + "extenders:\n- urlPrefix: http://x\n  managedResources: [{name: cpu}]",
        "c:5: extenders[0].managedResources[0].name: Invalid value: \"cpu\": cpu is an invalid extended resource name")]
    [InlineData(Head + "extenders:\n- urlPrefix: http://x\n  managedResources: [{name: a.b/c}]\n- urlPrefix: http://y\n  managedResources: [{name: a.b/c}]",
        "c:6: extenders[1]: Invalid value: \"a.b/c\": duplicate extender managed resource name")]
    [InlineData(Head + "extenders:\n- urlPrefix: http://x\n  bindVerb: bind\n- urlPrefix: http://y\n  bindVerb: bind",
        "c:6: extenders[1]: Invalid value: only one extender can implement bind")]
    [InlineData(Head + "profiles:\n- schedulerName: a\n- schedulerName: b\n  plugins:\n    queueSort:\n      disabled: [{name: PrioritySort}]",
        "c:5: profiles[1]: Invalid value: plugins.queueSort: has to match for all profiles")]
    [InlineData(Head + "profiles:\n- plugins:\n    filter:\n      enabled:\n      - name: NodeName\n      - name: NodeName",
        "c:8: profiles[0].plugins.filter.enabled[1].name: plugin \"NodeName\" already registered")]
    [InlineData(Head + "profiles:\n- plugins:\n    score:\n      enabled:\n      - name: NodeResourcesMostAllocated",
        "c:7: profiles[0].plugins.score.enabled[0].name: plugin \"NodeResourcesMostAllocated\" does not exist any more: use NodeResourcesFit with")]
    [InlineData(Head + "profiles:\n- pluginConfig:\n  - name: VolumeBinding\n    args:\n      shape: [{utilization: 0, score: 1}]",
        "c:7: profiles[0].pluginConfig[0].args.shape: Invalid value: unexpected field `shape`, remove it or turn on the feature gate StorageCapacityScoring")]
    [InlineData(Head + "profiles:\n- pluginConfig:\n  - name: VolumeBinding\n    args:\n      kind: NodeAffinityArgs",
        "c:7: profiles[0].pluginConfig[0].args.kind: Unsupported value: \"NodeAffinityArgs\": supported values: \"VolumeBindingArgs\"")]
    public void Parse_MistakeOfMeaning_NamesLineAndField(string yaml, string expected) => AssertRefused(yaml, expected);

    private static void AssertRefused(string yaml, string expected)
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
                ["NodeResourcesFit"] = 1, ["NodeResourcesBalancedAllocation"] = 1, ["ImageLocality"] = 1, ["DynamicResources"] = 1, ["TaintToleration"] = 3, ["NodeAffinity"] = 2,
                ["PodTopologySpread"] = 2, ["InterPodAffinity"] = 2,
            },
            weights);
    }

    [Theory]
    [InlineData("v1beta1", 1)]
    [InlineData("v1beta2", 1)]
    [InlineData("v1beta3", 3)]
    [InlineData("v1", 3)]
    public void Parse_OldVersion_HasItsOwnWeights(string version, int expected)
    {
        var profile = Cluster.Profile(configuration: $"apiVersion: kubescheduler.config.k8s.io/{version}\nkind: KubeSchedulerConfiguration");
        Assert.Equal(expected, profile.ClusterScores.Single(s => s.Plugin.Name == "TaintToleration").Weight);
    }

    [Fact]
    public void Parse_OldNamesOfVolumeLimits_AreThoseOfTheirDrivers()
    {
        var profile = Cluster.Profile(configuration: Head + """
            profiles:
            - plugins:
                filter:
                  disabled: [{name: "*"}]
                  enabled: [{name: EBSLimits}, {name: NodeName}, {name: GCEPDLimits}, {name: AzureDiskLimits}, {name: SelectorSpread}]
            """);
        Assert.Equal(["NodeVolumeLimits"], profile.ClusterFilters.Select(f => f.Name));
        Assert.Equal(["NodeName"], profile.FactsFilters.Select(f => f.Name));
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

    [Fact]
    public void Parse_NestedWithoutEnd_IsRefusedNotFatal()
    {
        var deep = Head + "profiles: " + new string('[', 100_000);
        Assert.Contains("nested too deep", Assert.Throws<SchedulerConfigurationException>(() => SchedulerConfiguration.Parse(deep, "c")).Message, StringComparison.Ordinal);
        // Ten of ten of ten …: a few lines that stand for more than any memory holds.
        var lines = string.Concat(Enumerable.Range(1, 9).Select(i => $"        a{i}: &a{i} [{string.Join(", ", Enumerable.Repeat($"*a{i - 1}", 10))}]\n"));
        var laughs = Head + "profiles:\n- pluginConfig:\n  - name: NodeAffinity\n    args:\n      addedAffinity:\n        a0: &a0 [x]\n" + lines;
        Assert.Contains("too large", Assert.Throws<SchedulerConfigurationException>(() => SchedulerConfiguration.Parse(laughs, "c")).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Parse_LeaderElection_TakesTimesAndNames()
    {
        var read = SchedulerConfiguration.Parse(
            Head + "leaderElection: {leaderElect: false, leaseDuration: 1m, renewDeadline: 40s, retryPeriod: 5s, resourceName: mine, resourceNamespace: here}");
        Assert.False(read.LeaderElect);
        Assert.Equal((TimeSpan.FromMinutes(1), TimeSpan.FromSeconds(40), TimeSpan.FromSeconds(5)), (read.LeaseDuration, read.RenewDeadline, read.RetryPeriod));
        Assert.Equal(("mine", "here"), (read.LeaseName, read.LeaseNamespace));
    }
}
