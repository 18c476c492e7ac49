using Cybernetes.Controllers.Ownership;
using Cybernetes.Objects;
using Cybernetes.Objects.Apps.V1;
using Cybernetes.Objects.Core.V1;

namespace Cybernetes.Controllers.StatefulSets;

/// <summary>One step for a pod of a stateful set.</summary>
internal abstract record StatefulSetAction(Pod Pod, int Ordinal)
{
    /// <summary>Make the pod, its claims first.</summary>
    public sealed record Create(Pod Pod, int Ordinal) : StatefulSetAction(Pod, Ordinal);

    /// <summary>Delete the pod; whoever keeps order looks again when it is gone.</summary>
    public sealed record Delete(Pod Pod, int Ordinal) : StatefulSetAction(Pod, Ordinal);

    /// <summary>See that the pod has its labels, volumes and claims.</summary>
    public sealed record Repair(Pod Pod, int Ordinal) : StatefulSetAction(Pod, Ordinal);

    /// <summary>See that the pod's claims are there: it waits for them.</summary>
    public sealed record MakeClaims(Pod Pod, int Ordinal) : StatefulSetAction(Pod, Ordinal);

    /// <summary>See that the claims of a pod that is scaled away belong to whom they should.</summary>
    public sealed record RetainClaims(Pod Pod, int Ordinal) : StatefulSetAction(Pod, Ordinal);
}

/// <summary>The templates between which a set's pods move.</summary>
/// <param name="CurrentTemplate">The template all pods had before this update.</param>
internal sealed record StatefulRevisions(string Current, PodTemplateSpec CurrentTemplate, string Update);

/// <summary>What a stateful set needs.</summary>
/// <param name="InOrder">Actions are carried out one after another, and none after one that fails; else in growing batches.</param>
/// <param name="CheckAfter">When a ready pod becomes available, or one that is made may have been lost, without any event; null for never.</param>
internal sealed record StatefulSetPlan(
    IReadOnlyList<StatefulSetAction> Actions, bool InOrder, StatefulSetStatus Status, TimeSpan? CheckAfter);

/// <summary>Decides for one stateful set. Pure.</summary>
internal sealed class StatefulSetReconciler
{
    /// <summary>Pods looked after in one go at most when they may come in any order; the rest follows.</summary>
    public const int Burst = 500;

    /// <summary>
    /// When a set whose pods are made is looked at again in any case: a pod that comes and goes while the informer is cut off is never told of.
    /// </summary>
    private static readonly TimeSpan s_lookAgain = TimeSpan.FromSeconds(30);

    private readonly StatefulSet _set;
    private readonly StatefulRevisions _revisions;
    private readonly DateTimeOffset _now;
    private readonly IReadOnlyList<Pod> _pods;
    private readonly SortedDictionary<int, Pod> _replicas = [];
    private readonly List<(Pod Pod, int Ordinal)> _condemned = [];
    private readonly List<StatefulSetAction> _actions = [];
    private readonly bool _ordered;
    private int _deletedOfCurrent;

    private StatefulSetReconciler(StatefulSet set, IReadOnlyList<Pod> pods, StatefulRevisions revisions, DateTimeOffset now)
    {
        (_set, _pods, _revisions, _now) = (set, pods, revisions, now);
        _ordered = set.Spec.PodManagementPolicy != "Parallel";
        foreach (var pod in pods)
        {
            var ordinal = StatefulPods.OrdinalOf(set, pod.Metadata.Name);
            if (StatefulPods.IsWanted(set, ordinal))
                _replicas[ordinal] = pod;
            else if (ordinal >= 0)
                _condemned.Add((pod, ordinal));
        }
        _condemned.Sort(static (a, b) => b.Ordinal.CompareTo(a.Ordinal));
    }

    /// <param name="pods">The set's own pods.</param>
    public static StatefulSetPlan Reconcile(StatefulSet set, IReadOnlyList<Pod> pods, StatefulRevisions revisions, DateTimeOffset now)
    {
        var step = new StatefulSetReconciler(set, pods, revisions, now);
        if (set.Metadata.DeletionTimestamp is null)
            step.Run();
        return new(step._actions, step._ordered, step.Status(), step.CheckAfter());
    }

