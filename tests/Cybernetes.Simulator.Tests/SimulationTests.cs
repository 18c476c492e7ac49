namespace Cybernetes.Simulator.Tests;

public sealed class SimulationTests
{
    [Fact]
    public async Task Seeds_AFew_AreClean()
    {
        var (code, output) = await SimulatorProcess.RunAsync("--seeds", "1-3", "--minutes", "3");
        Assert.True(code == 0, output);
        Assert.Contains("seeds 1-3: 3 clean, 0 failed", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Seeds_InSeveralProcesses_GoTheSameWay()
    {
        var dealt = await SimulatorProcess.RunAsync("--seeds", "5-6", "--minutes", "1", "--jobs", "2", "--verbose");
        Assert.Equal(0, dealt.ExitCode);
        foreach (var seed in new[] { "5", "6" })
        {
            var (_, alone) = await SimulatorProcess.RunAsync("--seed", seed, "--minutes", "1", "--quiet");
            Assert.Contains(TraceOf(alone), dealt.Output, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Seed_RunTwice_GoesTheSameWay()
    {
        var first = await SimulatorProcess.RunAsync("--seed", "5", "--minutes", "2");
        var second = await SimulatorProcess.RunAsync("--seed", "5", "--minutes", "2");
        Assert.Equal(TraceOf(first.Output), TraceOf(second.Output));
        var other = await SimulatorProcess.RunAsync("--seed", "6", "--minutes", "2");
        Assert.NotEqual(TraceOf(first.Output), TraceOf(other.Output));
    }

    [Theory]
    [InlineData("--help", 0, "./dev sim --seeds 1-1000")]
    [InlineData("--seeds", 2, "cannot make sense of: --seeds")]
    [InlineData("--jobs", 2, "cannot make sense of: --jobs")]
    [InlineData("--nonsense", 2, "see: ./dev sim --help")]
    public async Task CommandLine_Argument_IsAnswered(string argument, int code, string text)
    {
        var answer = await SimulatorProcess.RunAsync(argument);
        Assert.Equal(code, answer.ExitCode);
        Assert.Contains(text, answer.Output, StringComparison.Ordinal);
    }

    /// <summary>The trace with the hash, without the real time it took.</summary>
    private static string TraceOf(string output) => output[..output.LastIndexOf(", took", StringComparison.Ordinal)];
}
