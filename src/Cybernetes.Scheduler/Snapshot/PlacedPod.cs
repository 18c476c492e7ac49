using Cybernetes.Objects;
using Cybernetes.Objects.Core.V1;

namespace Cybernetes.Scheduler.Snapshot;

/// <summary>A pod that takes room on a node: bound, or assumed by a decision whose binding is still under way.</summary>
internal sealed class PlacedPod(Pod pod, string nodeName, PodDemand demand)
{
    public Pod Pod { get; } = pod;

    public string NodeName { get; } = nodeName;

    public PodDemand Demand { get; } = demand;

    public string Namespace => Pod.Metadata.Namespace;

    public Dictionary<string, string>? Labels => Pod.Metadata.Labels;

    public bool IsTerminating => Pod.Metadata.DeletionTimestamp is not null;

    /// <summary>The node's slot; kept by <see cref="ClusterColumns"/>.</summary>
    public int Slot { get; set; } = -1;

    /// <summary>Where it stands in its namespace's list; kept by <see cref="ClusterColumns"/>.</summary>
    public int NamespaceIndex { get; set; } = -1;
}
