using Cybernetes.Cli.Commands;
using Cybernetes.Cli.Flags;
using Cybernetes.Cli.Logging;
using Cybernetes.Foundation;
using Microsoft.Extensions.Logging;

namespace Cybernetes.Cli.Tests;

public sealed class CommandLineTests
{
    private readonly StringWriter _out = new();
    private readonly StringWriter _error = new();

    [Theory]
    [InlineData(0)]
    [InlineData(0, "--help")]
    [InlineData(0, "help")]
    [InlineData(0, "help", "version")]
    [InlineData(0, "version")]
    [InlineData(0, "--version")]
    [InlineData(0, "version", "--help")]
    [InlineData(0, "completion", "bash")]
    [InlineData(2, "completion", "tcsh")]
    [InlineData(2, "sever")]
    [InlineData(2, "version", "--nope")]
    [InlineData(2, "version", "extra")]
    public async Task Run_Arguments_EndWithTheRightCode(int expected, params string[] arguments)
    {
        Assert.Equal(expected, await Run(arguments));
        Assert.Equal(expected == 0, _error.ToString().Length == 0);
        Assert.Equal(expected == 0, _out.ToString().Length > 0);
    }

    [Fact]
    public async Task Run_UnknownCommand_Suggests()
    {
        await Run("verison");
        Assert.Contains("unknown command \"verison\"", _error.ToString());
        Assert.Contains("cyb version", _error.ToString());
    }

    [Theory]
    [InlineData("10.96.0.0/12,10.97.0.0/16", "must be of different IP family")]
    [InlineData("10.96.0.0/12,fd00::/112,fd01::/112", "must not contain more than two entries")]
    [InlineData("10.96.0.0/12,nonsense", "invalid argument \"nonsense\" for \"--service-cluster-ip-range\" flag")]
    public async Task Run_ServiceRangesThatCannotBe_EndsAtOnce(string ranges, string message)
    {
        Assert.Equal(2, await Run("server", "--service-cluster-ip-range", ranges, "--data-dir", "/proc/nowhere"));
        Assert.Contains(message, _error.ToString());
    }

    [Theory]
    [InlineData("server", "scheduler-config", 2)]
    [InlineData("scheduler", "config", 2)]
    [InlineData("why", "config", 1)]
    public async Task Run_MalformedSchedulerConfiguration_EndsAtOnceAndNamesLineAndField(string command, string flag, int code)
    {
        string folder = Directory.CreateTempSubdirectory("scheduler-config").FullName;
        try
        {
            string file = Path.Combine(folder, "scheduler.yaml");
            await File.WriteAllTextAsync(file, """
                apiVersion: kubescheduler.config.k8s.io/v1
                kind: KubeSchedulerConfiguration
                profiles:
                - plugins:
                    score:
                      enabled:
                      - name: Nonsense
                """);
            string[] place = command switch
            {
                "server" => ["--data-dir", Path.Combine(folder, "data")],
                "why" => ["pod/web"],
                _ => [],
            };
            Assert.Equal(code, await Run([command, "--" + flag, file, .. place]));
            Assert.Contains($"{file}:7: profiles[0].plugins.score.enabled[0].name: plugin \"Nonsense\" does not exist", _error.ToString());
            Assert.Equal(code, await Run([command, "--" + flag, Path.Combine(folder, "absent.yaml"), .. place]));
            Assert.Contains("absent.yaml", _error.ToString());
            // No cluster was begun.
            Assert.False(Directory.Exists(Path.Combine(folder, "data")));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Fact]
    public void Commands_Help_IsComplete()
    {
        foreach (Command command in Parts.Commands())
        {
            string help = Help.Of(command);
            Assert.Contains("Usage:\n  cyb " + command.Name, help);
            Assert.Contains("Examples:\n  # ", help);
            Assert.All(help.Split('\n'), line => Assert.True(line.Length <= 130, line));
            foreach (IFlag flag in command.Flags.All)
            {
                Assert.Contains("--" + flag.Name, help);
                Assert.NotEmpty(flag.Help);
            }
        }
    }

    [Fact]
    public void Logger_MessageWithLines_StaysOneLine()
    {
        var time = new VirtualTimeProvider();
        var plain = new ConsoleLoggerFactory(_out, 2, forJournal: false, time);
        plain.CreateLogger("scheduler").LogWarning(new IOException("broken\npipe"), "Failed to {What}", "bind\nit");
        plain.CreateLogger("scheduler").LogDebug("hidden");
        Assert.Equal("2026-01-01T00:00:00.000Z W scheduler: Failed to bind | it (IOException: broken | pipe)\n", _out.ToString());

        var journal = new ConsoleLoggerFactory(_error, 4, forJournal: true, time);
        journal.CreateLogger("node").LogDebug("seen");
        Assert.Equal("<7>node: seen\n", _error.ToString());
    }

    private Task<int> Run(params string[] arguments) =>
        CommandLine.RunAsync(arguments, Parts.Commands(), new CommandConsole(_out, _error));
}
