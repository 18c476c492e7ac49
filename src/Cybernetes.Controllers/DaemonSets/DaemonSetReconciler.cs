using Cybernetes.Controllers.Ownership;
using Cybernetes.Objects;
using Cybernetes.Objects.Apps.V1;
using Cybernetes.Objects.Core.V1;

namespace Cybernetes.Controllers.DaemonSets;

/// <summary>A daemon pod that ended, and has to go before its node gets a new one.</summary>
internal sealed record EndedPod(Pod Pod, string Type, string Reason, string Message);

/// <summary>What a daemon set needs.</summary>
/// <param name="Create">Nodes that get a pod.</param>
/// <param name="Delete">Pods that go.</param>
/// <param name="Ended">Those of them that have ended, with the event to tell of it.</param>
/// <param name="CheckAfter">When something changes without any event; null where nothing will.</param>
internal sealed record DaemonSetPlan(
    IReadOnlyList<string> Create, IReadOnlyList<Pod> Delete, IReadOnlyList<EndedPod> Ended, TimeSpan? CheckAfter);

/// <summary>Decides for one daemon set. Pure.</summary>
internal sealed class DaemonSetReconciler
{
    /// <summary>Pods made or deleted in one go at most, as upstream.</summary>
    public const int BurstReplicas = 250;

    private readonly DaemonSet _set;
    private readonly string _hash;
    private readonly DateTimeOffset _now;
    private readonly SortedDictionary<string, List<Pod>> _byNode = new(StringComparer.Ordinal);
    private readonly SortedSet<string> _wanted = new(StringComparer.Ordinal);
    private readonly Dictionary<string, bool> _mayStay = new(StringComparer.Ordinal);
    private readonly List<string> _create = [];
    private readonly List<Pod> _delete = [];
    private readonly List<EndedPod> _ended = [];
    private TimeSpan? _after;

    private DaemonSetReconciler(DaemonSet set, IReadOnlyList<Pod> pods, IReadOnlyList<Node> nodes, string hash, DateTimeOffset now)
    {
        (_set, _hash, _now) = (set, hash, now);
        foreach (var pod in pods)
        {
            // Ended and going already: as good as gone.
            if (PodState.IsFinished(pod) && pod.Metadata.DeletionTimestamp is not null)
                continue;
            var node = DaemonPods.NodeOf(pod);
            if (!_byNode.TryGetValue(node, out var there))
                _byNode[node] = there = [];
            there.Add(pod);
        }
        foreach (var there in _byNode.Values)
            there.Sort(static (a, b) => Older(a, b));
        var fit = new NodeFit(set);
        foreach (var node in nodes)
        {
            var (shouldRun, shouldContinue) = fit.Of(node);
            if (shouldRun)
                _wanted.Add(node.Metadata.Name);
            _mayStay[node.Metadata.Name] = shouldContinue;
        }
    }

    /// <summary>The next step: pods that are missing or too many first; once there are none, the update goes on.</summary>
    /// <param name="backoff">How long a node's failed pod is to be left, and zero when it may go.</param>
    public static DaemonSetPlan Reconcile(
        DaemonSet set, IReadOnlyList<Pod> pods, IReadOnlyList<Node> nodes, string hash, Func<string, TimeSpan> backoff, DateTimeOffset now)
    {
        var step = new DaemonSetReconciler(set, pods, nodes, hash, now);
        step.Manage(backoff);
        if (step._create.Count == 0 && step._delete.Count == 0 && set.Spec.UpdateStrategy.Type == "RollingUpdate")
            step.Roll();
        List<Pod> delete = [.. step._delete.Take(BurstReplicas)];
        return new(
            [.. step._create.Take(BurstReplicas)], delete, [.. step._ended.Where(e => delete.Contains(e.Pod))],
            Earliest(step._after, step.NextAvailability()));
    }

