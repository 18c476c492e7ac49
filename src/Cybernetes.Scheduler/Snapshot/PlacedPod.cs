using Cybernetes.Objects.Core.V1;

namespace Cybernetes.Scheduler.Snapshot;

/// <summary>A pod that takes room on a node: bound, or assumed by a decision whose binding is still under way.</summary>
internal sealed class PlacedPod(Pod pod, string nodeName, PodDemand demand, AffinityTerms? terms = null)
{
    /// <summary>Its newest form; one that only has another status may take its place.</summary>
    public Pod Pod { get; set; } = pod;

    public string NodeName { get; } = nodeName;

    public PodDemand Demand { get; } = demand;

    /// <summary>What the pod asks of pods that come after it.</summary>
    public AffinityTerms Terms { get; } = terms ?? AffinityTerms.Of(pod);

    public string Namespace => Pod.Metadata.Namespace;

    public Dictionary<string, string>? Labels => Pod.Metadata.Labels;

    public bool IsTerminating => Pod.Metadata.DeletionTimestamp is not null;

    public int Priority => Pod.Spec.Priority ?? 0;

    /// <summary>The node's slot; kept by <see cref="ClusterColumns"/>.</summary>
    public int Slot { get; set; } = -1;

    /// <summary>Where it stands in its namespace's list; kept by <see cref="ClusterColumns"/>.</summary>
    public int NamespaceIndex { get; set; } = -1;
}
