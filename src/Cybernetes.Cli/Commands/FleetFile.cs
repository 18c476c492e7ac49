using System.Text.Json;
using System.Text.Json.Serialization;
using Cybernetes.Node.Simulated.Fleet;
using Cybernetes.Objects;
using Cybernetes.Objects.Core.V1;

namespace Cybernetes.Cli.Commands;

/// <summary>The file that <c>cyb simulate --config</c> names.</summary>
internal sealed record FleetFile
{
    public static JsonSerializerOptions Form { get; } =
        new(JsonSerializerDefaults.Web) { UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow };

    public List<ShapeEntry> Nodes { get; init; } = [new()];
    public List<ScriptEntry> Scripts { get; init; } = [];
    public double StartDelaySeconds { get; init; } = 1;
    public double ContainerFailuresPerHour { get; init; }
    public double NodeCrashesPerHour { get; init; }
    public double NodeCrashSeconds { get; init; } = 120;
    public double NodeDrainsPerHour { get; init; }
    public double NodeDrainSeconds { get; init; } = 120;
    public int Seed { get; init; } = 1;

    /// <exception cref="FormatException">A value is impossible; the message names its field.</exception>
    public FleetOptions ToOptions()
    {
        Check(StartDelaySeconds, "startDelaySeconds");
        Check(ContainerFailuresPerHour, "containerFailuresPerHour");
        Check(NodeCrashesPerHour, "nodeCrashesPerHour");
        Check(NodeCrashSeconds, "nodeCrashSeconds");
        Check(NodeDrainsPerHour, "nodeDrainsPerHour");
        Check(NodeDrainSeconds, "nodeDrainSeconds");
        return new()
        {
            Shapes = [.. Nodes.Select((n, i) => n.ToShape($"nodes[{i}]"))],
            Rules = [.. Scripts.Select((s, i) => s.ToRule($"scripts[{i}]"))],
            StartDelay = TimeSpan.FromSeconds(StartDelaySeconds),
            ContainerFailuresPerHour = ContainerFailuresPerHour,
            NodeCrashesPerHour = NodeCrashesPerHour,
            NodeCrashDuration = TimeSpan.FromSeconds(NodeCrashSeconds),
            NodeDrainsPerHour = NodeDrainsPerHour,
            NodeDrainDuration = TimeSpan.FromSeconds(NodeDrainSeconds),
            Seed = Seed,
        };
    }

    private static void Check(double value, string field)
    {
        if (!(value is >= 0 and <= 1e6))
            throw new FormatException($"{field}: must be between 0 and 1000000");
    }

    internal sealed record ShapeEntry
    {
        public int Count { get; init; } = 1;
        public string Name { get; init; } = "sim-";
        public Dictionary<string, string>? Capacity { get; init; }
        public Dictionary<string, string> Labels { get; init; } = [];
        public List<TaintEntry> Taints { get; init; } = [];
        public List<string> Zones { get; init; } = [];
        public List<DevicesEntry> Devices { get; init; } = [];

        public FleetShape ToShape(string field)
        {
            if (Count is < 0 or > 100_000)
                throw new FormatException($"{field}.count: must be between 0 and 100000");
            foreach (TaintEntry taint in Taints.Where(t => t.Effect is not ("NoSchedule" or "PreferNoSchedule" or "NoExecute")))
                throw new FormatException($"{field}.taints: unknown effect \"{taint.Effect}\"");
            var shape = new FleetShape
            {
                Count = Count, Name = Name, Labels = Labels, Zones = Zones,
                Taints = [.. Taints.Select(t => new Taint { Key = t.Key, Value = t.Value, Effect = t.Effect })],
                Devices = [.. Devices.Select((d, i) => d.ToDevices($"{field}.devices[{i}]"))],
            };
            if (Capacity is null)
                return shape;
            foreach (string quantity in Capacity.Values)
                _ = Quantity.Parse(quantity);
            return shape with { Capacity = Capacity };
        }
    }

    internal sealed record ScriptEntry
    {
        public string Namespace { get; init; } = "";
        public Dictionary<string, string> Labels { get; init; } = [];
        public Dictionary<string, string> Script { get; init; } = [];

        public FleetRule ToRule(string field) => FleetRule.UnknownWord(Script) is { } unknown
            ? throw new FormatException($"{field}.script: unknown word \"{unknown}\"")
            : new FleetRule { Namespace = Namespace, Labels = Labels, Script = Script };
    }

    internal sealed record DevicesEntry
    {
        public string Driver { get; init; } = new FleetDevices().Driver;
        public int Count { get; init; } = 1;
        public string Name { get; init; } = new FleetDevices().Name;
        public Dictionary<string, string> Attributes { get; init; } = [];
        public Dictionary<string, string> Capacity { get; init; } = [];
        public bool Shared { get; init; }

        public FleetDevices ToDevices(string field)
        {
            if (Count is < 1 or > FleetDevices.MostDevices)
                throw new FormatException($"{field}.count: must be between 1 and {FleetDevices.MostDevices}");
            foreach (string quantity in Capacity.Values)
                _ = Quantity.Parse(quantity);
            return new() { Driver = Driver, Count = Count, Name = Name, Attributes = Attributes, Capacity = Capacity, IsShared = Shared };
        }
    }

    internal sealed record TaintEntry(string Key, string Value = "", string Effect = "NoSchedule");
}
