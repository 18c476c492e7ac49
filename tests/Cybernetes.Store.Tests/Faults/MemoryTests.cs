using System.Diagnostics;
using System.Globalization;
using Cybernetes.Store.Embedded;

namespace Cybernetes.Store.Tests.Faults;

/// <summary>What is bounded is bounded in bytes.</summary>
public class MemoryTests
{
    private const long MiB = 1 << 20;

    [Fact]
    public async Task Records_BesideKeyAndValue_TakeLittle() => Assert.InRange((await FiguresAsync("records"))[0], 100, 280);

    [Fact]
    public async Task IdleWatchers_FiveThousand_TakeLittle()
    {
        var figures = await FiguresAsync("idle-watchers");
        Assert.InRange(figures[0], 100, 1000);
        Assert.InRange(figures[1], 100, 2000);
    }

    [Fact]
    public async Task Watcher_NeverReads_CostsItsLimitOnly() =>
        Assert.InRange((await FiguresAsync("watcher-that-never-reads"))[0], 4 * MiB, (16 + (2 * 4) + 4) * MiB);

    [Fact]
    public async Task History_Compacted_GivesBackWhatItWasSaidToTake()
    {
        var figures = await FiguresAsync("history");
        Assert.InRange(figures[1], figures[0] * 0.95, figures[0] * 1.05);
    }

    [Fact]
    public async Task Transaction_LargerThanWhatMayWait_IsRefused()
    {
        await using var store = EmbeddedStore.OpenInMemory(TimeProvider.System, new EmbeddedStoreOptions { PendingByteLimit = 10_000 });
        Operation[] puts = [.. Enumerable.Range(0, 11).Select(i => new PutOperation($"/{i}", new byte[1000]))];
        var refused = await store.TransactAsync(Transaction.Of(puts), TestContext.Current.CancellationToken);
        Assert.Equal(StoreErrorKind.TooLarge, refused.Error?.Kind);
        Assert.Null((await store.TransactAsync(Transaction.Of(puts[..10]), TestContext.Current.CancellationToken)).Error);
    }

    private static async Task<long[]> FiguresAsync(string scenario)
    {
        // Not this process's own path: that may be the dotnet host.
        var program = Path.Combine(
            AppContext.BaseDirectory, OperatingSystem.IsWindows() ? "Cybernetes.Store.Tests.exe" : "Cybernetes.Store.Tests");
        var start = new ProcessStartInfo(program, [MemoryScenarios.Argument, scenario]) { RedirectStandardOutput = true };
        using var child = Process.Start(start)!;
        var output = await child.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await child.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.Equal(0, child.ExitCode);
        return [.. output.Split(' ').Select(figure => long.Parse(figure, CultureInfo.InvariantCulture))];
    }
}