    private TimeSpan? CheckAfter()
    {
        var available = NextAvailability();
        return _actions.Exists(a => a is StatefulSetAction.Create) && !(available < s_lookAgain) ? s_lookAgain : available;
    }

    private void Run()
    {
        if (!Living())
            return;
        foreach (var (pod, ordinal) in _condemned)
            _actions.Add(new StatefulSetAction.RetainClaims(pod, ordinal));
        if (!Condemned())
            return;
        if (_set.Spec.UpdateStrategy.Type == "OnDelete")
            return;
        if (_set.Spec.UpdateStrategy.RollingUpdate?.MaxUnavailable is { } most)
            RollSeveral(most);
        else
            RollOne();
    }

    /// <summary>Brings every wanted pod about, lowest ordinal first; false when an earlier one must be waited for.</summary>
    private bool Living()
    {
        var (first, made) = (StatefulPods.Start(_set), 0);
        var end = Math.Min((long)first + StatefulPods.Replicas(_set), int.MaxValue);
        for (var ordinal = first; ordinal < end; ordinal++)
        {
            var done = Live(ordinal);
            if (_ordered && !done)
                return false;
            // Hundreds of thousands of replicas are made in many goes.
            if (_actions is [.., StatefulSetAction.Create] && ++made >= Burst)
                return false;
        }
        return true;
    }

    /// <returns>Whether the next one may be looked at where order is kept.</returns>
    private bool Live(int ordinal)
    {
        if (!_replicas.TryGetValue(ordinal, out var pod))
        {
            _actions.Add(new StatefulSetAction.Create(NewPod(ordinal), ordinal));
            return false;
        }
        if (PodState.IsFinished(pod))
        {
            if (!StatefulPods.IsTerminating(pod))
                _actions.Add(new StatefulSetAction.Delete(pod, ordinal));
            return false;
        }
        if (pod.Status.Phase == PodPhase.Pending && _set.Spec.VolumeClaimTemplates.OrEmpty().Count > 0)
            _actions.Add(new StatefulSetAction.MakeClaims(pod, ordinal));
        if (_ordered && (StatefulPods.IsTerminating(pod) || !Available(pod)))
            return false;
        var hasClaims = _set.Spec.VolumeClaimTemplates.OrEmpty().Count > 0;
        if (!StatefulPods.IsTerminating(pod) && (hasClaims || !StatefulPods.IsIdentified(_set, pod, ordinal)))
            _actions.Add(new StatefulSetAction.Repair(pod, ordinal));
        return true;
    }

    /// <summary>Takes away what is scaled down, highest ordinal first; false when the update has to wait for it.</summary>
    private bool Condemned()
    {
        var unhealthy = FirstUnhealthy();
        foreach (var (pod, ordinal) in _condemned)
        {
            if (StatefulPods.IsTerminating(pod))
            {
                if (_ordered)
                    return false;
                continue;
            }
            // Order is kept on the way down too; but the one that is ill itself may go.
            if (_ordered && pod != unhealthy && !Available(pod))
                return false;
            _actions.Add(new StatefulSetAction.Delete(pod, ordinal));
            if (_ordered)
                return false;
        }
        return true;
    }

    private Pod? FirstUnhealthy() => _replicas.Values.FirstOrDefault(p => !IsHealthy(p))
        ?? _condemned.AsEnumerable().Reverse().Select(c => c.Pod).FirstOrDefault(p => !IsHealthy(p));

    private static bool IsHealthy(Pod pod) => StatefulPods.IsRunningAndReady(pod) && !StatefulPods.IsTerminating(pod);

    private bool Available(Pod pod) => StatefulPods.IsRunningAndAvailable(pod, _set.Spec.MinReadySeconds, _now);

    private bool IsOld(Pod pod) => StatefulPods.RevisionOf(pod) != _revisions.Update && !StatefulPods.IsTerminating(pod);

    private int Partition() => Math.Max(0, _set.Spec.UpdateStrategy.RollingUpdate?.Partition ?? 0);

    /// <summary>Pods that the update may replace, highest ordinal first.</summary>
    private List<(int Ordinal, Pod Pod)> Targets()
    {
        // The partition counts pods from the first one on, whatever that one's ordinal.
        var least = (long)StatefulPods.Start(_set) + Partition();
        return [.. _replicas.Where(r => r.Key >= least).Reverse().Select(r => (r.Key, r.Value))];
    }

