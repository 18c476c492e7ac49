using System.Text.Json;
using System.Text.Json.Serialization;
using Cybernetes.Cli.Flags;
using Cybernetes.Client.Kubeconfig;
using Cybernetes.Client.Transport;
using Cybernetes.Node.Simulated.Fleet;
using Cybernetes.Objects.Core.V1;
using Cybernetes.Wire;
using Microsoft.Extensions.Logging;

namespace Cybernetes.Cli.Commands;

/// <summary><c>cyb simulate --nodes N</c>: a fleet of simulated nodes against any API server.</summary>
internal sealed class SimulateCommand : DaemonCommand
{
    private readonly Flag<string> _kubeconfig;
    private readonly Flag<int> _nodes;
    private readonly Flag<string> _config;

    public SimulateCommand()
    {
        _kubeconfig = Flags.Text(
            "kubeconfig", "", "The kubeconfig that leads to the API server; by default that of $KUBECONFIG, or ~/.kube/config", "file");
        _nodes = Flags.Number("nodes", 10, "How many nodes, where no --config says", 1, 100_000);
        _config = Flags.Text("config", "", "Shapes, zones, taints, delays and crashes, as YAML", "file");
    }

    public override string Name => "simulate";

    public override string Summary => "Register simulated nodes and run their pods without containers, against any API server";

    public override string Description => Summary + """
        .
        Pods start, end, fail and stop as their annotations say: simulated.cybernetes.io/start-delay, run-for, exit-code, stop-delay
        and oom-killed; "sleep", "true" and "false" do what their names say. The configuration file:
          nodes:
          - {count: 100, name: big-, zones: [a, b, c], capacity: {cpu: "64", memory: 512Gi, pods: "250"},
             labels: {team: blue}, taints: [{key: big, value: "true", effect: NoSchedule}]}
          startDelaySeconds: 2
          nodeCrashesPerHour: 0.1
          nodeCrashSeconds: 120
        The Node objects stay when it ends: kubectl delete node -l type=simulated removes those that have such a label.
        """;

    public override string Examples => """
        # Five thousand nodes for the cluster of the current kubeconfig
        cyb simulate --nodes 5000
        """;

    protected override async Task RunAsync(ILoggerFactory loggers, CancellationToken stop)
    {
        FleetOptions options = Options();
        ClusterAccess access = KubeconfigFile.LoadMerged(KubeconfigFile.DefaultPaths(_kubeconfig.Value, Environment.GetEnvironmentVariable)).Resolve();
        using ApiClient client = ApiClient.Connect(access);
        var fleet = new NodeFleet(client, options, loggers.CreateLogger("simulate"));
        Task running = fleet.RunAsync(stop);
        await Task.WhenAny(running, fleet.Registered).ConfigureAwait(false);
        if (fleet.Registered.IsCompletedSuccessfully)
            Ready(loggers);
        await running.ConfigureAwait(false);
    }

    private FleetOptions Options()
    {
        if (_config.Value.Length == 0)
            return new FleetOptions { Shapes = [new FleetShape { Count = _nodes.Value }] };
        try
        {
            byte[] json = YamlReader.ToJson(File.ReadAllBytes(_config.Value));
            FleetFile file = JsonSerializer.Deserialize<FleetFile>(json, FleetFile.Form) ?? new FleetFile();
            return file.ToOptions();
        }
        catch (Exception failure) when (failure is JsonException or YamlException or IOException or UnauthorizedAccessException or FormatException)
        {
            throw new FlagException($"--config {_config.Value}: {failure.Message}");
        }
    }

    /// <summary>The file that --config names.</summary>
    private sealed record FleetFile
    {
        public static JsonSerializerOptions Form { get; } =
            new(JsonSerializerDefaults.Web) { UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow };

        public List<ShapeEntry> Nodes { get; init; } = [new()];
        public double StartDelaySeconds { get; init; } = 1;
        public double NodeCrashesPerHour { get; init; }
        public double NodeCrashSeconds { get; init; } = 120;
        public int Seed { get; init; } = 1;

        public FleetOptions ToOptions() => new()
        {
            Shapes = [.. Nodes.Select(n => n.ToShape())],
            StartDelay = TimeSpan.FromSeconds(StartDelaySeconds),
            NodeCrashesPerHour = NodeCrashesPerHour,
            NodeCrashDuration = TimeSpan.FromSeconds(NodeCrashSeconds),
            Seed = Seed,
        };
    }

    private sealed record ShapeEntry
    {
        public int Count { get; init; } = 1;
        public string Name { get; init; } = "sim-";
        public Dictionary<string, string>? Capacity { get; init; }
        public Dictionary<string, string> Labels { get; init; } = [];
        public List<TaintEntry> Taints { get; init; } = [];
        public List<string> Zones { get; init; } = [];

        public FleetShape ToShape()
        {
            var shape = new FleetShape
            {
                Count = Count, Name = Name, Labels = Labels, Zones = Zones,
                Taints = [.. Taints.Select(t => new Taint { Key = t.Key, Value = t.Value, Effect = t.Effect })],
            };
            if (Capacity is null)
                return shape;
            foreach (string quantity in Capacity.Values)
                _ = Objects.Quantity.Parse(quantity);
            return shape with { Capacity = Capacity };
        }
    }

    private sealed record TaintEntry(string Key, string Value = "", string Effect = "NoSchedule");
}
