using Cybernetes.Foundation;
using Cybernetes.Objects;
using Cybernetes.Objects.Core.V1;
using Cybernetes.Objects.Meta.V1;
using Cybernetes.Objects.Policy.V1;
using Cybernetes.Scheduler.Configuration;
using Cybernetes.Scheduler.Cycle;
using Cybernetes.Scheduler.Snapshot;
using Cybernetes.Scheduler.Why;
using NodeObject = Cybernetes.Objects.Core.V1.Node;

namespace Cybernetes.Scheduler.Tests;

/// <summary>Small clusters made in a line each.</summary>
internal static class Cluster
{
    public static NodeObject Node(string name, string cpu = "4", string memory = "8Gi", string pods = "110", params (string Key, string Value)[] labels)
    {
        var node = new NodeObject { Metadata = { Name = name, Labels = new() { ["kubernetes.io/hostname"] = name } } };
        foreach (var (key, value) in labels)
            node.Metadata.Labels[key] = value;
        node.Status.Allocatable = new()
        {
            ["cpu"] = Quantity.Parse(cpu), ["memory"] = Quantity.Parse(memory), ["pods"] = Quantity.Parse(pods),
        };
        return node;
    }

    public static Pod Pod(string name, string? cpu = null, string? memory = null, Action<Pod>? with = null)
    {
        var pod = new Pod { Metadata = { Name = name, Namespace = "default", UID = name } };
        var container = new Container { Name = "main", Image = "busybox" };
        container.Resources.Requests = [];
        if (cpu is not null) container.Resources.Requests["cpu"] = Quantity.Parse(cpu);
        if (memory is not null) container.Resources.Requests["memory"] = Quantity.Parse(memory);
        pod.Spec.Containers = [container];
        pod.Spec.SchedulerName = "default-scheduler";
        with?.Invoke(pod);
        return pod;
    }

    public static ClusterColumns Columns(params NodeObject[] nodes)
    {
        var columns = new ClusterColumns();
        foreach (var node in nodes)
            columns.SetNode(node);
        return columns;
    }

    public static void Place(ClusterColumns columns, Pod pod, string node) =>
        columns.SetPod(new PlacedPod(pod, node, PodDemand.Of(pod.Spec, columns.Resources)));

    /// <summary>The default profile over the objects given.</summary>
    public static SchedulingProfile Profile(ListedVolumeObjects? volumes = null, IReadOnlyList<PodDisruptionBudget>? budgets = null, string? configuration = null)
    {
        var services = new PluginServices(
            volumes ?? new ListedVolumeObjects(), ns => [.. (budgets ?? []).Where(b => b.Metadata.Namespace == ns)], Client: null);
        return ProfileBuilder.Build(configuration is null ? new() : SchedulerConfiguration.Parse(configuration), services)[0];
    }

    public static PodFacts Facts(ClusterColumns columns, Pod pod, LabelMatcher? spread = null) =>
        new(pod, PodDemand.Of(pod.Spec, columns.Resources), spread);

    public static Decision Decide(
        ClusterColumns columns, Pod pod, int seed = 1, LabelMatcher? spread = null, SchedulingProfile? profile = null) =>
        new SchedulingCycle(columns, Chance.Seeded(seed)).Decide(Facts(columns, pod, spread), profile ?? Profile());

    public static LabelSelector Selects(string key, string value) => new() { MatchLabels = new() { [key] = value } };
}
