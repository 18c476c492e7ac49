using Cybernetes.Objects;
using Cybernetes.Objects.Coordination.V1;
using Cybernetes.Objects.Core.V1;
using Cybernetes.Objects.Resource.V1;

namespace Cybernetes.Node.Simulated.Fleet;

/// <summary>One simulated node: what it registers, tells and renews. Pure but for its counters.</summary>
internal sealed class FleetNode(FleetShape shape, int number, int index, FleetOptions options)
{
    private static readonly (string Type, string Reason, string Message)[] s_healthy =
    [
        ("MemoryPressure", "KubeletHasSufficientMemory", "kubelet has sufficient memory available"),
        ("DiskPressure", "KubeletHasNoDiskPressure", "kubelet has no disk pressure"),
        ("PIDPressure", "KubeletHasSufficientPID", "kubelet has sufficient PID available"),
    ];

    private int _addresses;

    public string Name { get; } = shape.Name + number;

    public string HostAddress => options.HostAddress;

    public string Uid { get; set; } = "";

    /// <summary>Where the fleet's kubelet server listens; 0: nowhere.</summary>
    public int ServerPort { get; init; }

    /// <summary>Until then it is silent.</summary>
    public DateTimeOffset SilentUntil { get; set; }

    public DateTimeOffset ReadySince { get; set; }

    /// <summary>The pods on it, by UID.</summary>
    public Dictionary<string, FleetPod> Pods { get; } = new(StringComparer.Ordinal);

    public bool IsSilent(DateTimeOffset now) => now < SilentUntil;

    /// <summary>An address that no other pod of the fleet had for long.</summary>
    public string NextPodAddress() => $"10.{128 + ((index >> 8) & 127)}.{index & 255}.{2 + (_addresses++ % 250)}";

    public NodeObject Make(DateTimeOffset now)
    {
        var node = new NodeObject { Metadata = { Name = Name, Labels = new(StringComparer.Ordinal) }, Status = Status(now) };
        node.Metadata.Annotations = new() { ["simulated.cybernetes.io/node"] = "true" };
        foreach (var (key, value) in shape.Labels)
            node.Metadata.Labels[key] = value;
        foreach (var prefix in new[] { "kubernetes.io/", "beta.kubernetes.io/" })
        {
            node.Metadata.Labels[prefix + "os"] = "linux";
            node.Metadata.Labels[prefix + "arch"] = "amd64";
        }
        node.Metadata.Labels["kubernetes.io/hostname"] = Name;
        if (shape.Zones.Count > 0)
            node.Metadata.Labels["topology.kubernetes.io/zone"] = shape.Zones[number % shape.Zones.Count];
        node.Spec.Taints = shape.Taints.Count == 0 ? null : [.. shape.Taints.Select(t => t.DeepClone())];
        return node;
    }

    /// <summary>What the drivers of its devices publish.</summary>
    public IEnumerable<ResourceSlice> Slices() => shape.Devices.Select(d => d.SliceFor(Name, Uid));

    public NodeStatus Status(DateTimeOffset now) => new()
    {
        Capacity = shape.Capacity.ToDictionary(c => c.Key, c => Quantity.Parse(c.Value)),
        Allocatable = shape.Capacity.ToDictionary(c => c.Key, c => Quantity.Parse(c.Value)),
        Addresses = [new() { Type = "InternalIP", Address = options.HostAddress }, new() { Type = "Hostname", Address = Name }],
        NodeInfo = new()
        {
            KubeletVersion = "v1.36.0", OSImage = "simulated", OperatingSystem = "linux", Architecture = "amd64", ContainerRuntimeVersion = "simulated://1.0",
            KernelVersion = "0.0.0", MachineID = Name, SystemUUID = Name, BootID = Name,
        },
        DaemonEndpoints = { KubeletEndpoint = { Port = ServerPort } },
        Conditions = Conditions(now),
        DeclaredFeatures = ["RestartAllContainersOnContainerExits"],
    };

    public List<NodeCondition> Conditions(DateTimeOffset now)
    {
        NodeCondition Make(string type, string status, string reason, string message) => new()
        {
            Type = type, Status = status, Reason = reason, Message = message, LastHeartbeatTime = now, LastTransitionTime = ReadySince,
        };
        return
        [
            .. s_healthy.Select(h => Make(h.Type, "False", h.Reason, h.Message)),
            Make("Ready", "True", "KubeletReady", "kubelet is posting ready status"),
        ];
    }

    public Lease Lease(DateTimeOffset now) => new()
    {
        Metadata =
        {
            Name = Name, Namespace = "kube-node-lease", OwnerReferences = [new() { APIVersion = "v1", Kind = "Node", Name = Name, UID = Uid }],
        },
        Spec = { HolderIdentity = Name, LeaseDurationSeconds = (int)options.LeaseDuration.TotalSeconds, RenewTime = now },
    };
}
