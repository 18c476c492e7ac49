using Cybernetes.Store.Embedded.Tree;

namespace Cybernetes.Store.Tests.Embedded;

public class RecordTreeTests
{
    [Theory]
    [InlineData(1, 300)]
    [InlineData(2, 5000)]
    [InlineData(3, 40000)]
    public void Editor_RandomChanges_EqualASortedDictionary(int seed, int keys)
    {
        var random = new Random(seed);
        var twin = new SortedDictionary<string, Record>(StringComparer.Ordinal);
        var tree = RecordTree.Empty;
        for (var round = 0; round < 40; round++)
        {
            var (before, beforeText) = (tree, Keys(tree, KeyRange.All));
            var editor = new RecordTreeEditor(tree);
            for (var i = 0; i < 1000; i++)
            {
                var key = $"/k/{random.Next(keys)}";
                // The last rounds mostly remove, so that the tree shrinks again.
                if (random.Next(10) < (round < 25 ? 3 : 9))
                {
                    editor.Remove(key);
                    twin.Remove(key);
                    continue;
                }
                var record = NewRecord(key, i, isDeletion: random.Next(5) == 0);
                editor.Set(record);
                twin[key] = record;
            }
            tree = editor.Publish();
            Assert.Equal(beforeText, Keys(before, KeyRange.All));
            Compare(twin, tree, random, keys);
        }
    }

    [Fact]
    public void Editor_KeysInOrder_FillsTheLeaves()
    {
        var editor = new RecordTreeEditor(RecordTree.Empty);
        for (var i = 0; i < 10_000; i++)
            editor.Set(NewRecord($"/k/{i:00000}", i, isDeletion: false));
        var tree = editor.Publish();
        Assert.Equal(10_000, tree.Live);
        Assert.InRange(CountLeaves(tree.Root), 10_000 / 64, (10_000 / 64) + 2);
    }

    [Fact]
    public void Editor_EverythingRemoved_IsEmptyAndUsable()
    {
        var editor = new RecordTreeEditor(RecordTree.Empty);
        for (var i = 0; i < 10_000; i++)
            editor.Set(NewRecord($"/k/{i}", i, isDeletion: false));
        for (var i = 0; i < 10_000; i++)
            editor.Remove($"/k/{i}");
        Assert.Equal(0, editor.Current.Live);
        Assert.Empty(Keys(editor.Current, KeyRange.All));
        editor.Set(NewRecord("/a", 1, isDeletion: false));
        Assert.Equal("/a", Keys(editor.Publish(), KeyRange.All));
    }

    private static void Compare(SortedDictionary<string, Record> twin, RecordTree tree, Random random, int keys)
    {
        Assert.Equal(string.Join(' ', twin.Keys), Keys(tree, KeyRange.All));
        Assert.Equal(twin.Values.Count(record => !record.IsDeletion), tree.Live);
        for (var i = 0; i < 20; i++)
        {
            var key = $"/k/{random.Next(keys)}";
            Assert.Same(twin.GetValueOrDefault(key), tree.Find(key));
            var range = KeyRange.Between(key, random.Next(4) == 0 ? null : $"/k/{random.Next(keys)}");
            var inside = twin.Where(pair => range.Contains(pair.Key)).ToList();
            Assert.Equal(string.Join(' ', inside.Select(pair => pair.Key)), Keys(tree, range));
            Assert.Equal(inside.Count(pair => !pair.Value.IsDeletion), tree.CountLive(range));
            if (tree.LiveWithinLeaf(range) is { } live)
                Assert.Equal(inside.Select(pair => pair.Value).Where(record => !record.IsDeletion), live);
            var one = tree.LiveWithinLeaf(KeyRange.Key(key));
            Assert.True(one is null || one.SequenceEqual(tree.Find(key) is { IsDeletion: false } found ? [found] : []), key);
        }
    }

    private static Record NewRecord(string key, long revision, bool isDeletion) =>
        new(key, isDeletion ? null : [], RevisionStamp.None, new RecordOrigin(revision, revision, 0, 1, 0));

    private static string Keys(RecordTree tree, KeyRange range)
    {
        var collector = new KeyCollector([]);
        tree.Walk(range, ref collector);
        return string.Join(' ', collector.Keys);
    }

    private static int CountLeaves(TreeNode node) =>
        node is Branch branch ? branch.Children.Take(branch.Count).Sum(CountLeaves) : 1;

    private readonly record struct KeyCollector(List<string> Keys) : IRecordVisitor
    {
        public bool Visit(Record record)
        {
            Keys.Add(record.Key);
            return true;
        }
    }
}
