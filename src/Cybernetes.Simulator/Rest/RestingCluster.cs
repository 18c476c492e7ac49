using Cybernetes.Objects;
using Cybernetes.Objects.Apps.V1;
using Cybernetes.Objects.Batch.V1;
using Cybernetes.Objects.Core.V1;
using Cybernetes.Simulator.World;

namespace Cybernetes.Simulator.Rest;

/// <summary>What a cluster must have come to once nothing fails and nobody asks anything of it any more; each line tells what is not so yet.</summary>
internal sealed class RestingCluster(ClusterModel model)
{
    public IEnumerable<string> Unfinished() =>
    [
        .. Nodes(), .. Pods(), .. Deployments(), .. ReplicaSets(), .. StatefulSets(), .. DaemonSets(), .. Jobs(), .. CronJobs(), .. Namespaces(),
            .. Orphans(),
        .. new ServiceRest(model).Unfinished(),
    ];

    private IEnumerable<string> Nodes() => model.All<NodeObject>()
        .Where(n => ClusterFacts.ReadyOf(n) != "True" || n.Spec.Taints is { Count: > 0 })
        .Select(n => $"node {n.Metadata.Name}: ready {ClusterFacts.ReadyOf(n)}, taints {string.Join(",", n.Spec.Taints.OrEmpty().Select(t => t.Key))}");

    private IEnumerable<string> Pods() => model.All<Pod>()
        .Where(p => p.Metadata.DeletionTimestamp is not null || (!ClusterFacts.HasEnded(p) && !ClusterFacts.IsReady(p)))
        .Select(p => $"pod {p.Metadata.Namespace}/{p.Metadata.Name}: {p.Status.Phase} on \"{p.Spec.NodeName}\""
            + (p.Metadata.DeletionTimestamp is null ? "" : ", being deleted")
            + string.Concat(p.Metadata.Finalizers.OrEmpty().Select(f => ", held by " + f)));

    private IEnumerable<string> Deployments() => model.All<Deployment>()
        .Where(d => d.Spec.Paused != true && (d.Status.ObservedGeneration != d.Metadata.Generation || d.Status.Replicas != d.Spec.Replicas
            || d.Status.UpdatedReplicas != d.Spec.Replicas || d.Status.AvailableReplicas != d.Spec.Replicas))
        .Select(d => $"deployment {d.Metadata.Namespace}/{d.Metadata.Name}: wants {d.Spec.Replicas}, has {d.Status.Replicas}, updated "
            + $"{d.Status.UpdatedReplicas}, "
            + $"available {d.Status.AvailableReplicas}, generation {d.Metadata.Generation} seen {d.Status.ObservedGeneration}");

    private IEnumerable<string> ReplicaSets()
    {
        foreach (var set in model.All<ReplicaSet>())
        {
            var there = ActiveOf(set);
            if (there != set.Spec.Replicas || set.Status.Replicas != there || set.Status.ReadyReplicas != there
                || set.Status.ObservedGeneration != set.Metadata.Generation)
                yield return $"replica set {set.Metadata.Namespace}/{set.Metadata.Name}: wants {set.Spec.Replicas}, has {there}, says "
                    + $"{set.Status.Replicas}, ready {set.Status.ReadyReplicas}";
        }
    }

    private IEnumerable<string> StatefulSets()
    {
        foreach (var set in model.All<StatefulSet>())
        {
            var names = model.In<Pod>(set.Metadata.Namespace).Where(p => OwnerReferences.IsControlledBy(p, set)).Select(p => p.Metadata.Name)
                .Order(StringComparer.Ordinal);
            var wanted = Enumerable.Range(0, set.Spec.Replicas ?? 0).Select(n => $"{set.Metadata.Name}-{n}").Order(StringComparer.Ordinal);
            if (!names.SequenceEqual(wanted) || set.Status.ReadyReplicas != set.Spec.Replicas || set.Status.Replicas != set.Spec.Replicas
                || set.Status.UpdatedReplicas != set.Spec.Replicas || set.Status.CurrentRevision != set.Status.UpdateRevision
                || set.Status.ObservedGeneration != set.Metadata.Generation)
                yield return $"stateful set {set.Metadata.Namespace}/{set.Metadata.Name}: wants {set.Spec.Replicas}, has {string.Join(",", names)}, "
                    + $"says {set.Status.Replicas}, "
                    + $"ready {set.Status.ReadyReplicas}, updated {set.Status.UpdatedReplicas}, revision {set.Status.CurrentRevision} of "
                        + $"{set.Status.UpdateRevision}";
        }
    }

