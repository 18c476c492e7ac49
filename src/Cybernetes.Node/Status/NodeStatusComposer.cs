using Cybernetes.Node.Resources;
using Cybernetes.Objects;
using Cybernetes.Objects.Core.V1;
using Cri = Cybernetes.Node.Runtime.Cri;

namespace Cybernetes.Node.Status;

/// <summary>All that a node's status is made of.</summary>
/// <param name="Old">The status last made or the API server's.</param>
/// <param name="Faults">What keeps the node from being ready; empty when nothing does.</param>
internal sealed record NodeStatusInputs(
    NodeStatus Old, NodeFacts Facts, string NodeName, IReadOnlyList<string> Addresses, int Port, int MaxPods, string Version,
    string RuntimeVersion, IReadOnlyList<Cri.Image> Images, IReadOnlyList<Cri.RuntimeHandler> Handlers,
    IReadOnlyList<string> Faults,
    DateTimeOffset Now)
{
    public bool SupportsGroupsPolicy { get; init; }

    /// <summary>The addresses are the cloud's controllers' to tell.</summary>
    public bool HasExternalCloudProvider { get; init; }

    /// <summary>Whether somebody has said what the node's addresses are (--node-ip).</summary>
    public bool HasGivenAddresses { get; init; }
}

/// <summary>Makes a Node's status, with upstream's conditions, reasons and words. Pure.</summary>
internal static class NodeStatusComposer
{
    private const int MaxImages = 50;
    private const int MaxImageNames = 5;

    public static NodeStatus Compose(NodeStatusInputs inputs)
    {
        var status = inputs.Old.DeepClone();
        status.Capacity = Capacity(inputs);
        status.Allocatable = Allocatable(inputs);
        if (TellsAddresses(inputs))
        {
            status.Addresses = [.. inputs.Addresses.Select(ip => new NodeAddress { Type = "InternalIP", Address = ip })];
            status.Addresses.Add(new NodeAddress { Type = "Hostname", Address = inputs.NodeName });
        }
        status.DaemonEndpoints.KubeletEndpoint.Port = inputs.Port;
        status.NodeInfo = Info(inputs);
        status.Images = Images(inputs.Images);
        status.RuntimeHandlers = Handlers(inputs.Handlers);
        status.Features = new NodeFeatures { SupplementalGroupsPolicy = inputs.SupportsGroupsPolicy };
        status.Conditions = Conditions(inputs);
        return status;
    }

    /// <summary>Whether they differ in more than the time of the heartbeat.</summary>
    public static bool IsSame(NodeStatus one, NodeStatus other) => WithoutHeartbeat(one).SemanticEquals(WithoutHeartbeat(other));

    private static NodeStatus WithoutHeartbeat(NodeStatus status)
    {
        var copy = status.DeepClone();
        foreach (var condition in copy.Conditions ?? [])
            condition.LastHeartbeatTime = null;
        return copy;
    }

    public static Dictionary<string, Quantity> Capacity(NodeStatusInputs inputs)
    {
        var facts = inputs.Facts;
        var capacity = new Dictionary<string, Quantity>(StringComparer.Ordinal)
        {
            ["cpu"] = Quantity.FromInt64(facts.Cpus),
            ["memory"] = Kibibytes(facts.MemoryBytes),
            ["ephemeral-storage"] = Kibibytes(facts.EphemeralStorageBytes),
            ["pods"] = Quantity.FromInt64(inputs.MaxPods),
        };
        foreach (var (size, bytes) in facts.HugePageBytes)
            capacity[NodeFacts.HugePageResource(size)] = Quantity.FromBytes(bytes);
        return capacity;
    }

    public static Dictionary<string, Quantity> Allocatable(NodeStatusInputs inputs)
    {
        var allocatable = Capacity(inputs);
        allocatable["memory"] = Kibibytes(inputs.Facts.AllocatableMemoryBytes);
        allocatable["ephemeral-storage"] = Quantity.FromInt64(inputs.Facts.AllocatableEphemeralStorageBytes);
        return allocatable;
    }

