using Cybernetes.Node.Server;
using Cybernetes.Objects.Core.V1;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Cybernetes.Node.Simulated.Fleet;

/// <summary>Nodes of one shape.</summary>
public sealed record FleetShape
{
    /// <summary>How many.</summary>
    public int Count { get; init; } = 1;

    /// <summary>Their names begin with it; a number from 0 on follows.</summary>
    public string Name { get; init; } = "sim-";

    /// <summary>Capacity and allocatable by resource, as quantities. Default: 32 cpu, 256Gi memory, 110 pods.</summary>
    public IReadOnlyDictionary<string, string> Capacity { get; init; } = new Dictionary<string, string>
    {
        ["cpu"] = "32", ["memory"] = "256Gi", ["ephemeral-storage"] = "100Gi", ["pods"] = "110",
    };

    public IReadOnlyDictionary<string, string> Labels { get; init; } = new Dictionary<string, string>();

    public IReadOnlyList<Taint> Taints { get; init; } = [];

    /// <summary>The nodes are dealt out to these zones in turn (topology.kubernetes.io/zone); none: no zone labels.</summary>
    public IReadOnlyList<string> Zones { get; init; } = [];

    /// <summary>Devices that resource claims may be given, by driver. Default: none.</summary>
    public IReadOnlyList<FleetDevices> Devices { get; init; } = [];
}

/// <summary>What the containers of some pods do, where the pods do not say it themselves.</summary>
public sealed record FleetRule
{
    /// <summary>The pods' namespace; empty: any.</summary>
    public string Namespace { get; init; } = "";

    /// <summary>Labels that the pods have; none: any.</summary>
    public IReadOnlyDictionary<string, string> Labels { get; init; } = new Dictionary<string, string>();

    /// <summary>The words of the annotations <c>simulated.cybernetes.io/…</c> with their values: <c>run-for</c>, <c>exit-code</c>, ….</summary>
    public IReadOnlyDictionary<string, string> Script { get; init; } = new Dictionary<string, string>();

    /// <summary>A word of a script that means nothing, or null.</summary>
    public static string? UnknownWord(IReadOnlyDictionary<string, string> script) => script.Keys.FirstOrDefault(w => !ContainerScript.Words.Contains(w));

    internal bool Fits(Pod pod) =>
        (Namespace.Length == 0 || Namespace == pod.Metadata.Namespace)
        && Labels.All(l => pod.Metadata.Labels?.GetValueOrDefault(l.Key) == l.Value);
}

/// <summary>A fleet of simulated nodes, and what goes wrong in it.</summary>
public sealed record FleetOptions
{
    public IReadOnlyList<FleetShape> Shapes { get; init; } = [new()];

    /// <summary>How long a pod takes from its binding to running, beside what its own annotations say. Default 1 s.</summary>
    public TimeSpan StartDelay { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>What containers do; the first rule that fits a pod counts. Default: they run until they are stopped.</summary>
    public IReadOnlyList<FleetRule> Rules { get; init; } = [];

    /// <summary>How often each running container fails in an hour, on average, with exit code 1. Default 0.</summary>
    public double ContainerFailuresPerHour { get; init; }

    /// <summary>
    /// How often each node is drained for maintenance in an hour, on average: it is cordoned, its pods are evicted as budgets allow, and it comes back
    /// after <see cref="NodeDrainDuration"/>. Default 0.
    /// </summary>
    public double NodeDrainsPerHour { get; init; }

    /// <summary>How long a drained node stays away. Default 2 min.</summary>
    public TimeSpan NodeDrainDuration { get; init; } = TimeSpan.FromMinutes(2);

    /// <summary>How often each node crashes in an hour, on average: it falls silent, and its containers begin anew after it. Default 0.</summary>
    public double NodeCrashesPerHour { get; init; }

    /// <summary>How long a crashed node is silent. Default 2 min.</summary>
    public TimeSpan NodeCrashDuration { get; init; } = TimeSpan.FromMinutes(2);

    /// <summary>How long a node's lease holds. Default 40 s, as a kubelet's.</summary>
    public TimeSpan LeaseDuration { get; init; } = TimeSpan.FromSeconds(40);

    /// <summary>How often it is renewed. Default: four times in that, as by a kubelet. Where nobody looks at leases it may be far longer.</summary>
    public TimeSpan? RenewInterval { get; init; }

    /// <summary>How often a node's whole status is told. Default 5 min, as a kubelet's.</summary>
    public TimeSpan StatusInterval { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>Writes that may be on their way at once (1 … 1000). Default 32.</summary>
    public int ConcurrentWrites { get; init; } = 32;

    /// <summary>The nodes' address, and that of their pods' host. Default 127.0.0.1.</summary>
    public string HostAddress { get; init; } = "127.0.0.1";

    /// <summary>The one kubelet server of all nodes: logs, exec, attach and port-forward of their pods. Null: none. Its port may be 0.</summary>
    public KubeletServerOptions? Server { get; init; }

    /// <summary>Logs of that server. Default: none.</summary>
    public ILoggerFactory Loggers { get; init; } = NullLoggerFactory.Instance;

    internal TimeSpan Heartbeat => RenewInterval ?? (LeaseDuration / 4);

    /// <summary>Seed of the failures. Default 1.</summary>
    public int Seed { get; init; } = 1;
}
