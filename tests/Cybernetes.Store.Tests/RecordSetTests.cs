using Cybernetes.Foundation;
using Record = Cybernetes.Store.Record;

namespace Cybernetes.Store.Tests;

public sealed class RecordSetTests
{
    private static readonly byte[] s_value = "{}"u8.ToArray();

    [Theory]
    [InlineData(1, 40)]
    [InlineData(2, 90)]
    [InlineData(3, 900)]
    public void With_RandomChanges_IsWhatATwinHas(int seed, int keys)
    {
        var chance = Chance.Seeded(seed);
        var set = RecordSet.Empty;
        var twin = new SortedDictionary<string, Record>(StringComparer.Ordinal);
        for (var step = 0; step < 4000; step++)
        {
            var before = set;
            var count = before.Count;
            var record = Record.Unstored($"/k/{chance.Next(keys):0000}", s_value);
            // Long runs of removals lead through the borders between small and large.
            if (chance.Next(10) < (step / 500 % 2 == 0 ? 2 : 8))
            {
                set = set.Without(record.Key);
                twin.Remove(record.Key);
            }
            else
            {
                set = set.With(record);
                twin[record.Key] = record;
            }
            Assert.Equal(count, before.Count);
            Assert.Equal(twin.Count, set.Count);
            Assert.Same(twin.GetValueOrDefault(record.Key), set.Find(record.Key));
            if (step % 50 == 0)
                CheckReads(set, twin, chance, keys);
        }
    }

    [Fact]
    public void Of_ManyRecords_ReadsThemAll()
    {
        var records = Enumerable.Range(0, 1000).Select(i => Record.Unstored($"/k/{i:0000}", s_value)).ToList();

        Assert.Equal(records, RecordSet.Of(records).Read(new(KeyRange.All), 7).Records);
    }

    private static void CheckReads(RecordSet set, SortedDictionary<string, Record> twin, IRandomSource chance, int keys)
    {
        var range = KeyRange.Between($"/k/{chance.Next(keys):0000}", $"/k/{chance.Next(keys):0000}");
        var limit = chance.Next(5);
        var inside = twin.Values.Where(r => range.Contains(r.Key)).ToList();
        var expected = limit == 0 ? inside : inside.Take(limit).ToList();
        var result = set.Read(new(range) { Limit = limit }, 7);

        Assert.Equal(expected, result.Records);
        Assert.Equal((7, inside.Count, inside.Count > expected.Count), (result.Revision, result.Count, result.More));
        Assert.Equal(inside.Count, set.CountOf(range));
        Assert.Equal(twin.Values, set.Read(new(KeyRange.All), 7).Records);
    }
}
