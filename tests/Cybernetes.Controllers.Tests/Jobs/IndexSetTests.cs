using Cybernetes.Controllers.Jobs;

namespace Cybernetes.Controllers.Tests.Jobs;

public sealed class IndexSetTests
{
    [Theory]
    [InlineData("", "")]
    [InlineData("0", "0")]
    [InlineData("0,1", "0,1")]
    [InlineData("0-1", "0,1")]
    [InlineData("0-2,4,6-8", "0-2,4,6-8")]
    [InlineData("0-20", "0-9")] // beyond the completions
    [InlineData("3,12", "3")]
    [InlineData("5,2,7", "5,7")] // not in order
    [InlineData("x,1,3-,-4,1-2-3", "1")]
    public void Parse_Text_IsItsOrderedPart(string text, string expected) => Assert.Equal(expected, IndexSet.Parse(text, 10).ToString());

    [Fact]
    public void Operations_OnRandomSets_AgreeWithPlainSets()
    {
        var random = new Random(11);
        for (var round = 0; round < 500; round++)
        {
            HashSet<int> Some() => [.. Enumerable.Range(0, random.Next(0, 30)).Select(_ => random.Next(0, 40))];
            var (a, b) = (Some(), Some());
            var (x, y) = (IndexSet.Empty.With(a), IndexSet.Empty.With(b));

            Assert.Equal(a.Count, x.Count);
            Assert.Equal(a.Union(b).Order(), Members(x.With(y)));
            Assert.Equal(a.Union(b).Order(), Members(x.With(b)));
            Assert.Equal(a.Intersect(b).Count(), x.CountIn(y));
            Assert.Equal(Enumerable.Range(0, 40).Except(a).Take(7), x.Missing(40, 7));
            Assert.All(Enumerable.Range(0, 40), i => Assert.Equal(a.Contains(i), x.Contains(i)));
            Assert.Equal(x.ToString(), IndexSet.Parse(x.ToString(), 40).ToString());
        }
    }

    [Fact]
    public void Missing_OfAMillion_TakesWhatIsAskedFor()
    {
        var set = IndexSet.Parse("0-499999,500001-999998", 1_000_000);

        Assert.Equal([500000, 999999], set.Missing(1_000_000, 500));
        Assert.Equal(999_998, set.Count);
    }

    private static IEnumerable<int> Members(IndexSet set) => set.Intervals.SelectMany(i => Enumerable.Range(i.First, i.Last - i.First + 1));
}
