using Cybernetes.Foundation;
using Cybernetes.Objects.Core.V1;
using Cybernetes.Scheduler.Cycle;
using Cybernetes.Scheduler.Snapshot;
using NodeObject = Cybernetes.Objects.Core.V1.Node;

namespace Cybernetes.Scheduler.Tests.Cycle;

/// <summary>The fast plugins against a slow, obvious reading of the same rules, on random clusters that change under one cycle.</summary>
public sealed class TwinTests
{
    private static readonly string[] s_strategies = ["LeastAllocated", "MostAllocated", "RequestedToCapacityRatio"];

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    [InlineData(6)]
    [InlineData(7)]
    [InlineData(8)]
    [InlineData(9)]
    public void Decide_RandomClusters_FeasibleAndBestNodesEqualTwin(int seed)
    {
        var random = new Random(seed);
        for (var round = 0; round < 12; round++)
        {
            var nodes = Enumerable.Range(0, random.Next(1, 70)).Select(i => RandomNode(random, i)).ToList();
            var columns = Cluster.Columns([.. nodes]);
            var cycle = new SchedulingCycle(columns, Chance.Seeded(seed));
            var strategy = s_strategies[seed % 3];
            var profile = Cluster.Profile(configuration: Configuration(strategy));
            var placed = nodes.ToDictionary(n => n.Metadata.Name, _ => new List<Pod>());
            for (var i = 0; i < 60; i++)
            {
                var pod = RandomPod(random, $"{round}-{i}");
                var twin = new SlowTwin(nodes, placed, strategy);
                var expected = twin.Feasible(pod);
                var decision = cycle.Decide(Cluster.Facts(columns, pod), profile);
                Assert.Equal(expected.Count, decision.FeasibleNodes);
                if (decision.NodeName is null)
                    continue;
                Assert.Contains(decision.NodeName, twin.Best(pod, expected));
                Cluster.Place(columns, pod, decision.NodeName);
                placed[decision.NodeName].Add(pod);
                Change(random, columns, nodes, placed);
            }
        }
    }

    private static string Configuration(string strategy) => $$"""
        apiVersion: kubescheduler.config.k8s.io/v1
        kind: KubeSchedulerConfiguration
        profiles:
        - pluginConfig:
          - name: NodeResourcesFit
            args:
              scoringStrategy:
                type: {{strategy}}
                {{(strategy == "RequestedToCapacityRatio" ? "requestedToCapacityRatio: {shape: [{utilization: 0, score: 0}, {utilization: 60, score: 10}, {utilization: 100, score: 3}]}" : "")}}
        """;

    private static void Change(Random random, ClusterColumns columns, List<NodeObject> nodes, Dictionary<string, List<Pod>> placed)
    {
        var pods = placed.Values.FirstOrDefault(p => p.Count > 0);
        if (pods is not null && random.Next(3) == 0)
        {
            Assert.True(columns.RemovePod(pods[0].Metadata.UID));
            pods.RemoveAt(0);
        }
        if (random.Next(6) != 0)
            return;
        var at = random.Next(nodes.Count);
        nodes[at] = RandomNode(random, at);
        columns.SetNode(nodes[at]);
    }

    private static NodeObject RandomNode(Random random, int i)
    {
        var node = Cluster.Node("n" + i, cpu: random.Next(1, 5).ToString(), memory: random.Next(1, 5) + "Gi", pods: random.Next(1, 5).ToString());
        if (random.Next(8) != 0)
            node.Metadata.Labels!["zone"] = random.Next(3).ToString();
        if (random.Next(3) != 0)
            node.Metadata.Labels!["cores"] = random.Next(4) == 0 ? "many" : random.Next(1, 9).ToString();
        node.Status.Images = [.. Enumerable.Range(0, 3).Where(_ => random.Next(2) == 0).Select(image => new ContainerImage
        {
            Names = [$"registry.test/image-{image}:1", $"registry.test/image-{image}@sha256:{image}"], SizeBytes = (image + 1) * 300L * 1024 * 1024,
        })];
        node.Spec.Unschedulable = random.Next(8) == 0;
        if (random.Next(4) == 0)
            node.Spec.Taints = [new Taint { Key = "t" + random.Next(2), Value = "x", Effect = random.Next(2) == 0 ? "NoSchedule" : "PreferNoSchedule" }];
        node.Status.DeclaredFeatures = random.Next(2) == 0 ? null : ["RestartAllContainersOnContainerExits"];
        return node;
    }

