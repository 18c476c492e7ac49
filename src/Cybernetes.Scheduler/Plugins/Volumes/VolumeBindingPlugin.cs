using Cybernetes.Objects;
using Cybernetes.Objects.Core.V1;
using Cybernetes.Scheduler.Cycle;
using Cybernetes.Scheduler.Queue;
using Cybernetes.Scheduler.Snapshot;

namespace Cybernetes.Scheduler.Plugins.Volumes;

/// <summary>
/// Claims: bound volumes must be reachable from the node; claims that wait for their first consumer must find a volume there, or a class that
/// makes one. What a decision took is kept from others until the volume controller has written it down.
/// </summary>
internal sealed class VolumeBindingPlugin(IVolumeObjects objects, VolumeBindings bindings) : IPreFilterPlugin, IClusterFilter, IReservePlugin, IPreBindPlugin
{
    public string Name => "VolumeBinding";

    public ClusterEvent Wakers => ClusterEvent.NodeAdded | ClusterEvent.NodeLabelsChanged | ClusterEvent.ClaimChanged | ClusterEvent.VolumeChanged
        | ClusterEvent.StorageClassChanged | ClusterEvent.StorageNodeChanged | ClusterEvent.AssignedPodRemoved;

    // A pod that gives its place back before it was bound gives back the volumes that were kept for it.
    public bool MayHelp(Pod pod, in ClusterHappening happening) => happening.Pod is not { } other || PodClaims.HasAny(other);

    /// <summary>The claims of the cycle's pod: those bound, and those that wait for a node.</summary>
    private sealed record Claims(IReadOnlyList<PersistentVolumeClaim> Bound, IReadOnlyList<PersistentVolumeClaim> Waiting);

    public void PreFilter(SchedulingCycle cycle)
    {
        var pod = cycle.Pod.Pod;
        if (!PodClaims.HasAny(pod))
            return;
        List<PersistentVolumeClaim> bound = [], waiting = [];
        var hasUnboundImmediate = false;
        foreach (var (name, isEphemeral) in PodClaims.NamesOf(pod))
        {
            var claim = objects.Claim(pod.Metadata.Namespace, name);
            if (Missing(pod, claim, name, isEphemeral) is { } reason)
            {
                cycle.RejectPod(reason);
                return;
            }
            if (PodClaims.IsFullyBound(claim!))
                bound.Add(claim!);
            else if (objects.Class(PodClaims.ClassOf(claim!)) is { VolumeBindingMode: "WaitForFirstConsumer" } && claim!.Spec.VolumeName.Length == 0)
                waiting.Add(claim);
            else
                hasUnboundImmediate = true;
        }
        if (hasUnboundImmediate)
            cycle.RejectPod("pod has unbound immediate PersistentVolumeClaims");
        else
            cycle.Note(this, new Claims(bound, waiting));
    }

    public void Filter(SchedulingCycle cycle)
    {
        if (cycle.NoteOf<Claims>(this) is not { } claims)
            return;
        foreach (var claim in claims.Bound)
        {
            if (objects.Volume(claim.Spec.VolumeName) is not { } volume)
                cycle.Drop(cycle.Columns.Live, "node(s) unavailable due to one or more pvc(s) bound to non-existent pv(s)", isResolvable: false);
            else if (volume.Spec.NodeAffinity?.Required is not null)
                cycle.Keep(VolumeMatching.NodesOf(cycle.Columns, volume), "node(s) had volume node affinity conflict", isResolvable: false);
        }
        if (claims.Waiting.Count == 0)
            return;
        foreach (var slot in cycle.Feasible)
        {
            if (Choose(cycle.Columns, claims.Waiting, slot, null) is { } reason)
                cycle.Reject(slot, reason, isResolvable: false);
        }
    }

    public void Reserve(SchedulingCycle cycle, string nodeName)
    {
        if (cycle.NoteOf<Claims>(this) is not { Waiting.Count: > 0 } claims)
            return;
        var chosen = new List<VolumeChoice>();
        var slot = cycle.Columns.SlotOf(nodeName);
        Choose(cycle.Columns, claims.Waiting, slot, chosen);
        bindings.Assume(cycle.Pod.Pod.Metadata.UID, chosen, new Node { Metadata = { Name = nodeName, Labels = new(cycle.Columns.LabelsOf(slot)) } });
    }

    public void Unreserve(Pod pod) => bindings.Forget(pod.Metadata.UID);

    public ValueTask<string?> PreBindAsync(Pod pod, string nodeName, CancellationToken cancellation) => bindings.BindAsync(pod, nodeName, cancellation);

    private static string? Missing(Pod pod, PersistentVolumeClaim? claim, string name, bool isEphemeral)
    {
        if (claim is null)
        {
            return isEphemeral
                ? $"waiting for ephemeral volume controller to create the persistentvolumeclaim \"{name}\""
                : $"persistentvolumeclaim \"{name}\" not found";
        }
        if (claim.Status.Phase == "Lost")
            return $"persistentvolumeclaim \"{name}\" bound to non-existent persistentvolume \"{claim.Spec.VolumeName}\"";
        if (claim.Metadata.DeletionTimestamp is not null)
            return $"persistentvolumeclaim \"{name}\" is being deleted";
        if (isEphemeral && claim.Metadata.OwnerReferences.OrEmpty().All(o => o.Controller != true || o.UID != pod.Metadata.UID))
            return $"PVC \"{pod.Metadata.Namespace}/{name}\" was not created for pod \"{pod.Metadata.Namespace}/{pod.Metadata.Name}\" (pod is not owner)";
        return null;
    }

    /// <summary>Finds a volume or a class for each claim on the node; null when all have one, else why not.</summary>
    private string? Choose(ClusterColumns columns, IReadOnlyList<PersistentVolumeClaim> waiting, int slot, List<VolumeChoice>? chosen)
    {
        const string noVolume = "node(s) didn't find available persistent volumes to bind";
        var node = columns.NodeName(slot);
        var taken = new HashSet<string>(StringComparer.Ordinal);
        foreach (var claim in waiting)
        {
            var isPinned = claim.Metadata.Annotations.OrEmpty().TryGetValue(PodClaims.SelectedNode, out var pinned);
            if (isPinned && pinned != node)
                return noVolume;
            var volume = isPinned ? null : VolumeMatching.Smallest(
                columns, claim, objects.VolumesOf(PodClaims.ClassOf(claim)), slot, name => taken.Contains(name) || bindings.IsTaken(name, claim));
            if (volume is not null)
            {
                taken.Add(volume.Metadata.Name);
                chosen?.Add(new VolumeChoice(claim, volume));
                continue;
            }
            var @class = objects.Class(PodClaims.ClassOf(claim));
            if (@class is null || @class.Provisioner is "" or "kubernetes.io/no-provisioner" || !VolumeMatching.AllowedBy(columns, @class)[slot])
                return noVolume;
            if (!VolumeMatching.HasRoom(objects, @class, claim, columns.LabelsOf(slot)))
                return "node(s) did not have enough free storage";
            chosen?.Add(new VolumeChoice(claim, null));
        }
        return null;
    }
}
