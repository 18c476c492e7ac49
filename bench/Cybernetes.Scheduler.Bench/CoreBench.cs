using System.Diagnostics;
using Cybernetes.Foundation;
using Cybernetes.Objects;
using Cybernetes.Scheduler.Configuration;
using Cybernetes.Scheduler.Cycle;
using Cybernetes.Scheduler.Snapshot;
using Cybernetes.Scheduler.Why;

namespace Cybernetes.Scheduler.Bench;

/// <summary>Decisions alone: every node scored, each pod placed before the next.</summary>
internal static class CoreBench
{
    private const int WarmPods = 20_000;

    public static void Run(int nodes, int pods)
    {
        Console.WriteLine($"core: {nodes} nodes, {pods} pods, every node scored");
        (string Name, Action<Objects.Core.V1.Pod, int> Shape) ofService = ("plain of a service (default spreading)", (_, _) => { });
        foreach (var (name, shape) in Workloads.All.Append(ofService))
        {
            // Twice: young code takes three times as long, until it has been compiled in the background for what it does most.
            Measure(nodes, WarmPods, shape, name);
            var rate = Measure(nodes, pods, shape, name);
            Console.WriteLine($"{name,-44} {rate,9:N0} decisions/s");
        }
    }

    private static double Measure(int nodes, int pods, Action<Objects.Core.V1.Pod, int> shape, string name)
    {
        var columns = new ClusterColumns();
        for (var i = 0; i < nodes; i++)
            columns.SetNode(Workloads.Node(i));
        var services = new PluginServices(new ListedVolumeObjects(), _ => [], Client: null);
        var profile = ProfileBuilder.Build(new SchedulerConfiguration(), services)[0];
        var cycle = new SchedulingCycle(columns, Chance.Seeded(1));
        var waiting = Enumerable.Range(0, pods).Select(i => Workloads.Pod("pod-" + i, i, shape)).ToList();
        var isServed = name.Contains("service", StringComparison.Ordinal);
        foreach (var pod in waiting.Where(_ => isServed))
            pod.Metadata.Labels = new() { ["app"] = "web" };
        var selector = isServed ? LabelMatcher.Parse("app=web") : null;
        var watch = Stopwatch.StartNew();
        foreach (var pod in waiting)
        {
            var facts = new PodFacts(pod, PodDemand.Of(pod.Spec, columns.Resources), selector);
            if (cycle.Decide(facts, profile).NodeName is { } node)
                columns.SetPod(facts.PlacedOn(node));
        }
        return pods / watch.Elapsed.TotalSeconds;
    }
}