    /// <summary>The status that pods and nodes make.</summary>
    public static DaemonSetStatus Status(DaemonSet set, IReadOnlyList<Pod> pods, IReadOnlyList<Node> nodes, string hash, DateTimeOffset now)
    {
        var view = new DaemonSetReconciler(set, pods, nodes, hash, now);
        var status = set.Status.DeepClone();
        (status.ObservedGeneration, status.DesiredNumberScheduled) = (set.Metadata.Generation, view._wanted.Count);
        (status.CurrentNumberScheduled, status.NumberMisscheduled, status.NumberReady) = (0, 0, 0);
        (status.UpdatedNumberScheduled, status.NumberAvailable) = (0, 0);
        foreach (var node in nodes)
        {
            if (!view._byNode.TryGetValue(node.Metadata.Name, out var there))
                continue;
            if (!view._wanted.Contains(node.Metadata.Name))
            {
                status.NumberMisscheduled++;
                continue;
            }
            var oldest = there[0];
            status.CurrentNumberScheduled++;
            if (PodState.IsReady(oldest))
                status.NumberReady++;
            if (PodState.IsAvailable(oldest, set.Spec.MinReadySeconds, now))
                status.NumberAvailable++;
            if (DaemonPods.IsUpdated(set, oldest, hash))
                status.UpdatedNumberScheduled++;
        }
        status.NumberUnavailable = status.DesiredNumberScheduled - status.NumberAvailable;
        return status;
    }

    private static TimeSpan? Earliest(TimeSpan? a, TimeSpan? b) => a is null ? b : b is null ? a : a < b ? a : b;

    // Placed pods before those that are not, then the older, then by name.
    private static int Older(Pod a, Pod b)
    {
        var placed = (b.Spec.NodeName.Length > 0).CompareTo(a.Spec.NodeName.Length > 0);
        if (placed != 0)
            return placed;
        var age = Nullable.Compare(a.Metadata.CreationTimestamp, b.Metadata.CreationTimestamp);
        return age != 0 ? age : string.CompareOrdinal(a.Metadata.Name, b.Metadata.Name);
    }

    private bool Available(Pod pod) => PodState.IsAvailable(pod, _set.Spec.MinReadySeconds, _now);

    private void Manage(Func<string, TimeSpan> backoff)
    {
        foreach (var node in _wanted)
        {
            if (!_byNode.ContainsKey(node))
                _create.Add(node);
        }
        foreach (var (node, pods) in _byNode)
        {
            if (!_mayStay.TryGetValue(node, out var mayStay))
            {
                // The node is gone: pods that were never placed go; the others are the pod collector's.
                _delete.AddRange(pods.Where(p => p.Spec.NodeName.Length == 0 && p.Metadata.DeletionTimestamp is null));
            }
            else if (mayStay)
                Tidy(node, pods, backoff);
            else
                _delete.AddRange(pods.Where(p => p.Metadata.DeletionTimestamp is null));
        }
    }

    private void Tidy(string node, List<Pod> pods, Func<string, TimeSpan> backoff)
    {
        var running = new List<Pod>();
        foreach (var pod in pods.Where(p => p.Metadata.DeletionTimestamp is null))
        {
            if (pod.Status.Phase == PodPhase.Failed)
            {
                var wait = backoff(node);
                if (wait > TimeSpan.Zero)
                    _after = Earliest(_after, wait);
                else
                    End(pod, node, "Warning", "FailedDaemonPod", "Found failed daemon pod {0} on node {1}, will try to kill it");
            }
            else if (pod.Status.Phase == PodPhase.Succeeded)
                End(pod, node, "Normal", "SucceededDaemonPod", "Found succeeded daemon pod {0} on node {1}, will try to delete it");
            else
                running.Add(pod);
        }
        if (running.Count <= 1)
            return;
        if (Surge() == 0)
            _delete.AddRange(running.Skip(1));
        else
            TidySurge(running);
    }

    private void End(Pod pod, string node, string type, string reason, string message)
    {
        var name = $"{pod.Metadata.Namespace}/{pod.Metadata.Name}";
        _ended.Add(new(pod, type, reason, string.Format(System.Globalization.CultureInfo.InvariantCulture, message, name, node)));
        _delete.Add(pod);
    }

