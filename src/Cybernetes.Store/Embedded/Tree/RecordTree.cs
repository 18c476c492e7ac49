namespace Cybernetes.Store.Embedded.Tree;

/// <summary>Sees records in the order of their keys; false ends the walk.</summary>
internal interface IRecordVisitor
{
    bool Visit(Record record);
}

/// <summary>
/// A persistent ordered map from keys to their newest records, deletions included until they are compacted. A value of this
/// type is a snapshot: it never changes. Changes are made by a <see cref="RecordTreeEditor"/>, which copies only the path it
/// touches.
/// </summary>
internal readonly struct RecordTree(TreeNode root)
{
    public static RecordTree Empty { get; } = new(new Leaf(new object()));

    public TreeNode Root { get; } = root;

    /// <summary>Records that are not deletions.</summary>
    public int Live => Root.Live;

    /// <summary>The key's record, which may be a deletion; null when the tree does not have the key.</summary>
    public Record? Find(string key)
    {
        var leaf = LeafOf(key);
        var index = leaf.Find(key, out var found);
        return found ? leaf.Records[index] : null;
    }

    /// <summary>
    /// The live records of a range that begins and ends within one leaf, as most small ones do; null when it does not. Unlike counting, it
    /// touches no node beside the way to the leaf.
    /// </summary>
    public Record[]? LiveWithinLeaf(KeyRange range)
    {
        var leaf = LeafOf(range.Start);
        var start = leaf.Find(range.Start, out _);
        if (start == leaf.Count || !range.IsPast(leaf.Records[leaf.Count - 1].Key))
            return null;
        var (end, live) = (start, 0);
        for (; !range.IsPast(leaf.Records[end].Key); end++)
            live += leaf.Records[end].IsDeletion ? 0 : 1;
        if (live == 0)
            return [];
        var records = new Record[live];
        for (var i = end - 1; i >= start; i--)
        {
            if (!leaf.Records[i].IsDeletion)
                records[--live] = leaf.Records[i];
        }
        return records;
    }

    /// <summary>How many live records the range has, without walking over them.</summary>
    public int CountLive(KeyRange range)
    {
        var before = LiveBelow(range.Start);
        var upTo = range.End is null ? Root.Live : LiveBelow(range.End);
        return Math.Max(0, upTo - before);
    }

    /// <summary>Shows the visitor the range's records, deletions included, until it has enough.</summary>
    public void Walk<TVisitor>(KeyRange range, ref TVisitor visitor)
        where TVisitor : IRecordVisitor
    {
        Walk(Root, range, atStart: true, ref visitor);
    }

    private static bool Walk<TVisitor>(TreeNode node, KeyRange range, bool atStart, ref TVisitor visitor)
        where TVisitor : IRecordVisitor
    {
        if (node is Leaf leaf)
            return Walk(leaf, range, atStart, ref visitor);
        var branch = (Branch)node;
        for (var i = atStart ? branch.ChildOf(range.Start) : 0; i < branch.Count; i++)
        {
            if (!Walk(branch.Children[i], range, atStart, ref visitor))
                return false;
            // Only the first child on the way can hold keys below the start.
            atStart = false;
        }
        return true;
    }

    private static bool Walk<TVisitor>(Leaf leaf, KeyRange range, bool atStart, ref TVisitor visitor)
        where TVisitor : IRecordVisitor
    {
        var start = atStart ? leaf.Find(range.Start, out _) : 0;
        if (start == leaf.Count)
            return true;
        // One comparison tells for most leaves that all their records are inside.
        var wholeInside = !range.IsPast(leaf.Records[leaf.Count - 1].Key);
        for (var i = start; i < leaf.Count; i++)
        {
            var record = leaf.Records[i];
            if (!wholeInside && range.IsPast(record.Key))
                return false;
            if (!visitor.Visit(record))
                return false;
        }
        return true;
    }

    private Leaf LeafOf(string key)
    {
        var node = Root;
        while (node is Branch branch)
            node = branch.Children[branch.ChildOf(key)];
        return (Leaf)node;
    }

    private int LiveBelow(string key)
    {
        var live = 0;
        var node = Root;
        while (node is Branch branch)
        {
            var index = branch.ChildOf(key);
            for (var i = 0; i < index; i++)
                live += branch.Children[i].Live;
            node = branch.Children[index];
        }
        var leaf = (Leaf)node;
        var end = leaf.Find(key, out _);
        for (var i = 0; i < end; i++)
            live += leaf.Records[i].IsDeletion ? 0 : 1;
        return live;
    }
}