    private IEnumerable<string> DaemonSets()
    {
        var nodes = model.All<NodeObject>().Select(n => n.Metadata.Name).ToList();
        foreach (var set in model.All<DaemonSet>())
        {
            var on = model.In<Pod>(set.Metadata.Namespace).Where(p => OwnerReferences.IsControlledBy(p, set)).Select(p => p.Spec.NodeName)
                .Order(StringComparer.Ordinal).ToList();
            if (!on.SequenceEqual(nodes.Order(StringComparer.Ordinal)) || set.Status.NumberReady != nodes.Count
                || set.Status.UpdatedNumberScheduled != nodes.Count
                || set.Status.ObservedGeneration != set.Metadata.Generation)
                yield return $"daemon set {set.Metadata.Namespace}/{set.Metadata.Name}: on {string.Join(",", on)}, ready {set.Status.NumberReady}, "
                    + $"updated {set.Status.UpdatedNumberScheduled} of {nodes.Count}";
        }
    }

    private IEnumerable<string> Jobs() => model.All<Job>()
        .Where(j => (!ClusterFacts.IsFinished(j) && j.Spec.Suspend != true) || j.Status.Active != 0
            || j.Status.UncountedTerminatedPods is { } left && (left.Succeeded is { Count: > 0 } || left.Failed is { Count: > 0 }))
        .Select(j => $"job {j.Metadata.Namespace}/{j.Metadata.Name}: active {j.Status.Active}, succeeded {j.Status.Succeeded} of "
            + $"{j.Spec.Completions}, failed {j.Status.Failed}");

    private IEnumerable<string> CronJobs()
    {
        foreach (var cron in model.All<CronJob>())
        {
            var active = model.In<Job>(cron.Metadata.Namespace).Where(j => OwnerReferences.IsControlledBy(j, cron) && !ClusterFacts.IsFinished(j))
                .Select(j => j.Metadata.UID);
            if (!active.Order(StringComparer.Ordinal).SequenceEqual(cron.Status.Active.OrEmpty().Select(a => a.UID).Order(StringComparer.Ordinal)))
                yield return $"cron job {cron.Metadata.Namespace}/{cron.Metadata.Name} says that {cron.Status.Active?.Count ?? 0} of its jobs run";
        }
    }

    private IEnumerable<string> Namespaces() => model.All<Namespace>().Where(n => n.Metadata.DeletionTimestamp is not null)
        .Select(n => $"namespace {n.Metadata.Name} is being deleted: "
            + $"{string.Join("; ", n.Status.Conditions.OrEmpty().Where(c => c.Status == "True").Select(c => c.Message))}");

    private IEnumerable<string> Orphans()
    {
        var uids = model.Everything.Values.Select(o => o.Metadata.UID).ToHashSet(StringComparer.Ordinal);
        var namespaces = model.All<Namespace>().Select(n => n.Metadata.Name).ToHashSet(StringComparer.Ordinal);
        foreach (var value in model.Everything.Values)
        {
            if (value.Metadata.OwnerReferences is { Count: > 0 } owners && owners.TrueForAll(o => !uids.Contains(o.UID)))
                yield return $"{ClusterFacts.NameOf(value)} is an orphan: {string.Join(",", owners.Select(o => $"{o.Kind} {o.Name}"))} is gone";
            if (value.Metadata.Namespace.Length > 0 && !namespaces.Contains(value.Metadata.Namespace))
                yield return $"{ClusterFacts.NameOf(value)} is left of a namespace that is gone";
        }
    }

    private int ActiveOf(IKubernetesObject owner) =>
        model.In<Pod>(owner.Metadata.Namespace).Count(p => OwnerReferences.IsControlledBy(p, owner) && ClusterFacts.IsActive(p));
}
