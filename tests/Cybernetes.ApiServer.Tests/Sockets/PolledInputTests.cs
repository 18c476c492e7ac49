using System.Buffers;
using System.Net.Sockets;
using System.Runtime.Versioning;
using Cybernetes.ApiServer.Sockets;
using Microsoft.AspNetCore.Connections;

namespace Cybernetes.ApiServer.Tests.Sockets;

[SupportedOSPlatform("linux")]
public sealed class PolledInputTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private static Task<SocketPair> ConnectAsync()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "epoll is Linux's");
        return SocketPair.ConnectAsync(SocketPoller.Shared);
    }

    private static string Take(PolledInput input, System.IO.Pipelines.ReadResult read)
    {
        var text = System.Text.Encoding.ASCII.GetString(read.Buffer.ToArray());
        input.AdvanceTo(read.Buffer.End);
        return text;
    }

    [Fact]
    public async Task Read_BeforeAnythingCame_IsFinishedByWhatComes()
    {
        using var pair = await ConnectAsync();
        var reading = pair.Input.ReadAsync(Cancellation);
        Assert.False(reading.IsCompleted);
        await pair.Client.SendAsync("one"u8.ToArray());
        Assert.Equal("one", Take(pair.Input, await reading));

        await pair.Client.SendAsync("two"u8.ToArray());
        Assert.Equal("two", Take(pair.Input, await pair.Input.ReadAsync(Cancellation)));
    }

    [Fact]
    public async Task Read_AllWasExaminedAndNotConsumed_WaitsForMore()
    {
        using var pair = await ConnectAsync();
        await pair.Client.SendAsync("half"u8.ToArray());
        var read = await pair.Input.ReadAsync(Cancellation);
        pair.Input.AdvanceTo(read.Buffer.GetPosition(1), read.Buffer.End);
        var next = pair.Input.ReadAsync(Cancellation);
        Assert.False(next.IsCompleted);
        await pair.Client.SendAsync("whole"u8.ToArray());

        Assert.Equal("alfwhole", Take(pair.Input, await next));
    }

    [Fact]
    public async Task Read_NotAllWasExamined_ReturnsTheRestAtOnce()
    {
        using var pair = await ConnectAsync();
        await pair.Client.SendAsync("abc"u8.ToArray());
        var read = await pair.Input.ReadAsync(Cancellation);
        pair.Input.AdvanceTo(read.Buffer.GetPosition(1));

        Assert.True(pair.Input.TryRead(out var rest));
        Assert.Equal("bc", Take(pair.Input, rest));
        Assert.False(pair.Input.TryRead(out _));
    }

    [Fact]
    public async Task Read_PeerClosedBehindItsData_GetsTheDataAndTheEnd()
    {
        using var pair = await ConnectAsync();
        await pair.Client.SendAsync("last"u8.ToArray());
        pair.Client.Shutdown(SocketShutdown.Send);
        // Nobody reads, as while an answer is under way: the end is noticed all the same.
        await pair.Ended.WaitAsync(Cancellation);

        var read = await pair.Input.ReadAsync(Cancellation);
        Assert.Equal("last", Take(pair.Input, read));
        Assert.True(read.IsCompleted);
        Assert.True((await pair.Input.ReadAsync(Cancellation)).IsCompleted);
    }

    [Fact]
    public async Task End_BehindMoreThanIsReceivedAhead_IsToldWhenItIsRead()
    {
        using var pair = await ConnectAsync();
        var bytes = new byte[5 << 20];
        var sending = Task.Run(async () =>
        {
            for (var sent = 0; sent < bytes.Length;)
                sent += await pair.Client.SendAsync(bytes.AsMemory(sent));
            pair.Client.Shutdown(SocketShutdown.Send);
        }, Cancellation);

        long received = 0;
        for (var isCompleted = false; !isCompleted;)
        {
            var read = await pair.Input.ReadAsync(Cancellation);
            received += read.Buffer.Length;
            isCompleted = read.IsCompleted;
            pair.Input.AdvanceTo(read.Buffer.End);
        }
        await sending;
        await pair.Ended.WaitAsync(Cancellation);
        Assert.Equal(bytes.Length, received);
    }

    [Fact]
    public async Task Read_PeerBreaksTheConnection_Fails()
    {
        using var pair = await ConnectAsync();
        var reading = pair.Input.ReadAsync(Cancellation);
        pair.Client.LingerState = new(true, 0);
        pair.Client.Dispose();

        await Assert.ThrowsAsync<ConnectionResetException>(async () => await reading);
        await pair.Ended.WaitAsync(Cancellation);
        await Assert.ThrowsAsync<ConnectionResetException>(async () => await pair.Input.ReadAsync(Cancellation));
    }

    [Fact]
    public async Task Read_EndedFromHere_Fails()
    {
        using var pair = await ConnectAsync();
        var reading = pair.Input.ReadAsync(Cancellation);
        pair.Input.End(new ConnectionAbortedException("enough"));

        Assert.Equal("enough", (await Assert.ThrowsAsync<ConnectionAbortedException>(async () => await reading)).Message);
        await pair.Ended.WaitAsync(Cancellation);
    }

    [Fact]
    public async Task Read_Cancelled_LosesNothing()
    {
        using var pair = await ConnectAsync();
        using (var stop = new CancellationTokenSource())
        {
            var reading = pair.Input.ReadAsync(stop.Token);
            await stop.CancelAsync();
            await Assert.ThrowsAsync<OperationCanceledException>(async () => await reading);
            await Assert.ThrowsAsync<TaskCanceledException>(async () => await pair.Input.ReadAsync(stop.Token));
        }
        await pair.Client.SendAsync("kept"u8.ToArray());

        Assert.Equal("kept", Take(pair.Input, await pair.Input.ReadAsync(Cancellation)));
    }

    [Fact]
    public async Task CancelPendingRead_ReaderWaitsOrComes_ReturnsWithoutData()
    {
        using var pair = await ConnectAsync();
        var reading = pair.Input.ReadAsync(Cancellation);
        pair.Input.CancelPendingRead();
        var read = await reading;
        Assert.True(read.IsCanceled);
        Assert.Equal("", Take(pair.Input, read));
        pair.Input.CancelPendingRead();
        read = await pair.Input.ReadAsync(Cancellation);
        Assert.True(read.IsCanceled);
        Take(pair.Input, read);
        await pair.Client.SendAsync("on"u8.ToArray());

        Assert.Equal("on", Take(pair.Input, await pair.Input.ReadAsync(Cancellation)));
    }

    [Fact]
    public async Task Read_AfterCompletion_IsRefused()
    {
        using var pair = await ConnectAsync();
        await pair.Input.CompleteAsync();
        await Assert.ThrowsAsync<InvalidOperationException>(async () => await pair.Input.ReadAsync(Cancellation));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public async Task Reads_OfAnySize_GiveTheSameBytes(int seed)
    {
        var random = new Random(seed);
        using var pair = await ConnectAsync();
        var sent = new byte[2_000_000];
        random.NextBytes(sent);
        var chances = new Random(seed + 100);
        var sending = Task.Run(async () =>
        {
            for (var at = 0; at < sent.Length;)
                at += await pair.Client.SendAsync(sent.AsMemory(at, Math.Min(sent.Length - at, random.Next(1, random.Next(2) == 0 ? 100 : 60_000))));
            pair.Client.Shutdown(SocketShutdown.Send);
        }, Cancellation);

        var received = new ArrayBufferWriter<byte>();
        while (true)
        {
            var read = await pair.Input.ReadAsync(Cancellation);
            var whole = read.Buffer.ToArray();
            if (read.IsCompleted && whole.Length == 0)
                break;
            var consumed = read.IsCompleted ? whole.Length : chances.Next(whole.Length + 1);
            Assert.True(sent.AsSpan(received.WrittenCount, whole.Length).SequenceEqual(whole));
            received.Write(whole.AsSpan(0, consumed));
            var examined = chances.Next(2) == 0 ? whole.Length : chances.Next(consumed, whole.Length + 1);
            pair.Input.AdvanceTo(read.Buffer.GetPosition(consumed), read.Buffer.GetPosition(examined));
        }
        await sending;
        Assert.True(sent.AsSpan().SequenceEqual(received.WrittenSpan));
    }
}
