using System.Text;
using System.Text.Json;
using Cybernetes.Cli.Commands;
using Cybernetes.Node.Simulated.Fleet;
using Cybernetes.Wire;

namespace Cybernetes.Cli.Tests;

public sealed class FleetFileTests
{
    [Fact]
    public void ToOptions_TheFileOfTheHelp_SaysWhatItSays()
    {
        string[] help = new SimulateCommand().Description.Split('\n');
        int first = Array.FindIndex(help, line => line.TrimEnd() == "  nodes:");
        int last = Array.FindIndex(help, line => line.StartsWith("  nodeDrainSeconds", StringComparison.Ordinal));
        FleetOptions options = Read(string.Join('\n', help[first..(last + 1)].Select(line => line[2..])));

        FleetShape shape = Assert.Single(options.Shapes);
        Assert.Equal((100, "big-", "250", "NoSchedule"), (shape.Count, shape.Name, shape.Capacity["pods"], shape.Taints[0].Effect));
        FleetDevices devices = Assert.Single(shape.Devices);
        Assert.Equal(("gpu.example.com", 8, "a1", "80Gi"), (devices.Driver, devices.Count, devices.Attributes["model"], devices.Capacity["memory"]));
        FleetRule rule = Assert.Single(options.Rules);
        Assert.Equal(("batch", "60"), (rule.Namespace, rule.Script["run-for"]));
        Assert.Equal((0.05, 0.1, 0.2), (options.ContainerFailuresPerHour, options.NodeCrashesPerHour, options.NodeDrainsPerHour));
        Assert.Equal(TimeSpan.FromMinutes(5), options.NodeDrainDuration);
    }

    [Theory]
    [InlineData("scripts: [{script: {run-fro: \"1\"}}]", "scripts[0].script: unknown word \"run-fro\"")]
    [InlineData("nodes: [{taints: [{key: a, effect: Never}]}]", "nodes[0].taints: unknown effect \"Never\"")]
    [InlineData("nodes: [{count: -1}]", "nodes[0].count: must be between 0 and 100000")]
    [InlineData("nodes: [{devices: [{count: 0}]}]", "nodes[0].devices[0].count: must be between 1 and 128")]
    [InlineData("startDelaySeconds: -1", "startDelaySeconds: must be between 0 and 1000000")]
    public void ToOptions_ImpossibleValue_IsNamed(string yaml, string message) =>
        Assert.Equal(message, Assert.Throws<FormatException>(() => Read(yaml)).Message);

    private static FleetOptions Read(string yaml) =>
        JsonSerializer.Deserialize<FleetFile>(YamlReader.ToJson(Encoding.UTF8.GetBytes(yaml)), FleetFile.Form)!.ToOptions();
}
