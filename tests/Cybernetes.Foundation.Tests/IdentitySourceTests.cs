using Cybernetes.Foundation;

namespace Cybernetes.Foundation.Tests;

public class IdentitySourceTests
{
    [Fact]
    public void NewUuid_AnySource_IsVersionFourAndUnique()
    {
        foreach (var source in new[] { IdentitySource.System, IdentitySource.Seeded(3) })
        {
            var texts = Enumerable.Range(0, 200).Select(_ => source.NewUuidText()).ToList();
            Assert.Equal(200, texts.Distinct().Count());
            const string version4 = "^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$";
            Assert.All(texts, text => Assert.Matches(version4, text));
        }
    }

    [Fact]
    public void NewSuffix_AnySource_UsesTheAlphabetOnly()
    {
        Assert.Matches("^[bcdfghjklmnpqrstvwxz2456789]{5}$", IdentitySource.System.NewSuffix());
        Assert.Matches("^[bcdfghjklmnpqrstvwxz2456789]{2000}$", IdentitySource.Seeded(5).NewSuffix(2000));
    }

    [Fact]
    public void Seeded_SameSeed_GivesTheSameIdentities()
    {
        var (first, second) = (IdentitySource.Seeded(42), IdentitySource.Seeded(42));
        Assert.Equal(first.NewUuid(), second.NewUuid());
        Assert.Equal(first.NewSuffix(), second.NewSuffix());
        Assert.NotEqual(first.NewUuid(), IdentitySource.Seeded(43).NewUuid());
    }

    [Fact]
    public void NextDouble_AnySource_StaysBelowOne()
    {
        foreach (var source in new[] { Chance.Cryptographic, Chance.Seeded(1) })
        {
            for (var i = 0; i < 1000; i++)
                Assert.InRange(source.NextDouble(), 0, 0.99999999999999989);
        }
    }
}
