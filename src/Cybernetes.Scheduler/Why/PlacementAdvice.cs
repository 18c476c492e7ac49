using System.Globalization;
using System.Text;
using Cybernetes.Client.Transport;
using Cybernetes.Objects;
using Cybernetes.Objects.Core.V1;
using Cybernetes.Scheduler.Configuration;
using Cybernetes.Scheduler.Cycle;
using Cybernetes.Scheduler.Plugins.DynamicResources;
using Cybernetes.Scheduler.Plugins.GangScheduling;
using Cybernetes.Scheduler.Plugins.SchedulingGates;
using Cybernetes.Scheduler.Preemption;
using Cybernetes.Scheduler.Snapshot;

namespace Cybernetes.Scheduler.Why;

/// <summary>Says in plain words why a pod has no node, from the code that decides.</summary>
public static class PlacementAdvice
{
    /// <summary>Looks at the cluster and tells; several lines, ended by a line break.</summary>
    /// <param name="client">May list nodes, pods, namespaces, budgets and storage.</param>
    /// <param name="ns">The pod's namespace.</param>
    /// <param name="name">The pod's name.</param>
    /// <param name="configuration">The scheduler's.</param>
    /// <param name="cancellation">Ends the looking.</param>
    /// <exception cref="ApiStatusException">There is no such pod, or the server refuses.</exception>
    public static async Task<string> AskAsync(
        ApiClient client, string ns, string name, SchedulerConfiguration configuration, CancellationToken cancellation = default)
    {
        var pod = await client.For<Pod>().GetAsync(ns, name, cancellation).ConfigureAwait(false);
        if (BeforeScheduling(pod) is { } settled)
            return settled + "\n";
        if (GangSchedulingPlugin.GroupOf(pod) is { } group)
        {
            var waits = GangSchedulingPlugin.MessageFor(pod, await ListedPodGroups.TakeAsync(client, ns, group, cancellation).ConfigureAwait(false));
            if (waits is not null)
                return $"{ns}/{name} is not looked at by the scheduler yet: {waits}.\n";
        }
        return Explain(await ClusterPicture.TakeAsync(client, configuration, pod, cancellation).ConfigureAwait(false), pod);
    }

    internal static string Explain(ClusterPicture picture, Pod pod)
    {
        var id = $"{pod.Metadata.Namespace}/{pod.Metadata.Name}";
        if (picture.ProfileOf(pod) is not { } profile)
            return $"{id} waits for a scheduler named \"{pod.Spec.SchedulerName}\"; the one asked does not schedule for that name.\n";
        if (profile.PreEnqueues.OfType<DynamicResourcesPlugin>().FirstOrDefault()?.PreEnqueue(pod) is { } waits)
            return $"{id} is not looked at by the scheduler yet: {waits}.\n";
        var (decision, cycle) = picture.Decide(pod, profile);
        if (decision.NodeName is not null)
        {
            var fits = $"{id} fits {Nodes(decision.FeasibleNodes)} of {decision.EvaluatedNodes} now";
            return GangSchedulingPlugin.GroupOf(pod) is { } group
                ? $"{fits}, but it is scheduled together with the other pods of pod group \"{group}\": ask for those that do not fit.\n"
                : $"{fits}: it should be scheduled in a moment. Does a scheduler run?\n";
        }
        var text = new StringBuilder();
        text.Append(id).Append(" is not scheduled: ").Append(decision.Diagnosis.Message(decision.EvaluatedNodes)).Append("\n\n");
        if (decision.Diagnosis.WholePodReason is { } whole)
            return text.Append(CultureInfo.InvariantCulture, $"No node was looked at, since the pod itself must wait: {whole}.\n").ToString();
        if (decision.EvaluatedNodes == 0)
            return text.Append("The cluster has no nodes.\n").ToString();
        AddFilters(text, cycle);
        if (profile.PreFilters.OfType<DynamicResourcesPlugin>().FirstOrDefault()?.Advise(cycle) is { } devices)
            text.Append('\n').Append(devices).Append('\n');
        AddNearest(text, cycle);
        AddEvictions(text, picture, decision, pod, profile);
        return text.ToString();
    }

    private static string? BeforeScheduling(Pod pod)
    {
        var id = $"{pod.Metadata.Namespace}/{pod.Metadata.Name}";
        if (pod.Status.Phase is PodPhase.Succeeded or PodPhase.Failed)
            return $"{id} has ended ({pod.Status.Phase}).";
        if (pod.Spec.NodeName.Length > 0)
            return $"{id} is scheduled: it is on node {pod.Spec.NodeName}.";
        if (pod.Metadata.DeletionTimestamp is not null)
            return $"{id} is being deleted.";
        return SchedulingGatesPlugin.MessageFor(pod) is { } gates ? $"{id} is not looked at by the scheduler yet: {gates}." : null;
    }

