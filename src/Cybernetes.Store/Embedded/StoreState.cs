using Cybernetes.Store.Embedded.Tree;

namespace Cybernetes.Store.Embedded;

/// <summary>What readers see: replaced as a whole by the writer after each durable batch.</summary>
/// <param name="Tree">The newest record of each key.</param>
/// <param name="Revision">The newest revision.</param>
/// <param name="CompactRevision">Revisions below it cannot be read any more; 0 when all can.</param>
internal sealed record StoreState(RecordTree Tree, long Revision, long CompactRevision)
{
    /// <summary>What an empty store starts with, as etcd does: the first change gets revision 2.</summary>
    public const long FirstRevision = 1;
}