    private static Pod RandomPod(Random random, string name) => Cluster.Pod(
        name, random.Next(4) == 0 ? null : random.Next(1, 2500) + "m", random.Next(4) == 0 ? null : random.Next(1, 2500) + "Mi", p =>
    {
        p.Metadata.Labels = new() { ["app"] = "a" + random.Next(3) };
        if (random.Next(4) == 0)
            p.Metadata.Namespace = "other";
        if (random.Next(5) == 0)
            p.Spec.NodeSelector = new() { ["zone"] = random.Next(3).ToString() };
        if (random.Next(3) == 0)
            p.Spec.Tolerations = [new Toleration { Key = "t" + random.Next(2), Operator = "Exists" }];
        if (random.Next(4) == 0)
            p.Spec.Containers![0].Ports = [new ContainerPort
            {
                HostPort = random.Next(80, 83), Protocol = random.Next(2) == 0 ? "TCP" : "UDP", HostIP = random.Next(3) switch { 0 => "10.0.0.1", 1 => "10.0.0.2", _ => "" },
            }];
        if (random.Next(3) == 0)
            p.Spec.Containers![0].Image = $"registry.test/image-{random.Next(4)}:1";
        if (random.Next(3) == 0)
            p.Spec.TopologySpreadConstraints = [.. Enumerable.Range(0, random.Next(1, 3)).Select(_ => RandomConstraint(random))];
        if (random.Next(3) == 0)
            p.Spec.Affinity = RandomAffinity(random);
        if (random.Next(3) == 0)
            (p.Spec.Affinity ??= new()).NodeAffinity = RandomNodeAffinity(random);
        if (random.Next(8) == 0)
            p.Spec.Containers![0].RestartPolicyRules = [new() { Action = "RestartAllContainers" }];
    });

    private static NodeAffinity RandomNodeAffinity(Random random)
    {
        NodeSelectorTerm Term() => new()
        {
            MatchExpressions = [.. Enumerable.Range(0, random.Next(0, 3)).Select(_ => RandomRequirement(random))],
            MatchFields = random.Next(6) == 0 ? [new() { Key = "metadata.name", Operator = "In", Values = ["n" + random.Next(5)] }] : null,
        };
        return new()
        {
            RequiredDuringSchedulingIgnoredDuringExecution = random.Next(2) == 0
                ? new() { NodeSelectorTerms = [.. Enumerable.Range(0, random.Next(1, 3)).Select(_ => Term())] } : null,
            PreferredDuringSchedulingIgnoredDuringExecution = [.. Enumerable.Range(0, random.Next(0, 3)).Select(_ =>
                new PreferredSchedulingTerm { Weight = random.Next(1, 100), Preference = Term() })],
        };
    }

    private static NodeSelectorRequirement RandomRequirement(Random random) => random.Next(6) switch
    {
        0 => new() { Key = "zone", Operator = "In", Values = [random.Next(3).ToString(), random.Next(3).ToString()] },
        1 => new() { Key = "zone", Operator = "NotIn", Values = [random.Next(3).ToString()] },
        2 => new() { Key = "cores", Operator = "Exists" },
        3 => new() { Key = "cores", Operator = "DoesNotExist" },
        4 => new() { Key = "cores", Operator = "Gt", Values = [random.Next(1, 9).ToString()] },
        _ => new() { Key = "cores", Operator = "Lt", Values = [random.Next(1, 9).ToString()] },
    };

    private static TopologySpreadConstraint RandomConstraint(Random random) => new()
    {
        MaxSkew = random.Next(1, 4),
        TopologyKey = Key(random),
        WhenUnsatisfiable = random.Next(2) == 0 ? "DoNotSchedule" : "ScheduleAnyway",
        LabelSelector = Cluster.Selects("app", "a" + random.Next(3)),
    };

    private static Affinity RandomAffinity(Random random)
    {
        PodAffinityTerm Term() => new()
        {
            TopologyKey = Key(random),
            LabelSelector = Cluster.Selects("app", "a" + random.Next(3)),
            Namespaces = random.Next(3) == 0 ? ["default", "other"] : null,
        };
        List<WeightedPodAffinityTerm> Weighted() => [new() { Weight = random.Next(1, 100), PodAffinityTerm = Term() }];
        return random.Next(4) switch
        {
            0 => new() { PodAffinity = new() { RequiredDuringSchedulingIgnoredDuringExecution = [.. Enumerable.Range(0, random.Next(1, 3)).Select(_ => Term())] } },
            1 => new() { PodAntiAffinity = new() { RequiredDuringSchedulingIgnoredDuringExecution = [Term()] } },
            2 => new() { PodAffinity = new() { PreferredDuringSchedulingIgnoredDuringExecution = Weighted() } },
            _ => new() { PodAntiAffinity = new() { PreferredDuringSchedulingIgnoredDuringExecution = Weighted() } },
        };
    }

    private static string Key(Random random) => random.Next(2) == 0 ? "zone" : "kubernetes.io/hostname";
}
