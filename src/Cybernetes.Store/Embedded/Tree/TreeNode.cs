namespace Cybernetes.Store.Embedded.Tree;

/// <summary>
/// A node of the tree. Once published it never changes; an editor may change the nodes it made itself (<see cref="Owner"/>)
/// until then.
/// </summary>
internal abstract class TreeNode(object owner)
{
    /// <summary>
    /// Slots a node has: 512 bytes of references, so that copying one costs about as much as comparing a few keys.
    /// </summary>
    public const int Capacity = 64;

    /// <summary>The editor that may change this node in place.</summary>
    public object Owner { get; } = owner;

    /// <summary>Slots in use.</summary>
    public int Count { get; set; }

    /// <summary>Records below this node that are not deletions.</summary>
    public int Live { get; set; }

    public abstract string FirstKey { get; }
}

internal sealed class Leaf(object owner) : TreeNode(owner)
{
    public Record[] Records { get; } = new Record[Capacity];

    public override string FirstKey => Records[0].Key;

    public Leaf Copy(object owner)
    {
        var copy = new Leaf(owner) { Count = Count, Live = Live };
        Array.Copy(Records, copy.Records, Count);
        return copy;
    }

    /// <summary>The first slot whose key is not below <paramref name="key"/>; found when it is equal.</summary>
    public int Find(string key, out bool found)
    {
        int low = 0, high = Count - 1;
        while (low <= high)
        {
            var middle = (low + high) >>> 1;
            var order = string.CompareOrdinal(Records[middle].Key, key);
            if (order == 0)
            {
                found = true;
                return middle;
            }
            if (order < 0)
                low = middle + 1;
            else
                high = middle - 1;
        }
        found = false;
        return low;
    }

    public void InsertAt(int index, Record record)
    {
        Array.Copy(Records, index, Records, index + 1, Count - index);
        Records[index] = record;
        Count++;
        if (!record.IsDeletion)
            Live++;
    }

    public void RemoveAt(int index)
    {
        if (!Records[index].IsDeletion)
            Live--;
        Count--;
        Array.Copy(Records, index + 1, Records, index, Count - index);
        Records[Count] = null!;
    }

    /// <summary>Moves the records from <paramref name="index"/> on into a new leaf.</summary>
    public Leaf SplitAt(int index, object owner)
    {
        var right = new Leaf(owner) { Count = Count - index };
        Array.Copy(Records, index, right.Records, 0, right.Count);
        Array.Clear(Records, index, right.Count);
        Count = index;
        foreach (var record in right.Records.AsSpan(0, right.Count))
            right.Live += record.IsDeletion ? 0 : 1;
        Live -= right.Live;
        return right;
    }

    public void Append(Leaf right)
    {
        Array.Copy(right.Records, 0, Records, Count, right.Count);
        Count += right.Count;
        Live += right.Live;
    }
}

internal sealed class Branch(object owner) : TreeNode(owner)
{
    /// <summary>
    /// The lowest key of each child; that of the first is not kept exact, since everything lower goes there anyway.
    /// </summary>
    public string[] Keys { get; } = new string[Capacity];

    public TreeNode[] Children { get; } = new TreeNode[Capacity];

    public override string FirstKey => Keys[0];

    public Branch Copy(object owner)
    {
        var copy = new Branch(owner) { Count = Count, Live = Live };
        Array.Copy(Keys, copy.Keys, Count);
        Array.Copy(Children, copy.Children, Count);
        return copy;
    }

    /// <summary>The child in whose span the key lies.</summary>
    public int ChildOf(string key)
    {
        int low = 1, high = Count - 1;
        while (low <= high)
        {
            var middle = (low + high) >>> 1;
            if (string.CompareOrdinal(Keys[middle], key) <= 0)
                low = middle + 1;
            else
                high = middle - 1;
        }
        return low - 1;
    }

    public void InsertAt(int index, TreeNode child)
    {
        Array.Copy(Keys, index, Keys, index + 1, Count - index);
        Array.Copy(Children, index, Children, index + 1, Count - index);
        Keys[index] = child.FirstKey;
        Children[index] = child;
        Count++;
    }

    public void RemoveAt(int index)
    {
        Count--;
        Array.Copy(Keys, index + 1, Keys, index, Count - index);
        Array.Copy(Children, index + 1, Children, index, Count - index);
        Keys[Count] = null!;
        Children[Count] = null!;
    }

    public Branch SplitAt(int index, object owner)
    {
        var right = new Branch(owner) { Count = Count - index };
        Array.Copy(Keys, index, right.Keys, 0, right.Count);
        Array.Copy(Children, index, right.Children, 0, right.Count);
        Array.Clear(Keys, index, right.Count);
        Array.Clear(Children, index, right.Count);
        Count = index;
        CountLive();
        right.CountLive();
        return right;
    }

    public void Append(Branch right)
    {
        Array.Copy(right.Keys, 0, Keys, Count, right.Count);
        Array.Copy(right.Children, 0, Children, Count, right.Count);
        Count += right.Count;
        Live += right.Live;
    }

    public void CountLive()
    {
        var live = 0;
        foreach (var child in Children.AsSpan(0, Count))
            live += child.Live;
        Live = live;
    }
}
