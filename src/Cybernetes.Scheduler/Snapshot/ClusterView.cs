using Cybernetes.Client.Informers;
using Cybernetes.Objects;
using Cybernetes.Objects.Core.V1;
using Cybernetes.Scheduler.Cycle;
using Cybernetes.Scheduler.Queue;
using NodeObject = Cybernetes.Objects.Core.V1.Node;

namespace Cybernetes.Scheduler.Snapshot;

/// <summary>
/// Keeps the columns true to what the informers tell and to what was decided but is not bound yet, and tells the queue what may help waiting pods.
/// All changes and decisions go through one lock.
/// </summary>
internal sealed class ClusterView(ClusterColumns columns, SchedulingQueue queue, string schedulerName)
{
    private readonly Lock _lock = new();
    private readonly HashSet<string> _assumed = new(StringComparer.Ordinal);

    /// <summary>Runs a decision over columns that do not change meanwhile; a chosen node's room is taken at once.</summary>
    public Decision Decide(SchedulingCycle cycle, Pod pod, LabelMatcher? spreadSelector)
    {
        lock (_lock)
        {
            var facts = new PodFacts(pod, PodDemand.Of(pod.Spec, columns.Resources), spreadSelector);
            var decision = cycle.Decide(facts);
            if (decision.NodeName is { } node)
            {
                columns.SetPod(new PlacedPod(pod, node, facts.Demand));
                _assumed.Add(pod.Metadata.UID);
            }
            return decision;
        }
    }

    /// <summary>The binding failed: the room is free again.</summary>
    public void Forget(Pod pod)
    {
        lock (_lock)
        {
            if (!_assumed.Remove(pod.Metadata.UID))
                return;
            columns.RemovePod(pod.Metadata.UID);
        }
        queue.Move(ClusterEvent.AssignedPodRemoved);
    }

    public void Watch(InformerFactory informers)
    {
        informers.For<NodeObject>().AddHandler(node => NodeChanged(null, node), NodeChanged, NodeRemoved);
        informers.For<Pod>().AddHandler(PodChanged, (_, pod) => PodChanged(pod), PodRemoved);
    }

    private void NodeChanged(NodeObject? before, NodeObject node)
    {
        ClusterEvent happened;
        lock (_lock)
        {
            columns.SetNode(node);
            happened = before is null ? ClusterEvent.NodeAdded : Difference(before, node);
        }
        if (happened != ClusterEvent.None)
            queue.Move(happened);
    }

    private void NodeRemoved(NodeObject node)
    {
        lock (_lock)
            columns.RemoveNode(node.Metadata.Name);
    }

    private void PodChanged(Pod pod)
    {
        var finished = pod.Status.Phase is PodPhase.Succeeded or PodPhase.Failed;
        if (pod.Spec.NodeName.Length > 0 && !finished)
            Place(pod);
        else if (finished)
            PodRemoved(pod);
        else if (pod.Metadata.DeletionTimestamp is not null)
            queue.Remove(pod.Metadata.UID);
        else if (pod.Spec.SchedulerName == schedulerName)
            queue.Put(pod);
    }

    private void Place(Pod pod)
    {
        queue.Remove(pod.Metadata.UID);
        bool isNew;
        lock (_lock)
        {
            _assumed.Remove(pod.Metadata.UID);
            var known = columns.Find(pod.Metadata.UID);
            isNew = known is null;
            // Status updates of a placed pod change nothing that counts here; most events are such.
            if (known is not null && known.NodeName == pod.Spec.NodeName && known.IsTerminating == (pod.Metadata.DeletionTimestamp is not null)
                && known.Pod.Metadata.Generation == pod.Metadata.Generation && ObjectEquality.StringMap(known.Labels, pod.Metadata.Labels))
                return;
            columns.SetPod(new PlacedPod(pod, pod.Spec.NodeName, PodDemand.Of(pod.Spec, columns.Resources)));
        }
        queue.Move(isNew ? ClusterEvent.AssignedPodAdded : ClusterEvent.AssignedPodLabelsChanged | ClusterEvent.AssignedPodRemoved);
    }

    private void PodRemoved(Pod pod)
    {
        queue.Remove(pod.Metadata.UID);
        bool had;
        lock (_lock)
        {
            _assumed.Remove(pod.Metadata.UID);
            had = columns.RemovePod(pod.Metadata.UID);
        }
        if (had)
            queue.Move(ClusterEvent.AssignedPodRemoved);
    }

    private static ClusterEvent Difference(NodeObject before, NodeObject after)
    {
        var happened = ClusterEvent.None;
        if (!ObjectEquality.QuantityMap(before.Status.Allocatable, after.Status.Allocatable))
            happened |= ClusterEvent.NodeAllocatableGrown;
        if (!ObjectEquality.StringMap(before.Metadata.Labels, after.Metadata.Labels))
            happened |= ClusterEvent.NodeLabelsChanged;
        if (!ObjectEquality.ObjectList(before.Spec.Taints, after.Spec.Taints))
            happened |= ClusterEvent.NodeTaintsChanged;
        if (before.Spec.Unschedulable && !after.Spec.Unschedulable)
            happened |= ClusterEvent.NodeUncordoned;
        return happened;
    }
}
