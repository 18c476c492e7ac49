using Cybernetes.Client.Informers;
using Cybernetes.Objects;
using Cybernetes.Objects.Core.V1;
using Cybernetes.Objects.Storage.V1;
using Cybernetes.Scheduler.Cycle;
using Cybernetes.Scheduler.Plugins.DynamicResources;
using Cybernetes.Scheduler.Plugins.GangScheduling;
using Cybernetes.Scheduler.Queue;
using NodeObject = Cybernetes.Objects.Core.V1.Node;

namespace Cybernetes.Scheduler.Snapshot;

/// <summary>
/// Keeps the columns true to what the informers tell and to what was decided but is not bound yet, and tells the queue what may help waiting pods.
/// All changes and decisions go through one lock.
/// </summary>
internal sealed partial class ClusterView(
    ClusterColumns columns, SchedulingQueue queue, IReadOnlyList<SchedulingProfile> profiles, PodGroups? groups = null, DeviceInventory? devices = null)
{
    private readonly Lock _lock = new();
    private readonly HashSet<string> _assumed = new(StringComparer.Ordinal);
    private readonly Dictionary<string, PlacedPod> _nominated = new(StringComparer.Ordinal);
    private readonly Dictionary<string, SchedulingProfile> _profiles = profiles.ToDictionary(p => p.SchedulerName, StringComparer.Ordinal);

    /// <summary>The profile of a pod's scheduler name, or null where another scheduler has it.</summary>
    public SchedulingProfile? ProfileOf(Pod pod) => _profiles.GetValueOrDefault(pod.Spec.SchedulerName);

    /// <summary>Runs a decision over columns that do not change meanwhile; a chosen node's room is taken at once, and so is a nominated one's.</summary>
    public Decision Decide(SchedulingCycle cycle, Pod pod, LabelMatcher? spreadSelector)
    {
        var profile = _profiles[pod.Spec.SchedulerName];
        lock (_lock)
        {
            var facts = FactsOf(pod, spreadSelector);
            var decision = cycle.Decide(facts, profile, NominatedBeside(facts));
            if (decision.NodeName is { } node)
            {
                columns.SetPod(facts.PlacedOn(node));
                _assumed.Add(pod.Metadata.UID);
                _nominated.Remove(pod.Metadata.UID);
                foreach (var plugin in profile.Reserves)
                    plugin.Reserve(cycle, node);
            }
            else if (decision.Preemption is { } plan)
                _nominated[pod.Metadata.UID] = facts.PlacedOn(plan.NodeName);
            else if (cycle.Columns.NodeCount > 0)
                _nominated.Remove(pod.Metadata.UID);
            return decision;
        }
    }

    /// <summary>The binding failed: the room is free again.</summary>
    public void Forget(Pod pod)
    {
        lock (_lock)
        {
            foreach (var plugin in ProfileOf(pod)?.Reserves ?? [])
                plugin.Unreserve(pod);
            if (!_assumed.Remove(pod.Metadata.UID))
                return;
            columns.RemovePod(pod.Metadata.UID);
        }
        queue.Move(new ClusterHappening(ClusterEvent.AssignedPodRemoved, pod));
    }

    /// <summary>Pods of lower priority that were promised room on a node and may not fit there any more; their promises are taken back.</summary>
    public IReadOnlyList<Pod> TakeBackNominations(string nodeName, int priority)
    {
        lock (_lock)
        {
            var lower = _nominated.Values.Where(p => p.NodeName == nodeName && p.Priority < priority).Select(p => p.Pod).ToList();
            foreach (var pod in lower)
                _nominated.Remove(pod.Metadata.UID);
            return lower;
        }
    }

    /// <summary>Follows the informers, which are not started yet.</summary>
    /// <returns>Ends when all that was there at the start stands in the columns: a decision before that would give room away twice.</returns>
    public Task Watch(InformerFactory informers)
    {
        // Extenders are sent whole pods.
        if (profiles.All(p => p.Extenders.Count == 0))
            informers.For<Pod>().TrimBy(PlacedPodTrim.Apply);
        IInformerRegistration[] all =
        [
            informers.For<NodeObject>().AddHandler(node => NodeChanged(null, node), NodeChanged, NodeRemoved),
            informers.For<Pod>().AddHandler(PodChanged, (_, pod) => PodChanged(pod), PodRemoved),
            informers.For<Namespace>().AddHandler(NamespaceChanged, (_, ns) => NamespaceChanged(ns), NamespaceRemoved),
            Tell<PersistentVolumeClaim>(informers, ClusterEvent.ClaimChanged),
            Tell<PersistentVolume>(informers, ClusterEvent.VolumeChanged),
            Tell<StorageClass>(informers, ClusterEvent.StorageClassChanged),
            Tell<CSINode>(informers, ClusterEvent.StorageNodeChanged),
            Tell<CSIDriver>(informers, ClusterEvent.StorageNodeChanged),
            Tell<CSIStorageCapacity>(informers, ClusterEvent.StorageNodeChanged),
            informers.For<VolumeAttachment>().AddHandler(deleted: _ => queue.Move(new ClusterHappening(ClusterEvent.StorageNodeChanged))),
        ];
        return Task.WhenAll(all.Select(registration => registration.Synced));
    }

    private PodFacts FactsOf(Pod pod, LabelMatcher? spreadSelector) => PodFacts.Of(pod, columns, spreadSelector, devices);

    private IInformerRegistration Tell<T>(InformerFactory informers, ClusterEvent happening)
        where T : class, IKubernetesObject<T> =>
        informers.For<T>().AddHandler(
            _ => queue.Move(new ClusterHappening(happening)), (_, _) => queue.Move(new ClusterHappening(happening)),
            _ => queue.Move(new ClusterHappening(happening)));

    private List<PlacedPod> NominatedBeside(PodFacts pod)
    {
        var beside = new List<PlacedPod>();
        foreach (var nominated in _nominated.Values)
        {
            if (nominated.Priority >= pod.Priority && nominated.Pod.Metadata.UID != pod.Pod.Metadata.UID && columns.SlotOf(nominated.NodeName) >= 0)
                beside.Add(nominated);
        }
        return beside;
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
            queue.Move(new ClusterHappening(happened, Node: node));
    }

    private void NodeRemoved(NodeObject node)
    {
        lock (_lock)
            columns.RemoveNode(node.Metadata.Name);
        queue.Move(new ClusterHappening(ClusterEvent.NodeRemoved));
    }

    private void NamespaceChanged(Namespace ns)
    {
        bool isNews;
        lock (_lock)
            isNews = columns.SetNamespace(ns.Metadata.Name, ns.Metadata.Labels);
        if (isNews)
            queue.Move(new ClusterHappening(ClusterEvent.NamespaceChanged));
    }

    private void NamespaceRemoved(Namespace ns)
    {
        lock (_lock)
            columns.RemoveNamespace(ns.Metadata.Name);
    }

    private void PodChanged(Pod pod)
    {
        var finished = pod.Status.Phase is PodPhase.Succeeded or PodPhase.Failed;
        if (pod.Spec.NodeName.Length > 0 && !finished)
        {
            Place(pod);
            Join(pod);
        }
        else if (finished || pod.Metadata.DeletionTimestamp is not null)
            PodRemoved(pod);
        else if (_profiles.ContainsKey(pod.Spec.SchedulerName))
        {
            // From before its binding, which is told later: deciding for it again could only undo what was done.
            if (IsBound(pod))
                return;
            Nominate(pod);
            // The pod counts when it is asked whether its gang is complete.
            var isNew = groups?.Add(pod) == true;
            queue.Put(pod);
            if (isNew)
                queue.Reconsider(groups!.MembersOf(pod.Metadata.Namespace, GangSchedulingPlugin.GroupOf(pod)!));
        }
    }

    private bool IsBound(Pod pod)
    {
        lock (_lock)
        {
            if (!_assumed.Contains(pod.Metadata.UID))
                return false;
        }
        return queue.Find(pod.Metadata.UID) is null;
    }

    /// <summary>A promise that stands in a pod's status, from before this scheduler began or from an autoscaler, holds too.</summary>
    private void Nominate(Pod pod)
    {
        if (pod.Status.NominatedNodeName.Length == 0)
            return;
        lock (_lock)
        {
            if (!_assumed.Contains(pod.Metadata.UID) && !_nominated.ContainsKey(pod.Metadata.UID))
                _nominated[pod.Metadata.UID] = new PlacedPod(pod, pod.Status.NominatedNodeName, PodDemand.Of(pod.Spec, columns.Resources));
        }
    }

    private void Place(Pod pod)
    {
        queue.Remove(pod.Metadata.UID);
        var happened = ClusterEvent.AssignedPodAdded;
        lock (_lock)
        {
            var wasAssumed = _assumed.Remove(pod.Metadata.UID);
            _nominated.Remove(pod.Metadata.UID);
            var known = columns.Find(pod.Metadata.UID);
            // Status updates of a placed pod change nothing that counts here; most events are such.
            if (known is not null && known.NodeName == pod.Spec.NodeName && known.IsTerminating == (pod.Metadata.DeletionTimestamp is not null)
                && known.Pod.Metadata.Generation == pod.Metadata.Generation && ObjectEquality.StringMap(known.Labels, pod.Metadata.Labels))
            {
                known.Pod = pod;
                if (!wasAssumed)
                    return;
            }
            else
            {
                columns.SetPod(new PlacedPod(pod, pod.Spec.NodeName, PodDemand.Of(pod.Spec, columns.Resources)));
                if (known is not null)
                    happened = ClusterEvent.AssignedPodLabelsChanged | ClusterEvent.AssignedPodRemoved;
            }
        }
        queue.Move(new ClusterHappening(happened, pod));
    }

    private void PodRemoved(Pod pod)
    {
        queue.Remove(pod.Metadata.UID);
        groups?.Remove(pod);
        if (pod.Spec.ResourceClaims is { Count: > 0 })
            devices?.Gone(pod);
        bool had;
        lock (_lock)
        {
            _assumed.Remove(pod.Metadata.UID);
            _nominated.Remove(pod.Metadata.UID);
            had = columns.RemovePod(pod.Metadata.UID);
        }
        if (had)
            queue.Move(new ClusterHappening(ClusterEvent.AssignedPodRemoved, pod));
    }

    private static ClusterEvent Difference(NodeObject before, NodeObject after)
    {
        var happened = ClusterEvent.None;
        if (!ObjectEquality.QuantityMap(before.Status.Allocatable, after.Status.Allocatable))
            happened |= ClusterEvent.NodeAllocatableChanged;
        if (!ObjectEquality.StringMap(before.Metadata.Labels, after.Metadata.Labels))
            happened |= ClusterEvent.NodeLabelsChanged;
        if (!ObjectEquality.ObjectList(before.Spec.Taints, after.Spec.Taints))
            happened |= ClusterEvent.NodeTaintsChanged;
        if (before.Spec.Unschedulable && !after.Spec.Unschedulable)
            happened |= ClusterEvent.NodeUncordoned;
        if (!before.Status.DeclaredFeatures.OrEmpty().SequenceEqual(after.Status.DeclaredFeatures.OrEmpty()))
            happened |= ClusterEvent.NodeFeaturesChanged;
        return happened;
    }
}
