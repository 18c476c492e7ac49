using Cybernetes.Foundation;
using Cybernetes.Store.Embedded;

namespace Cybernetes.Store.Tests;

public class SharedLeasesTests
{
    private readonly VirtualTimeProvider _clock = new();

    [Fact]
    public async Task Take_CloseTogether_SharesALeaseThatLivesLongEnough()
    {
        await using var store = EmbeddedStore.OpenInMemory(_clock);
        var leases = new SharedLeases(store, _clock);
        var hour = TimeSpan.FromHours(1);
        var first = (await leases.TakeAsync(hour)).Value;
        await _clock.AdvanceAsync(TimeSpan.FromSeconds(59));
        Assert.Equal(first, (await leases.TakeAsync(hour)).Value);
        await store.PutAsync("/a", [], lease: first);
        Assert.NotEqual(first, (await leases.TakeAsync(TimeSpan.FromMinutes(30))).Value);
        await _clock.AdvanceAsync(TimeSpan.FromSeconds(1));
        Assert.NotEqual(first, (await leases.TakeAsync(hour)).Value);

        await _clock.AdvanceAsync(hour - TimeSpan.FromSeconds(1));
        Assert.NotNull((await store.GetAsync("/a")).Value.Record);
        await _clock.AdvanceAsync(TimeSpan.FromSeconds(2));
        Assert.Null((await store.GetAsync("/a")).Value.Record);
    }

    [Fact]
    public async Task Take_ManyRecords_UsesALeaseAThousand()
    {
        await using var store = EmbeddedStore.OpenInMemory(_clock);
        var leases = new SharedLeases(store, _clock);
        var taken = new List<long>();
        for (var i = 0; i < 2500; i++)
            taken.Add((await leases.TakeAsync(TimeSpan.FromHours(1))).Value);
        Assert.Equal([1000, 1000, 500], taken.GroupBy(lease => lease).Select(group => group.Count()));
    }
}
