using Cybernetes.Objects;
using Cybernetes.Objects.Core.V1;
using Cybernetes.Objects.Workloads;

namespace Cybernetes.Scheduler.Snapshot;

/// <summary>One host port a pod wants: an empty address means all addresses.</summary>
internal readonly record struct HostPort(string Protocol, string Address, int Port)
{
    public bool CollidesWith(HostPort other) =>
        Port == other.Port && Protocol == other.Protocol && (Address == "0.0.0.0" || other.Address == "0.0.0.0" || Address == other.Address);
}

/// <summary>What a pod takes from a node, in column units: cpu in millicores, memory and storage in bytes, the rest in whole units.</summary>
internal sealed class PodDemand
{
    /// <summary>What a container without requests counts for in scores, so that empty pods still spread (upstream's 100m and 200 MB).</summary>
    private const long DefaultMilliCpu = 100;
    private const long DefaultMemoryBytes = 200 * 1024 * 1024;

    private PodDemand((int Resource, long Amount)[] requests, long scoredCpu, long scoredMemory, HostPort[] hostPorts)
    {
        Requests = requests;
        ScoredMilliCpu = scoredCpu;
        ScoredMemoryBytes = scoredMemory;
        HostPorts = hostPorts;
    }

    /// <summary>Non-zero requests by resource number; one pod slot is always among them.</summary>
    public (int Resource, long Amount)[] Requests { get; }

    public long ScoredMilliCpu { get; }

    public long ScoredMemoryBytes { get; }

    public HostPort[] HostPorts { get; }

    /// <summary>How much of a resource it takes; 0 for one it does not name.</summary>
    public long AmountOf(int resource)
    {
        foreach (var (number, amount) in Requests)
        {
            if (number == resource)
                return amount;
        }
        return 0;
    }

    public static PodDemand Of(PodSpec spec, ResourceNames names)
    {
        var requests = new List<(int, long)> { (ResourceNames.Pods, 1) };
        foreach (var (name, quantity) in PodResources.Requests(spec))
        {
            var id = names.Intern(name);
            var amount = id == ResourceNames.Cpu ? quantity.MilliValue() : quantity.Value();
            if (amount > 0 && id != ResourceNames.Pods)
                requests.Add((id, amount));
        }
        var (cpu, memory) = Scored(spec);
        return new PodDemand([.. requests], cpu, memory, [.. PortsOf(spec)]);
    }

    private static (long MilliCpu, long MemoryBytes) Scored(PodSpec spec)
    {
        long cpu = 0, memory = 0;
        foreach (var container in spec.Containers.OrEmpty())
        {
            var requests = container.Resources.Requests.OrEmpty();
            cpu += requests.TryGetValue("cpu", out var c) ? c.MilliValue() : DefaultMilliCpu;
            memory += requests.TryGetValue("memory", out var m) ? m.Value() : DefaultMemoryBytes;
        }
        return (cpu, memory);
    }

    /// <summary>The host ports of a pod.</summary>
    public static List<HostPort> PortsOf(PodSpec spec)
    {
        var ports = new List<HostPort>();
        var sidecars = spec.InitContainers.OrEmpty().Where(c => c.RestartPolicy == "Always");
        foreach (var port in spec.Containers.OrEmpty().Concat(sidecars).SelectMany(c => c.Ports.OrEmpty()).Where(p => p.HostPort > 0))
            ports.Add(new HostPort(port.Protocol.Length == 0 ? "TCP" : port.Protocol, port.HostIP.Length == 0 ? "0.0.0.0" : port.HostIP, port.HostPort));
        return ports;
    }
}