    private static void AddFilters(StringBuilder text, SchedulingCycle cycle)
    {
        var rejections = new Dictionary<Rejection, List<string>>();
        foreach (var slot in cycle.Columns.Live)
        {
            if (cycle.RejectionOf(slot) is not { } rejection)
                continue;
            if (!rejections.TryGetValue(rejection, out var nodes))
                rejections[rejection] = nodes = [];
            nodes.Add(cycle.Columns.NodeName(slot));
        }
        foreach (var (rejection, nodes) in rejections.OrderByDescending(r => r.Value.Count))
        {
            var some = string.Join(", ", nodes.Order(StringComparer.Ordinal).Take(3)) + (nodes.Count > 3 ? ", …" : "");
            text.Append(CultureInfo.InvariantCulture, $"  {Nodes(nodes.Count)}: {string.Join(" and ", rejection.Reasons)} ({rejection.Plugin.Name}): {some}\n");
        }
    }

    /// <summary>The node that lacks the smallest share of what the pod asks for, among those that lack nothing else.</summary>
    private static void AddNearest(StringBuilder text, SchedulingCycle cycle)
    {
        var (best, least) = (-1, double.MaxValue);
        foreach (var slot in cycle.Columns.Live)
        {
            if (cycle.RejectionOf(slot)?.Plugin.Name != "NodeResourcesFit")
                continue;
            var share = Missing(cycle, slot).Sum(m => (double)m.Lacks / m.Wants);
            if (share < least)
                (best, least) = (slot, share);
        }
        if (best < 0)
            return;
        var lacks = Missing(cycle, best).Select(m => $"{Amount(m.Resource, m.Lacks)} {m.Resource} (wants {Amount(m.Resource, m.Wants)}, "
            + $"{Amount(m.Resource, Math.Max(0, m.Wants - m.Lacks))} of {Amount(m.Resource, m.Has)} free)");
        text.Append(CultureInfo.InvariantCulture, $"\nNearest: {cycle.Columns.NodeName(best)} lacks {string.Join(" and ", lacks)}.\n");
    }

    private static void AddEvictions(StringBuilder text, ClusterPicture picture, Decision decision, Pod pod, SchedulingProfile profile)
    {
        if (decision.Preemption is { } plan)
        {
            text.Append(CultureInfo.InvariantCulture, $"{plan.NodeName} would fit after evicting {Names(plan)}, which the scheduler does.\n");
            return;
        }
        // The same question for a pod that may evict everybody: what stands in the way, though nothing is evicted for this pod.
        var mighty = pod.DeepClone();
        mighty.Spec.Priority = int.MaxValue;
        mighty.Spec.PreemptionPolicy = null;
        mighty.Status.NominatedNodeName = "";
        if (picture.Decide(mighty, profile).Decision.Preemption is { } could)
        {
            var why = pod.Spec.PreemptionPolicy == "Never" ? "the pod's preemptionPolicy is Never" : "their priority is not below the pod's";
            text.Append(CultureInfo.InvariantCulture, $"{could.NodeName} would fit without {Names(could)}; nobody is evicted, since {why}.\n");
        }
    }

    private static IEnumerable<(string Resource, long Lacks, long Wants, long Has)> Missing(SchedulingCycle cycle, int slot)
    {
        var columns = cycle.Columns;
        foreach (var (resource, wants) in cycle.Pod.Demand.Requests)
        {
            var has = columns.AllocatableAt(resource, slot);
            var lacks = wants - (has - columns.RequestedAt(resource, slot));
            if (lacks > 0)
                yield return (columns.Resources[resource], lacks, wants, has);
        }
    }

    private static string Amount(string resource, long amount) => resource switch
    {
        "cpu" => Quantity.FromMilli(amount).ToString(),
        "memory" or "ephemeral-storage" => Quantity.FromBytes(amount).ToString(),
        _ => amount.ToString(CultureInfo.InvariantCulture),
    };

    private static string Names(PreemptionPlan plan) =>
        string.Join(", ", plan.Victims.Take(5).Select(v => $"{v.Namespace}/{v.Pod.Metadata.Name}"))
        + (plan.Victims.Count > 5 ? $" and {plan.Victims.Count - 5} more" : "");

    private static string Nodes(int count) => count == 1 ? "1 node" : $"{count} nodes";
}
