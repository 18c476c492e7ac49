using Cybernetes.Foundation;
using Cybernetes.Objects.Core.V1;
using Cybernetes.Simulator.Invariants;
using Cybernetes.Simulator.World;

namespace Cybernetes.Simulator.Tests;

/// <summary>Parts that undo each other's writes for ever are seen, whether their calls take time or not.</summary>
public sealed class CirclesTests
{
    private readonly VirtualTimeProvider _time = new();

    [Fact]
    public void Writes_WithoutEndInOneMoment_AreACircle()
    {
        var circles = new Circles(_time);
        for (var i = 0; i < Circles.MostInAMoment; i++)
            circles.See(Made(i));
        Assert.Null(circles.Found);
        circles.See(Made(-1));
        Assert.Equal("something runs in circles: 5001 writes in one moment, Pod of ReplicaSet red/web made 5001 times", circles.Found);
    }

    [Fact]
    public void Writes_WithoutEndOverAMinute_AreACircle()
    {
        var circles = new Circles(_time);
        for (var i = 0; i <= Circles.MostInAMinute; i++)
        {
            Assert.Null(circles.Found);
            circles.See(Made(i));
            _time.Advance(TimeSpan.FromMilliseconds(1));
        }
        Assert.StartsWith("something runs in circles: 20001 writes in one minute", circles.Found, StringComparison.Ordinal);
    }

    [Fact]
    public void Writes_ManyOverALongTime_AreNone()
    {
        var circles = new Circles(_time);
        for (var i = 0; i <= 2 * Circles.MostInAMinute; i++)
        {
            circles.See(Made(i));
            _time.Advance(TimeSpan.FromMilliseconds(5));
        }
        Assert.Null(circles.Found);
    }

    [Fact]
    public async Task Clockwork_Circle_EndsTheRun()
    {
        var clockwork = new Clockwork(_time, () => "round and round");
        var wrong = await Assert.ThrowsAsync<SimulationException>(() => clockwork.RunUntilAsync(_time.GetUtcNow() + TimeSpan.FromSeconds(2)));
        Assert.Equal("round and round", wrong.Message);
    }

    private static Change Made(int number)
    {
        var pod = new Pod
        {
            Kind = "Pod",
            Metadata = { Namespace = "red", Name = $"web-{number}", OwnerReferences = [new() { Kind = "ReplicaSet", Name = "web", UID = "w", Controller = true }] },
        };
        return new(number, $"/registry/pods/red/web-{number}", null, pod);
    }
}
