using Cybernetes.Objects;

namespace Cybernetes.Node.Pods;

/// <summary>What the agent knows of its own node. Written by the node's status loop, read by all. Each property is replaced as
/// a whole.</summary>
internal sealed class NodeSelf(string name)
{
    private volatile IReadOnlyList<string> _addresses = [];
    private volatile IReadOnlyDictionary<string, Quantity> _allocatable = new Dictionary<string, Quantity>();
    private volatile string? _runtimeFault = "container runtime status check may not have completed yet";
    private volatile string? _networkFault;

    public string Name { get; } = name;

    public string RuntimeName { get; set; } = "containerd";

    public bool HasUnifiedCgroups { get; set; }

    /// <summary>Internal addresses, the primary first.</summary>
    public IReadOnlyList<string> Addresses
    {
        get => _addresses;
        set => _addresses = value;
    }

    public IReadOnlyDictionary<string, Quantity> Allocatable
    {
        get => _allocatable;
        set => _allocatable = value;
    }

    public long MemoryBytes { get; set; }

    /// <summary>Null when the container runtime is well.</summary>
    public string? RuntimeFault
    {
        get => _runtimeFault;
        set => _runtimeFault = value;
    }

    /// <summary>Null when pods can have a network.</summary>
    public string? NetworkFault
    {
        get => _networkFault;
        set => _networkFault = value;
    }
}