    /// <summary>While surging a node has one old and one new pod; the old one goes when the new one is there for good.</summary>
    private void TidySurge(List<Pod> running)
    {
        var newer = running.FirstOrDefault(p => DaemonPods.IsUpdated(_set, p, _hash));
        var older = running.FirstOrDefault(p => !DaemonPods.IsUpdated(_set, p, _hash));
        _delete.AddRange(running.Where(p => p != newer && p != older));
        if (newer is not null && older is not null && (!PodState.IsReady(older) || Available(newer)))
            _delete.Add(older);
    }

    private int Desired() => _wanted.Count;

    private int Surge() => _set.Spec.UpdateStrategy is { Type: "RollingUpdate", RollingUpdate.MaxSurge: { } surge } ? surge.Scale(Desired(), roundUp: true) : 0;

    private int Unavailable() => _set.Spec.UpdateStrategy.RollingUpdate?.MaxUnavailable is { } most ? most.Scale(Desired(), roundUp: true) : 1;

    private void Roll()
    {
        var surge = Surge();
        var unavailable = Unavailable();
        // Percentages can both come to nothing, which would stand still for ever.
        if (Desired() > 0 && surge == 0 && unavailable == 0)
            unavailable = 1;
        if (surge == 0)
            Replace(unavailable);
        else
            Surge(surge);
    }

    /// <summary>Deletes old pods: those that are not available at once, others while few enough are missing.</summary>
    private void Replace(int mostUnavailable)
    {
        var unavailable = _wanted.Count(n => !_byNode.ContainsKey(n));
        var candidates = new List<Pod>();
        foreach (var pods in _byNode.Values)
        {
            if (!TrySplit(pods, out var newer, out var older) || newer is null == older is null)
                unavailable++;
            else if (newer is not null)
                unavailable += Available(newer) ? 0 : 1;
            else if (!Available(older!))
                _delete.Add(older!);
            else
                candidates.Add(older!);
        }
        _delete.AddRange(candidates.Take(Math.Max(0, mostUnavailable - unavailable)));
    }

    /// <summary>Makes new pods beside the old ones, and takes the old one away where the new one is available.</summary>
    private void Surge(int most)
    {
        var surging = 0;
        var candidates = new List<string>();
        foreach (var (node, pods) in _byNode)
        {
            if (!TrySplit(pods, out var newer, out var older))
                surging++;
            else if (older is null)
                continue;
            else if (!_wanted.Contains(node))
                _delete.Add(older);
            else if (newer is null && !Available(older))
                _create.Add(node);
            else if (newer is null)
                candidates.Add(node);
            else if (Available(newer))
                _delete.Add(older);
            else
                surging++;
        }
        _create.AddRange(candidates.Take(Math.Max(0, most - surging)));
    }

    /// <summary>The new and the old pod of a node that are not going; false when there are several of a sort.</summary>
    private bool TrySplit(List<Pod> pods, out Pod? newer, out Pod? older)
    {
        newer = older = null;
        foreach (var pod in pods.Where(p => p.Metadata.DeletionTimestamp is null))
        {
            if (DaemonPods.IsUpdated(_set, pod, _hash))
            {
                if (newer is not null)
                    return false;
                newer = pod;
            }
            else if (older is not null)
                return false;
            else
                older = pod;
        }
        return true;
    }

    /// <summary>When the first pod that is ready becomes available.</summary>
    private TimeSpan? NextAvailability()
    {
        if (_set.Spec.MinReadySeconds == 0)
            return null;
        TimeSpan? next = null;
        foreach (var pod in _byNode.Values.SelectMany(p => p))
        {
            if (PodState.ReadySince(pod) is { } since && !Available(pod))
                next = Earliest(next, since.AddSeconds(_set.Spec.MinReadySeconds) - _now);
        }
        return next;
    }
}
