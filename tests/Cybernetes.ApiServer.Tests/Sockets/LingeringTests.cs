using Cybernetes.ApiServer.Sockets;

namespace Cybernetes.ApiServer.Tests.Sockets;

public sealed class LingeringTests
{
    [Fact]
    public void Lingering_NothingCameSoonYet_IsNone()
    {
        var lingering = new Lingering();
        lingering.Slept(1000 * Lingering.MostTicks);
        Assert.Equal(0, lingering.Ticks);
    }

    [Fact]
    public void Lingering_EventCameSoon_IsTheLongest()
    {
        var lingering = new Lingering();
        lingering.Slept(Lingering.MostTicks);
        Assert.Equal(Lingering.MostTicks, lingering.Ticks);
    }

    [Fact]
    public void Lingering_EventsComeLate_EndsSoon()
    {
        Assert.SkipWhen(Lingering.MostTicks == 0, "one processor");
        var lingering = new Lingering();
        lingering.Slept(0);
        var spent = 0L;
        for (var i = 0; i < 5; i++)
        {
            spent += lingering.Ticks;
            lingering.Slept(Lingering.MostTicks + 1);
        }
        Assert.Equal(0, lingering.Ticks);
        Assert.InRange(spent, Lingering.MostTicks, 2 * Lingering.MostTicks);
    }
}
