using Cybernetes.Foundation;

namespace Cybernetes.Foundation.Tests;

public class BackoffTests
{
    private static readonly BackoffOptions Options = new(TimeSpan.FromSeconds(10), TimeSpan.FromMinutes(5));
    private readonly VirtualTimeProvider _clock = new();

    [Fact]
    public void Next_FailureAfterFailure_DoublesUpToTheCap()
    {
        var backoff = new Backoff(Options, Chance.Seeded(1));
        int[] seconds = [10, 20, 40, 80, 160, 300, 300];
        Assert.All(seconds, expected => Assert.Equal(expected, backoff.Next().TotalSeconds));
        backoff.Reset();
        Assert.Equal(10, backoff.Next().TotalSeconds);
    }

    [Fact]
    public void Delay_VeryManyFailures_StaysAtTheCap() =>
        Assert.Equal(Options.Cap, Options.Delay(int.MaxValue));

    [Fact]
    public void Delay_Jitter_AddsUpToItsShareAndRepeatsFromTheSeed()
    {
        var options = Options with { Jitter = 0.5 };
        var (first, second) = (Chance.Seeded(7), Chance.Seeded(7));
        for (var failures = 0; failures < 8; failures++)
        {
            var delay = options.Delay(failures, first);
            Assert.Equal(delay, options.Delay(failures, second));
            var most = Math.Min(Options.Cap.Ticks, Options.Delay(failures).Ticks * 3 / 2);
            Assert.InRange(delay, Options.Delay(failures), TimeSpan.FromTicks(most));
        }
    }

    [Fact]
    public void Map_KeysFail_EachHasItsOwnDelay()
    {
        var map = new BackoffMap<string>(Options, _clock, Chance.Seeded(1));
        Assert.Equal(TimeSpan.Zero, map.Remaining("a"));
        Assert.Equal(10, map.Next("a").TotalSeconds);
        Assert.Equal(20, map.Next("a").TotalSeconds);
        Assert.Equal(10, map.Next("b").TotalSeconds);
        _clock.Advance(TimeSpan.FromSeconds(15));
        Assert.Equal(5, map.Remaining("a").TotalSeconds);
        Assert.Equal(TimeSpan.Zero, map.Remaining("b"));
        Assert.Equal(15, map.Remaining("a", _clock.GetUtcNow().AddSeconds(-5)).TotalSeconds);
    }

    [Fact]
    public void Map_KeyQuietForTwiceTheCap_StartsAnewAndIsCollected()
    {
        var map = new BackoffMap<string>(Options, _clock, Chance.Seeded(1));
        map.Next("a");
        map.Next("a");
        _clock.Advance(TimeSpan.FromMinutes(10));
        map.Collect();
        Assert.Equal(1, map.Count);
        _clock.Advance(TimeSpan.FromTicks(1));
        Assert.Equal(TimeSpan.Zero, map.Get("a"));
        map.Collect();
        Assert.Equal(0, map.Count);
        Assert.Equal(10, map.Next("a").TotalSeconds);
    }
}
