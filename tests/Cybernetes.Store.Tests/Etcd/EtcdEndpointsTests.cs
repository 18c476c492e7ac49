using Cybernetes.Foundation;
using Cybernetes.Store.Etcd;
using Cybernetes.Store.Etcd.Grpc;
using Cybernetes.Store.Etcd.Rpc;
using Microsoft.Extensions.Logging.Abstractions;

namespace Cybernetes.Store.Tests.Etcd;

public class EtcdEndpointsTests
{
    /// <summary>On a loaded machine the pause between two rounds could outlast the call's time, and the next attempt had less than none.</summary>
    [Fact]
    public async Task Call_PauseOutlastsTheTime_FailsAsTheLastAttemptDid()
    {
        var options = new EtcdStoreOptions { Servers = [new Uri("http://127.0.0.1:1")] };
        var clock = new LateClock();
        using var endpoints = new EtcdEndpoints(options, null, clock, Chance.Seeded(1), NullLogger.Instance);
        var failure = await Assert.ThrowsAsync<GrpcCallException>(() => endpoints.CallAsync(
            EtcdMethods.Status, new StatusRequest(), StatusResponse.Parser, repeatable: true, TestContext.Current.CancellationToken));
        Assert.Equal(GrpcStatus.Unavailable, failure.Status);
        Assert.Equal(1, clock.Pauses);
    }

    /// <summary>A clock by which short pauses take a minute. Longer times do not end.</summary>
    private sealed class LateClock : TimeProvider
    {
        private long _late;
        private int _pauses;

        public int Pauses => Volatile.Read(ref _pauses);

        public override long GetTimestamp() => Volatile.Read(ref _late);

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            if (dueTime < TimeSpan.Zero || dueTime > TimeSpan.FromSeconds(2))
                return base.CreateTimer(callback, state, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
            Interlocked.Increment(ref _pauses);
            Interlocked.Add(ref _late, 60 * TimestampFrequency);
            return base.CreateTimer(callback, state, TimeSpan.Zero, Timeout.InfiniteTimeSpan);
        }
    }
}
