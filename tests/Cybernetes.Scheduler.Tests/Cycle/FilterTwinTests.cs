using Cybernetes.Objects;
using Cybernetes.Objects.Core.V1;
using Cybernetes.Objects.Workloads;
using Cybernetes.Scheduler.Snapshot;
using NodeObject = Cybernetes.Objects.Core.V1.Node;

namespace Cybernetes.Scheduler.Tests.Cycle;

/// <summary>The fast filters against a slow, obvious reading of the same rules, on random clusters.</summary>
public sealed class FilterTwinTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public void Decide_RandomClusters_FeasibleSetEqualsTwin(int seed)
    {
        var random = new Random(seed);
        for (var round = 0; round < 60; round++)
        {
            var nodes = Enumerable.Range(0, random.Next(1, 90)).Select(i => RandomNode(random, i)).ToList();
            var columns = Cluster.Columns([.. nodes]);
            var placed = nodes.ToDictionary(n => n.Metadata.Name, _ => new List<Pod>());
            for (var i = 0; i < 40; i++)
            {
                var pod = RandomPod(random, $"{round}-{i}");
                var expected = nodes.Where(n => Fits(pod, n, placed[n.Metadata.Name])).Select(n => n.Metadata.Name).ToHashSet();
                var decision = Cluster.Decide(columns, pod, seed: i);
                Assert.Equal(expected.Count, decision.FeasibleNodes);
                if (decision.NodeName is null)
                    continue;
                Assert.Contains(decision.NodeName, expected);
                Cluster.Place(columns, pod, decision.NodeName);
                placed[decision.NodeName].Add(pod);
                MaybeRemove(random, columns, placed);
            }
        }
    }

    private static void MaybeRemove(Random random, ClusterColumns columns, Dictionary<string, List<Pod>> placed)
    {
        var pods = placed.Values.FirstOrDefault(p => p.Count > 0);
        if (pods is null || random.Next(3) != 0)
            return;
        Assert.True(columns.RemovePod(pods[0].Metadata.UID));
        pods.RemoveAt(0);
    }

    private static NodeObject RandomNode(Random random, int i)
    {
        var node = Cluster.Node("n" + i, cpu: random.Next(1, 5).ToString(), memory: random.Next(1, 5) + "Gi", pods: random.Next(1, 5).ToString(),
            labels: ("zone", random.Next(3).ToString()));
        node.Spec.Unschedulable = random.Next(8) == 0;
        if (random.Next(4) == 0)
            node.Spec.Taints = [new Taint { Key = "t" + random.Next(2), Value = "x", Effect = random.Next(2) == 0 ? "NoSchedule" : "PreferNoSchedule" }];
        return node;
    }

    private static Pod RandomPod(Random random, string name) => Cluster.Pod(name, random.Next(2500) + "m", random.Next(2500) + "Mi", p =>
    {
        if (random.Next(3) == 0)
            p.Spec.NodeSelector = new() { ["zone"] = random.Next(4).ToString() };
        if (random.Next(3) == 0)
            p.Spec.Tolerations = [new Toleration { Key = "t" + random.Next(2), Operator = "Exists" }];
        if (random.Next(4) == 0)
            p.Spec.Containers![0].Ports = [new ContainerPort { HostPort = random.Next(80, 83), Protocol = random.Next(2) == 0 ? "TCP" : "UDP" }];
    });

    private static bool Fits(Pod pod, NodeObject node, List<Pod> there)
    {
        if (node.Spec.Unschedulable)
            return false;
        foreach (var (key, value) in pod.Spec.NodeSelector.OrEmpty())
        {
            if (!node.Metadata.Labels!.TryGetValue(key, out var has) || has != value)
                return false;
        }
        if (node.Spec.Taints.OrEmpty().Any(t => t.Effect == "NoSchedule" && pod.Spec.Tolerations.OrEmpty().All(o => o.Key != t.Key)))
            return false;
        if (there.Count + 1 > node.Status.Allocatable!["pods"].Value())
            return false;
        if (Ports(pod).Intersect(there.SelectMany(Ports)).Any())
            return false;
        return new[] { "cpu", "memory" }.All(resource =>
            Requested(pod, resource) == 0
            || there.Sum(p => Requested(p, resource)) + Requested(pod, resource) <= node.Status.Allocatable![resource].MilliValue());
    }

    private static long Requested(Pod pod, string resource) => PodResources.Requests(pod.Spec)[resource].MilliValue();

    private static IEnumerable<(string, int)> Ports(Pod pod) => pod.Spec.Containers![0].Ports.OrEmpty().Select(p => (p.Protocol, p.HostPort));
}
