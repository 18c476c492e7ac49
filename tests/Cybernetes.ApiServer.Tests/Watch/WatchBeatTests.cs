using Cybernetes.ApiServer.Watch;
using Cybernetes.Foundation;

namespace Cybernetes.ApiServer.Tests.Watch;

public sealed class WatchBeatTests
{
    private readonly VirtualTimeProvider _time = new();
    private readonly List<double> _beats = [];

    [Fact]
    public void Beat_AskedForSeveralTimes_ComesOnceInEachSecond()
    {
        using var beat = Begun();
        foreach (var due in new[] { 2.9, 2.1, 7.0, 2.5 })
            beat.Ask(At(due));
        _time.Advance(TimeSpan.FromSeconds(5));
        beat.Ask(At(7.0));
        _time.Advance(TimeSpan.FromMinutes(5));

        Assert.Equal([3.0, 7.0], _beats);
    }

    [Fact]
    public void Beat_NobodyAsks_NeverComes()
    {
        using var beat = Begun();
        beat.Ask(DateTimeOffset.MaxValue);

        Assert.Equal(0, _time.ArmedTimers);
    }

    [Fact]
    public void Beat_AskedForThePast_ComesWithTheNextSecond()
    {
        using var beat = Begun();
        _time.Advance(TimeSpan.FromSeconds(1.5));
        beat.Ask(At(0.5));
        _time.Advance(TimeSpan.FromMinutes(5));

        Assert.Equal([2.0], _beats);
    }

    [Fact]
    public void Beat_AskedForBeforeItBegan_ComesAfterwards()
    {
        using var beat = new WatchBeat(_time);
        beat.Ask(At(3));
        beat.Begin(Note);
        _time.Advance(TimeSpan.FromMinutes(5));

        Assert.Equal([3.0], _beats);
    }

    [Fact]
    public void Beat_AsksForItsNextWhileItBeats_GoesOn()
    {
        using var beat = new WatchBeat(_time);
        beat.Begin(() =>
        {
            Note();
            if (_beats.Count < 3)
                beat.Ask(_time.GetUtcNow());
        });
        beat.Ask(At(0));
        _time.Advance(TimeSpan.FromMinutes(5));

        Assert.Equal([1.0, 2.0, 3.0], _beats);
    }

    private static DateTimeOffset At(double seconds) => VirtualTimeProvider.DefaultStart.AddSeconds(seconds);

    private WatchBeat Begun()
    {
        var beat = new WatchBeat(_time);
        beat.Begin(Note);
        return beat;
    }

    private void Note() => _beats.Add((_time.GetUtcNow() - VirtualTimeProvider.DefaultStart).TotalSeconds);
}
