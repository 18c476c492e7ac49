using Cybernetes.Objects;
using Cybernetes.Objects.Core.V1;
using Cybernetes.Objects.Meta.V1;
using NodeObject = Cybernetes.Objects.Core.V1.Node;

namespace Cybernetes.Scheduler.Bench;

/// <summary>The nodes and pods that are scheduled: those of upstream's scheduler_perf, in kind.</summary>
internal static class Workloads
{
    public static IReadOnlyList<(string Name, Action<Pod, int> Shape)> All { get; } =
    [
        ("plain", (_, _) => { }),
        ("anti-affinity on hostname", (pod, i) =>
        {
            pod.Metadata.Labels = new() { ["color"] = "green" + (i / 1000) };
            pod.Spec.Affinity = new()
            {
                PodAntiAffinity = new()
                {
                    RequiredDuringSchedulingIgnoredDuringExecution =
                    [
                        new() { TopologyKey = "kubernetes.io/hostname", LabelSelector = new() { MatchLabels = new() { ["color"] = "green" + (i / 1000) } } },
                    ],
                },
            };
        }),
        ("zone spread", (pod, _) =>
        {
            pod.Metadata.Labels = new() { ["color"] = "blue" };
            pod.Spec.TopologySpreadConstraints =
            [
                new()
                {
                    MaxSkew = 5, TopologyKey = "topology.kubernetes.io/zone", WhenUnsatisfiable = "DoNotSchedule",
                    LabelSelector = new LabelSelector { MatchLabels = new() { ["color"] = "blue" } },
                },
            ];
        }),
    ];

    public static NodeObject Node(int i)
    {
        var name = "node-" + i;
        var node = new NodeObject
        {
            Metadata = { Name = name, Labels = new() { ["kubernetes.io/hostname"] = name, ["topology.kubernetes.io/zone"] = "zone-" + (i % 3) } },
        };
        node.Status.Allocatable = new() { ["cpu"] = Quantity.Parse("32"), ["memory"] = Quantity.Parse("256Gi"), ["pods"] = Quantity.Parse("110") };
        node.Status.Capacity = node.Status.Allocatable;
        node.Status.Conditions = [new() { Type = "Ready", Status = "True", Reason = "KubeletReady" }];
        return node;
    }

    public static Pod Pod(string name, int i, Action<Pod, int> shape, string cpu = "100m")
    {
        var pod = new Pod { Metadata = { Name = name, Namespace = "default", UID = name } };
        var container = new Container { Name = "pause", Image = "registry.k8s.io/pause:3.10" };
        container.Resources.Requests = new() { ["cpu"] = Quantity.Parse(cpu), ["memory"] = Quantity.Parse("200Mi") };
        pod.Spec.Containers = [container];
        pod.Spec.SchedulerName = "default-scheduler";
        shape(pod, i);
        return pod;
    }
}
