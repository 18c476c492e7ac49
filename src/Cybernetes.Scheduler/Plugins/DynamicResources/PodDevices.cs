using Cybernetes.Objects.Core.V1;
using Cybernetes.Objects.Resource.V1;
using Cybernetes.Scheduler.Snapshot;
using ResourceClaim = Cybernetes.Objects.Resource.V1.ResourceClaim;

namespace Cybernetes.Scheduler.Plugins.DynamicResources;

/// <summary>What one node means to a pod's claims.</summary>
/// <param name="Reason">Why the pod cannot use the node; null where it can.</param>
/// <param name="Wishes">The claims that are to be allocated there.</param>
/// <param name="Chosen">Their devices, in the same order.</param>
/// <param name="Extended">What the claim for extended resources asks for there; null where there is none.</param>
internal sealed record NodeDevices(
    string? Reason, IReadOnlyList<ClaimWish> Wishes, IReadOnlyList<IReadOnlyList<ChosenDevice>> Chosen, ExtendedRequests? Extended = null)
{
    public static NodeDevices Rejected(string reason) => new(reason, [], []);
}

/// <summary>One of a pod's claims on its way through a cycle.</summary>
internal sealed class PodClaim(ResourceClaim claim, ClaimWish? wish)
{
    /// <summary>Its newest form.</summary>
    public ResourceClaim Claim { get; set; } = claim;

    /// <summary>What is to be allocated; null where it has its devices.</summary>
    public ClaimWish? Wish { get; } = wish;

    /// <summary>The nodes that can use what it has; null for all. Only of an allocated claim.</summary>
    public NodeBits? Nodes { get; init; }

    /// <summary>What was decided for another pod of the pod's group and is still to be written: the two share it. Null where nothing is.</summary>
    public AllocationResult? Shared { get; init; }

    /// <summary>What a decision gave it.</summary>
    public AllocationResult? Allocation { get; set; }

    /// <summary>Some node could not use the devices that it has.</summary>
    public bool IsUnavailable { get; set; }

    /// <summary>The pod was added to its users here.</summary>
    public bool IsReservedHere { get; set; }
}

/// <summary>A pod's devices from the filters to the binding.</summary>
internal sealed class PodDevices(Pod pod, IReadOnlyList<PodClaim> claims)
{
    public Pod Pod { get; } = pod;

    /// <summary>Those that the pod names.</summary>
    public IReadOnlyList<PodClaim> Claims { get; } = claims;

    /// <summary>That which is made for its extended resources; null where there are none.</summary>
    public PodClaim? Extended { get; set; }

    /// <summary>The resources that device classes stand for, with how much of each the pod wants.</summary>
    public IReadOnlyList<(int Resource, string Name)> ExtendedResources { get; init; } = [];

    /// <summary>How the containers use the extended claim's requests on the chosen node.</summary>
    public List<ContainerExtendedResourceRequest> Mappings { get; set; } = [];

    /// <summary>By slot: what was found out in this cycle. What pods stand on a node makes no difference.</summary>
    public Dictionary<int, NodeDevices> ByNode { get; } = [];

    /// <summary>By the extended resources that a node lacks: what they mean as a claim.</summary>
    public Dictionary<string, (ClaimWish? Wish, ExtendedRequests Requests, string? Error)> ExtendedWishes { get; } = new(StringComparer.Ordinal);

    /// <summary>The pools that many nodes reach, once for all nodes.</summary>
    public IReadOnlyList<DevicePool> WidePools { get; set; } = [];

    /// <summary>The nodes of each selector that was met.</summary>
    public Dictionary<NodeSelector, NodeBits> Selected { get; } = new(ReferenceEqualityComparer.Instance);

    public SearchBudget? Budget { get; set; }

    public IEnumerable<PodClaim> All => Extended is null ? Claims : Claims.Append(Extended);
}
