using System.Runtime.Versioning;
using Cybernetes.ApiServer.Sockets;

namespace Cybernetes.ApiServer.Tests.Sockets;

[SupportedOSPlatform("linux")]
public sealed class SocketPollerTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Threads_AllHeldUp_OthersAreStarted()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "epoll is Linux's");
        const int Held = 5;
        var poller = new SocketPoller(threads: 2);
        using var gate = new ManualResetEventSlim();
        using var entered = new CountdownEvent(Held);
        var pairs = new List<SocketPair>();
        try
        {
            var holding = new List<Task>();
            for (var i = 0; i < Held; i++)
            {
                pairs.Add(await SocketPair.ConnectAsync(poller));
                holding.Add(HoldAsync(pairs[^1].Input, entered, gate));
                await pairs[^1].Client.SendAsync("x"u8.ToArray());
            }
            await Task.Run(() => entered.Wait(Cancellation), Cancellation);
            pairs.Add(await SocketPair.ConnectAsync(poller));
            var reading = pairs[^1].Input.ReadAsync(Cancellation);
            await pairs[^1].Client.SendAsync("y"u8.ToArray());

            Assert.Equal(1, (await reading).Buffer.Length);
            Assert.InRange(poller.Threads, Held + 1, Held + 3);
            gate.Set();
            await Task.WhenAll(holding);
        }
        finally
        {
            gate.Set();
            pairs.ForEach(p => p.Dispose());
        }
    }

    [Fact]
    public async Task Context_OfOneConnection_IsNotTheNexts()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "epoll is Linux's");
        var poller = new SocketPoller(threads: 1);
        var local = new AsyncLocal<string?>();
        using var first = await SocketPair.ConnectAsync(poller);
        using var second = await SocketPair.ConnectAsync(poller);
        var (left, seen) = (new TaskCompletionSource(), new TaskCompletionSource<string?>());
        using (ExecutionContext.SuppressFlow())
        {
            first.Input.ReadAsync(Cancellation).GetAwaiter().UnsafeOnCompleted(() =>
            {
                local.Value = "left behind";
                left.SetResult();
            });
            second.Input.ReadAsync(Cancellation).GetAwaiter().UnsafeOnCompleted(() => seen.SetResult(local.Value));
        }
        await first.Client.SendAsync("x"u8.ToArray());
        await left.Task.WaitAsync(Cancellation);
        await second.Client.SendAsync("x"u8.ToArray());

        Assert.Null(await seen.Task.WaitAsync(Cancellation));
    }

    private static async Task HoldAsync(PolledInput input, CountdownEvent entered, ManualResetEventSlim gate)
    {
        await input.ReadAsync(Cancellation).ConfigureAwait(false);
        entered.Signal();
        gate.Wait(Cancellation);
    }
}
