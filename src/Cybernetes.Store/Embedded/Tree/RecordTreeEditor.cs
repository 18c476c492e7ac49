namespace Cybernetes.Store.Embedded.Tree;

/// <summary>
/// Makes a new tree out of an old one. Nodes are copied the first time they are touched and changed in place afterwards, so
/// that a batch of writes copies each node once. The old tree stays as it was; dropping the editor undoes everything. One
/// thread only.
/// </summary>
internal sealed class RecordTreeEditor(RecordTree tree)
{
    // A node emptier than this is joined with a neighbour if both fit into one.
    private const int Sparse = TreeNode.Capacity / 4;
    private const int Joined = TreeNode.Capacity * 3 / 4;

    private object _owner = new();
    private TreeNode _root = tree.Root;

    /// <summary>The tree as it is now: valid until the next change.</summary>
    public RecordTree Current => new(_root);

    /// <summary>The tree as it is now, for good: later changes go to copies.</summary>
    public RecordTree Publish()
    {
        _owner = new object();
        return new RecordTree(_root);
    }

    /// <summary>Puts the record in the place of its key.</summary>
    public void Set(Record record)
    {
        _root = Own(_root);
        if (Set(_root, record) is not { } right)
            return;
        var root = new Branch(_owner);
        root.InsertAt(0, _root);
        root.InsertAt(1, right);
        root.CountLive();
        _root = root;
    }

    /// <summary>Takes the key out of the tree altogether.</summary>
    public void Remove(string key)
    {
        if (Current.Find(key) is null)
            return;
        _root = Own(_root);
        Remove(_root, key);
        if (_root is Branch { Count: 1 } branch)
            _root = branch.Children[0];
        else if (_root is Branch { Count: 0 })
            _root = new Leaf(_owner);
    }

    private TreeNode? Set(TreeNode node, Record record) =>
        node is Leaf leaf ? SetInLeaf(leaf, record) : SetInBranch((Branch)node, record);

    private Leaf? SetInLeaf(Leaf leaf, Record record)
    {
        var index = leaf.Find(record.Key, out var found);
        if (found)
        {
            leaf.Live += (record.IsDeletion ? 0 : 1) - (leaf.Records[index].IsDeletion ? 0 : 1);
            leaf.Records[index] = record;
            return null;
        }
        if (leaf.Count < TreeNode.Capacity)
        {
            leaf.InsertAt(index, record);
            return null;
        }
        // Keys that come in order (loading, names with numbers) would leave half empty leaves behind: then split at the end.
        var right = leaf.SplitAt(index == leaf.Count ? leaf.Count : leaf.Count / 2, _owner);
        if (index > leaf.Count || right.Count == 0)
            right.InsertAt(index - leaf.Count, record);
        else
            leaf.InsertAt(index, record);
        return right;
    }

    private Branch? SetInBranch(Branch branch, Record record)
    {
        var index = branch.ChildOf(record.Key);
        var child = OwnChild(branch, index);
        var liveBefore = child.Live;
        var split = Set(child, record);
        branch.Live += child.Live - liveBefore + (split?.Live ?? 0);
        if (split is null)
            return null;
        index++;
        if (branch.Count < TreeNode.Capacity)
        {
            branch.InsertAt(index, split);
            return null;
        }
        var right = branch.SplitAt(index == branch.Count ? branch.Count - 1 : branch.Count / 2, _owner);
        if (index > branch.Count)
            right.InsertAt(index - branch.Count, split);
        else
            branch.InsertAt(index, split);
        branch.CountLive();
        right.CountLive();
        return right;
    }

    private void Remove(TreeNode node, string key)
    {
        if (node is Leaf leaf)
        {
            leaf.RemoveAt(leaf.Find(key, out _));
            return;
        }
        var branch = (Branch)node;
        var index = branch.ChildOf(key);
        var child = OwnChild(branch, index);
        Remove(child, key);
        if (child.Count == 0)
            branch.RemoveAt(index);
        else if (child.Count < Sparse && branch.Count > 1)
            Join(branch, index == 0 ? 0 : index - 1);
        branch.CountLive();
    }

    private void Join(Branch branch, int leftIndex)
    {
        var right = branch.Children[leftIndex + 1];
        if (branch.Children[leftIndex].Count + right.Count > Joined)
            return;
        var left = OwnChild(branch, leftIndex);
        if (left is Leaf leaf)
        {
            leaf.Append((Leaf)right);
        }
        else
        {
            // The right branch's first key need not be exact (see Branch.Keys), the parent's is.
            var start = left.Count;
            ((Branch)left).Append((Branch)right);
            ((Branch)left).Keys[start] = branch.Keys[leftIndex + 1];
        }
        branch.RemoveAt(leftIndex + 1);
    }

    private TreeNode OwnChild(Branch branch, int index) => branch.Children[index] = Own(branch.Children[index]);

    private TreeNode Own(TreeNode node)
    {
        if (ReferenceEquals(node.Owner, _owner))
            return node;
        return node is Leaf leaf ? leaf.Copy(_owner) : ((Branch)node).Copy(_owner);
    }
}
