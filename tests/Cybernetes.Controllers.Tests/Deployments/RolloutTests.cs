using Cybernetes.Controllers.Deployments;

namespace Cybernetes.Controllers.Tests.Deployments;

public sealed class RolloutTests
{
    [Theory]
    [InlineData(10, "25%", "25%", 3, 2)]
    [InlineData(1, "25%", "25%", 1, 0)]
    [InlineData(3, "1", "0", 1, 0)]
    [InlineData(3, "0", "10%", 0, 1)]
    [InlineData(2, "0", "5", 0, 2)]
    [InlineData(0, "25%", "25%", 0, 0)]
    [InlineData(4, "100%", "100%", 4, 4)]
    public void Fenceposts_OfPercentages_RoundSurgeUpAndUnavailableDown(int replicas, string surge, string unavailable, int most, int fewer)
    {
        var deployment = Make.Deployment(replicas, surge, unavailable);

        Assert.Equal(most, Rollout.MaxSurge(deployment));
        Assert.Equal(fewer, Rollout.MaxUnavailable(deployment));
    }

    [Theory]
    [InlineData(10, "3", 10, 0, 3)]
    [InlineData(10, "3", 8, 3, 5)]
    [InlineData(10, "3", 13, 0, 0)]
    [InlineData(10, "3", 1, 8, 10)]
    [InlineData(10, "0", 10, 0, 0)]
    public void NewReplicas_BesideOldOnes_FillsUpToTheSurge(int desired, string surge, int old, int now, int expected)
    {
        var deployment = Make.Deployment(desired, surge, "1");
        var set = Make.Set(deployment, "web:2", now);

        Assert.Equal(expected, Rollout.NewReplicas(deployment, [Make.Set(deployment, "web:1", old), set], set));
    }

    [Theory]
    // desired, max unavailable, old size, old available, new size, new available → old size after
    [InlineData(10, 2, 10, 10, 3, 0, 8)]
    [InlineData(10, 2, 8, 8, 5, 0, 8)]
    [InlineData(10, 2, 8, 8, 5, 5, 3)]
    [InlineData(10, 2, 10, 0, 3, 0, 8)]
    [InlineData(10, 0, 10, 10, 3, 0, 10)]
    [InlineData(10, 0, 10, 10, 3, 3, 7)]
    [InlineData(3, 3, 3, 3, 3, 0, 0)]
    public void ScaleDownOld_BesideNew_KeepsTheMinimumAvailable(
        int desired, int unavailable, int oldSize, int oldAvailable, int newSize, int newAvailable, int expected)
    {
        var deployment = Make.Deployment(desired, "3", unavailable.ToString());
        var old = Make.Set(deployment, "web:1", oldSize, oldAvailable, ageSeconds: 60);
        var @new = Make.Set(deployment, "web:2", newSize, newAvailable);

        var sizes = Rollout.ScaleDownOld(deployment, [old, @new], @new, [old]);

        Assert.Equal(expected, sizes.GetValueOrDefault(old, oldSize));
    }

    [Fact]
    public void ScaleDownOld_UnhealthyAmongSeveral_TakesThemFirstAndTheOldestFirst()
    {
        var deployment = Make.Deployment(10, "0", "2");
        var oldest = Make.Set(deployment, "web:1", 4, 4, ageSeconds: 90);
        var older = Make.Set(deployment, "web:2", 4, 2, ageSeconds: 60);
        var @new = Make.Set(deployment, "web:3", 2, 2);

        var sizes = Rollout.ScaleDownOld(deployment, [oldest, older, @new], @new, [older, oldest]);

        Assert.Equal(2, sizes[older]);
        Assert.False(sizes.ContainsKey(oldest));
    }

    [Theory]
    [InlineData(10, 20, 5, 5, 10, 10)]
    [InlineData(10, 5, 5, 5, 3, 2)]
    [InlineData(10, 0, 7, 3, 0, 0)]
    [InlineData(10, 11, 8, 2, 9, 2)]
    public void Proportional_NewNumber_IsSharedBySize(int before, int after, int first, int second, int expectedFirst, int expectedSecond)
    {
        var deployment = Make.Deployment(after, "0", "1");
        var older = Make.Set(deployment, "web:1", first, ageSeconds: 60, desired: before);
        var newer = Make.Set(deployment, "web:2", second, desired: before);

        var sizes = Rollout.Proportional(deployment, [older, newer]);

        Assert.Equal((expectedFirst, expectedSecond, after), (sizes[older], sizes[newer], sizes.Values.Sum()) switch
        {
            // Equal sizes: which of them takes the rounding's rest goes by age, newest first on the way up, oldest on the way down.
            var (a, b, sum) when first == second && a != b => (Math.Max(a, b), Math.Min(a, b), sum),
            var same => same,
        });
    }
}