    /// <summary>What a cloud has told stays; before it has, only what somebody gave is told, since it may find the node elsewhere.</summary>
    private static bool TellsAddresses(NodeStatusInputs inputs) =>
        !inputs.HasExternalCloudProvider || (inputs.HasGivenAddresses && inputs.Old.Addresses is not { Count: > 0 });

    // Upstream's form: memory is read in kB and shown as Ki.
    private static Quantity Kibibytes(long bytes) => Quantity.Parse($"{bytes / 1024}Ki");

    private static NodeSystemInfo Info(NodeStatusInputs inputs) => new()
    {
        MachineID = inputs.Facts.MachineId,
        SystemUUID = inputs.Facts.SystemUuid,
        BootID = inputs.Facts.BootId,
        KernelVersion = inputs.Facts.KernelVersion,
        OSImage = inputs.Facts.OsImage,
        ContainerRuntimeVersion = inputs.RuntimeVersion,
        KubeletVersion = inputs.Version,
        OperatingSystem = inputs.Facts.OperatingSystem,
        Architecture = inputs.Facts.Architecture,
    };

    private static List<ContainerImage>? Images(IReadOnlyList<Cri.Image> images)
    {
        var largest = images.OrderByDescending(image => image.Size).ThenBy(image => image.Id, StringComparer.Ordinal)
            .Take(MaxImages);
        var listed = largest.Select(image => new ContainerImage
        {
            Names = [.. image.RepoDigests.Concat(image.RepoTags).Take(MaxImageNames)],
            SizeBytes = (long)image.Size,
        }).ToList();
        return listed.Count > 0 ? listed : null;
    }

    private static List<NodeRuntimeHandler>? Handlers(IReadOnlyList<Cri.RuntimeHandler> handlers)
    {
        if (handlers.Count == 0)
            return null;
        return [.. handlers.OrderBy(handler => handler.Name, StringComparer.Ordinal).Select(handler => new NodeRuntimeHandler
        {
            Name = handler.Name,
            Features = new NodeRuntimeHandlerFeatures
            {
                RecursiveReadOnlyMounts = handler.Features?.RecursiveReadOnlyMounts ?? false,
                UserNamespaces = handler.Features?.UserNamespaces ?? false,
            },
        })];
    }

    private static List<NodeCondition> Conditions(NodeStatusInputs inputs)
    {
        var isReady = inputs.Faults.Count == 0;
        var why = inputs.Faults.Count == 1 ? inputs.Faults[0] : $"[{string.Join(", ", inputs.Faults)}]";
        List<NodeCondition> made =
        [
            Condition("MemoryPressure", false, "KubeletHasSufficientMemory", "kubelet has sufficient memory available"),
            Condition("DiskPressure", false, "KubeletHasNoDiskPressure", "kubelet has no disk pressure"),
            Condition("PIDPressure", false, "KubeletHasSufficientPID", "kubelet has sufficient PID available"),
            isReady
                ? Condition("Ready", true, "KubeletReady", "kubelet is posting ready status")
                : Condition("Ready", false, "KubeletNotReady", why),
        ];
        var now = KubernetesTime.TruncateToSecond(inputs.Now);
        foreach (var condition in made)
        {
            var old = inputs.Old.Conditions?.Find(known => known.Type == condition.Type);
            condition.LastHeartbeatTime = now;
            condition.LastTransitionTime = old is not null && old.Status == condition.Status ? old.LastTransitionTime : now;
        }

        var foreign = inputs.Old.Conditions.OrEmpty().Where(old => !made.Exists(one => one.Type == old.Type));
        return [.. foreign, .. made];
    }

    private static NodeCondition Condition(string type, bool status, string reason, string message) => new()
    {
        Type = type,
        Status = status ? ConditionStatus.ConditionTrue : ConditionStatus.ConditionFalse,
        Reason = reason,
        Message = message,
    };
}