    /// <summary>The pod of the highest ordinal with an old template goes; those above it must be well again first.</summary>
    private void RollOne()
    {
        foreach (var (ordinal, pod) in Targets())
        {
            if (IsOld(pod))
            {
                DeleteForUpdate(pod, ordinal);
                return;
            }
            if (StatefulPods.IsTerminating(pod) || !Available(pod))
                return;
        }
    }

    /// <summary>As many at once as may be unavailable (KEP-961).</summary>
    private void RollSeveral(IntOrString most)
    {
        // What rounds to nothing would stand still for ever.
        var limit = Math.Max(1, most.Scale(StatefulPods.Replicas(_set), roundUp: false));
        bool Unavailable(Pod pod) => StatefulPods.IsTerminating(pod) || !Available(pod);
        var missing = StatefulPods.Replicas(_set) - _replicas.Count;
        var unavailable = missing + _replicas.Values.Count(Unavailable);
        var targets = Targets();
        if (!_ordered)
        {
            // An old pod that is not available costs nothing: a rollout out of a broken template goes on.
            foreach (var (ordinal, pod) in targets.Where(t => IsOld(t.Pod) && Unavailable(t.Pod)))
                DeleteForUpdate(pod, ordinal);
            targets = [.. targets.Where(t => !Unavailable(t.Pod))];
        }
        foreach (var (ordinal, pod) in targets.Where(t => IsOld(t.Pod)).Take(Math.Max(0, limit - unavailable)))
            DeleteForUpdate(pod, ordinal);
    }

    private void DeleteForUpdate(Pod pod, int ordinal)
    {
        _actions.Add(new StatefulSetAction.Delete(pod, ordinal));
        if (StatefulPods.RevisionOf(pod) == _revisions.Current)
            _deletedOfCurrent++;
    }

    private Pod NewPod(int ordinal)
    {
        long start = StatefulPods.Start(_set);
        var rolling = _set.Spec.UpdateStrategy;
        var isCurrent = rolling.Type == "RollingUpdate"
            && ordinal < start + (rolling.RollingUpdate is null ? _set.Status.CurrentReplicas : Partition());
        return isCurrent
            ? StatefulPods.For(_set, _revisions.CurrentTemplate, _revisions.Current, ordinal)
            : StatefulPods.For(_set, _set.Spec.Template, _revisions.Update, ordinal);
    }

    private StatefulSetStatus Status()
    {
        var status = _set.Status.DeepClone();
        status.ObservedGeneration = _set.Metadata.Generation;
        (status.CurrentRevision, status.UpdateRevision) = (_revisions.Current, _revisions.Update);
        var created = _pods.Where(StatefulPods.IsCreated).ToList();
        status.Replicas = created.Count;
        status.ReadyReplicas = created.Count(StatefulPods.IsRunningAndReady);
        status.AvailableReplicas = created.Count(Available);
        var staying = created.Where(p => !StatefulPods.IsTerminating(p)).ToList();
        status.CurrentReplicas = staying.Count(p => StatefulPods.RevisionOf(p) == _revisions.Current) - _deletedOfCurrent;
        status.UpdatedReplicas = staying.Count(p => StatefulPods.RevisionOf(p) == _revisions.Update);
        var wanted = StatefulPods.Replicas(_set);
        var isComplete = _set.Spec.UpdateStrategy.Type == "RollingUpdate" && status.UpdatedReplicas == wanted
            && status.ReadyReplicas == wanted && status.Replicas == wanted;
        if (isComplete)
            (status.CurrentReplicas, status.CurrentRevision) = (status.UpdatedReplicas, status.UpdateRevision);
        return status;
    }

    private TimeSpan? NextAvailability()
    {
        if (_set.Spec.MinReadySeconds == 0)
            return null;
        var waiting = _pods.Where(p => StatefulPods.IsRunningAndReady(p) && !Available(p))
            .Select(p => (PodState.ReadySince(p) ?? _now).AddSeconds(_set.Spec.MinReadySeconds) - _now).ToList();
        return waiting.Count == 0 ? null : waiting.Min();
    }
}
