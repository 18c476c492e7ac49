using Cybernetes.Foundation;
using Cybernetes.Node.Agent;
using Cybernetes.Node.Resources;
using Cybernetes.Node.Runtime;
using Cybernetes.Node.Volumes;
using Microsoft.Extensions.Logging;

namespace Cybernetes.Node.Pods;

/// <summary>What the workers of all pods share. Made once by the agent.</summary>
internal sealed record PodServices(
    IRuntimeService Runtime, ImagePuller Images, IPodObjects Objects, INodeApi Api, INodeEvents Events, IServiceLister Services,
    IPodVolumes Volumes, IPodCgroups Cgroups, NodeSelf Node, PodPaths Paths, TimeProvider Time, IRandomSource Random,
    ILogger Logger)
{
    public required SandboxConfigs Sandboxes { get; init; }

    /// <summary>Null on nodes without containers: nothing is mounted then.</summary>
    public required ContainerMounts? Mounts { get; init; }

    public required LifecycleHooks Hooks { get; init; }

    public required ITerminationMessages TerminationMessages { get; init; }

    /// <summary>Crash back-off by pod, container and hash: 10 s doubling to 5 min, forgotten after 10 min of quiet.</summary>
    public required BackoffMap<(string Uid, string Container, string Hash)> CrashBackoff { get; init; }
}
