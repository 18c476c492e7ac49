using System.Collections.Concurrent;

namespace Cybernetes.Testing.Tests;

/// <summary>The clock moves on when all that is due is done, and not before; whatever else the process does meanwhile.</summary>
public sealed class VirtualTimeTests
{
    private static readonly DateTimeOffset s_start = Foundation.VirtualTimeProvider.DefaultStart;

    [Fact]
    public async Task Advance_WorkThatGoesThroughThePoolManyTimes_IsDoneInItsMinute()
    {
        await using var cluster = await TestCluster.StartAsync();
        var minutes = new ConcurrentQueue<(DateTimeOffset Begun, DateTimeOffset Ended)>();
        for (var worker = 0; worker < 3; worker++)
            cluster.Run($"worker {worker}", (client, stop) => WorkAsync(client.Time, hops: 100, minutes, stop));

        await cluster.Time.AdvanceAsync(TimeSpan.FromMinutes(100.5));

        Assert.Equal(300, minutes.Count);
        Assert.All(minutes, m => Assert.Equal(m.Begun, m.Ended));
    }

    [Fact]
    public async Task Advance_OthersKeepThreadsOfThePool_GoesOnAllTheSame()
    {
        using var release = new ManualResetEventSlim();
        // As test frameworks do that run tests on the pool and wait for them there.
        var held = Task.Run(() => release.Wait(TestContext.Current.CancellationToken), TestContext.Current.CancellationToken);
        try
        {
            await using var cluster = await TestCluster.StartAsync();
            var minutes = new ConcurrentQueue<(DateTimeOffset Begun, DateTimeOffset Ended)>();
            cluster.Run("worker", (client, stop) => WorkAsync(client.Time, hops: 1, minutes, stop));

            await cluster.Time.AdvanceAsync(TimeSpan.FromMinutes(50.5));

            Assert.Equal(Enumerable.Range(1, 50).Select(m => s_start.AddMinutes(m)), minutes.Select(m => m.Begun));
        }
        finally
        {
            release.Set();
            await held;
        }
    }

    [Fact]
    public async Task Advance_SeveralAtOnce_EachHasItsSpan()
    {
        await using var cluster = await TestCluster.StartAsync();
        var before = cluster.Time.GetUtcNow();

        await Task.WhenAll(Enumerable.Range(0, 5).Select(_ => cluster.Time.AdvanceAsync(TimeSpan.FromHours(1))));

        Assert.Equal(before.AddHours(5), cluster.Time.GetUtcNow());
    }

    [Fact]
    public async Task Advance_Ended_LeavesTheCallerOnAThreadOfThePool()
    {
        await using var cluster = await TestCluster.StartAsync();
        // What goes on where the clock has stopped must not go on on the clock's own thread.
        var isOfPool = await Task.Run(
            async () =>
            {
                await cluster.Time.AdvanceAsync(TimeSpan.FromHours(1)).ConfigureAwait(false);
                return Thread.CurrentThread.IsThreadPoolThread;
            }, TestContext.Current.CancellationToken);

        Assert.True(isOfPool);
    }

    private static async Task WorkAsync(
        TimeProvider time, int hops, ConcurrentQueue<(DateTimeOffset Begun, DateTimeOffset Ended)> minutes, CancellationToken stop)
    {
        while (true)
        {
            await Task.Delay(TimeSpan.FromMinutes(1), time, stop);
            var begun = time.GetUtcNow();
            for (var hop = 0; hop < hops; hop++)
                await Task.Yield();
            minutes.Enqueue((begun, time.GetUtcNow()));
        }
    }
}
