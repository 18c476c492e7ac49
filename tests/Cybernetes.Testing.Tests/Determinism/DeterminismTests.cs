using System.Globalization;

namespace Cybernetes.Testing.Tests.Determinism;

public sealed class DeterminismTests
{
    private static readonly int[] s_seeds = [1, 2];

    [Fact]
    public async Task Runs_SameSeedInAnotherProcess_GoTheSameWay()
    {
        var folder = Directory.CreateTempSubdirectory("cyb-twins-").FullName;
        try
        {
            var stop = TestContext.Current.CancellationToken;
            await Task.WhenAll(TwinProcess.RunAsync(nameof(Twin_InPeace_TellsItsHistory), folder, stop), TwinProcess.RunAsync(nameof(Twin_Hurried_TellsItsHistory), folder, stop));
            foreach (var seed in s_seeds)
                Assert.Equal(await ReadAsync(folder, "peace", seed), await ReadAsync(folder, "hurry", seed));
            Assert.NotEqual(await ReadAsync(folder, "peace", 1), await ReadAsync(folder, "peace", 2));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Fact]
    public async Task Start_PoolOfManyThreads_SaysWhatToDo()
    {
        Assert.SkipWhen(RestLine.IsPossible, "this process has one thread");
        var failure = await Assert.ThrowsAsync<InvalidOperationException>(() => TestCluster.StartAsync(new() { Deterministic = true }));

        Assert.Contains("<ThreadPoolMaxThreads>1</ThreadPoolMaxThreads>", failure.Message, StringComparison.Ordinal);
        Assert.Contains("DOTNET_ThreadPool_ForceMaxWorkerThreads=1", failure.Message, StringComparison.Ordinal);
        Assert.Contains(".runsettings", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Start_WhatNothingCanOrder_IsRefused()
    {
        var https = await Assert.ThrowsAsync<InvalidOperationException>(() => TestCluster.StartAsync(new() { Deterministic = true, Https = true }));
        Assert.Contains("HTTPS", https.Message, StringComparison.Ordinal);
        var time = await Assert.ThrowsAsync<InvalidOperationException>(() => TestCluster.StartAsync(new() { Deterministic = true, Time = TimeProvider.System }));
        Assert.Contains("VirtualTimeProvider", time.Message, StringComparison.Ordinal);
    }

    [Fact(Explicit = true)]
    public async Task Twin_InPeace_TellsItsHistory()
    {
        foreach (var seed in s_seeds)
            await WriteAsync("peace", seed, await Task.Run(() => Life.LiveAsync(seed)));
    }

    /// <summary>The test is on a thread of its own, comes later or sooner, and others keep the pool busy; the seeds come in another order.</summary>
    [Fact(Explicit = true)]
    public async Task Twin_Hurried_TellsItsHistory()
    {
        using var others = new Others();
        foreach (var seed in s_seeds.Reverse())
            await WriteAsync("hurry", seed, await OwnThread.RunAsync(() => Life.LiveAsync(seed, between: others.HinderAsync)));
    }

    private static Task WriteAsync(string name, int seed, List<string> history) =>
        File.WriteAllLinesAsync(PathOf(Environment.GetEnvironmentVariable(TwinProcess.Folder)!, name, seed), history, TestContext.Current.CancellationToken);

    private static Task<string[]> ReadAsync(string folder, string name, int seed) =>
        File.ReadAllLinesAsync(PathOf(folder, name, seed), TestContext.Current.CancellationToken);

    private static string PathOf(string folder, string name, int seed) => Path.Combine(folder, string.Create(CultureInfo.InvariantCulture, $"{name}-{seed}"));
}
