using Cybernetes.Foundation;

namespace Cybernetes.Foundation.Tests;

public class VirtualTimeProviderTests
{
    private readonly VirtualTimeProvider _clock = new();

    [Fact]
    public void Advance_TimersDue_FireInOrderOfDueTimeThenOfArming()
    {
        var fired = new List<string>();
        Arm("late", 30);
        Arm("first of two", 10);
        Arm("second of two", 10);
        Arm("not yet", 31);

        _clock.Advance(TimeSpan.FromSeconds(30));

        Assert.Equal(["first of two @10", "second of two @10", "late @30"], fired);
        Assert.Equal(VirtualTimeProvider.DefaultStart.AddSeconds(30), _clock.GetUtcNow());
        Assert.Equal(1, _clock.ArmedTimers);

        void Arm(string name, int seconds) => _clock.CreateTimer(
            _ => fired.Add($"{name} @{(_clock.GetUtcNow() - VirtualTimeProvider.DefaultStart).TotalSeconds}"),
            null,
            TimeSpan.FromSeconds(seconds),
            Timeout.InfiniteTimeSpan);
    }

    [Fact]
    public void Advance_PeriodicTimer_FiresEachPeriod()
    {
        var count = 0;
        using var timer = _clock.CreateTimer(_ => count++, null, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(2));

        _clock.Advance(TimeSpan.FromSeconds(6));

        Assert.Equal(3, count);
    }

    [Fact]
    public void Advance_TimerArmedInCallback_FiresInTheSameAdvance()
    {
        var seen = new List<double>();
        ITimer? timer = null;
        timer = _clock.CreateTimer(
            _ =>
            {
                seen.Add((_clock.GetUtcNow() - VirtualTimeProvider.DefaultStart).TotalSeconds);
                if (seen.Count < 3)
                    timer!.Change(TimeSpan.FromSeconds(5), Timeout.InfiniteTimeSpan);
            },
            null,
            TimeSpan.FromSeconds(5),
            Timeout.InfiniteTimeSpan);

        _clock.Advance(TimeSpan.FromSeconds(60));

        Assert.Equal([5, 10, 15], seen);
    }

    [Fact]
    public void Dispose_ArmedTimer_NeverFires()
    {
        var timer = _clock.CreateTimer(_ => Assert.Fail("fired"), null, TimeSpan.FromSeconds(1), Timeout.InfiniteTimeSpan);
        timer.Dispose();
        _clock.Advance(TimeSpan.FromMinutes(1));
        Assert.False(timer.Change(TimeSpan.FromSeconds(1), Timeout.InfiniteTimeSpan));
    }

    [Fact]
    public async Task AdvanceAsync_LoopOfDelays_SeesEachOfItsWaitsEnd()
    {
        using var stop = new CancellationTokenSource();
        var rounds = 0;
        var loop = Task.Run(async () =>
        {
            while (rounds < 100)
            {
                await Task.Delay(TimeSpan.FromMinutes(1), _clock, stop.Token);
                rounds++;
            }
        });
        await _clock.WhenTimersArmedAsync(1, TestContext.Current.CancellationToken);

        await _clock.AdvanceAsync(TimeSpan.FromMinutes(100));

        Assert.Equal(100, rounds);
        await loop;
    }

    /// <summary>A thread that is off its processor between arming a timer and waiting for it stands still like this one.</summary>
    [Fact]
    public async Task AdvanceAsync_LoopStandsStillBeforeItWaits_SeesEachOfItsWaitsEnd()
    {
        using var never = new ManualResetEventSlim();
        var rounds = 0;
        var loop = Task.Run(async () =>
        {
            while (rounds < 3)
            {
                var minute = Task.Delay(TimeSpan.FromMinutes(1), _clock);
                never.Wait(TimeSpan.FromMilliseconds(300));
                await minute;
                rounds++;
            }
        });
        await _clock.WhenTimersArmedAsync(1, TestContext.Current.CancellationToken);

        await _clock.AdvanceAsync(TimeSpan.FromMinutes(3));

        Assert.Equal(3, rounds);
        await loop;
    }

    [Fact]
    public async Task WhenTimersArmedAsync_NoTimer_WaitsForTheNext()
    {
        var armed = _clock.WhenTimersArmedAsync(2, TestContext.Current.CancellationToken);
        using var first = _clock.CreateTimer(_ => { }, null, TimeSpan.FromSeconds(1), Timeout.InfiniteTimeSpan);
        Assert.False(armed.IsCompleted);
        using var second = _clock.CreateTimer(_ => { }, null, TimeSpan.FromSeconds(1), Timeout.InfiniteTimeSpan);
        await armed;
    }

    [Fact]
    public async Task CreateTimer_DueAtOnce_FiresWithoutAdvance()
    {
        var fired = new TaskCompletionSource();
        using var timer = _clock.CreateTimer(_ => fired.SetResult(), null, TimeSpan.Zero, Timeout.InfiniteTimeSpan);
        await fired.Task;
    }

    [Fact]
    public async Task AdvanceToNextTimerAsync_NothingArmed_SaysSo()
    {
        Assert.False(await _clock.AdvanceToNextTimerAsync());
        var delay = Task.Delay(TimeSpan.FromHours(3), _clock);
        Assert.True(await _clock.AdvanceToNextTimerAsync());
        await delay;
        Assert.Equal(VirtualTimeProvider.DefaultStart.AddHours(3), _clock.GetUtcNow());
    }
}
