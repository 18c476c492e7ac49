namespace Cybernetes.Store;

/// <summary>
/// If all compares hold, <paramref name="Then"/> happens, otherwise <paramref name="Else"/>. The operations run in their order
/// and see each other; all changes get one revision. No key may be written twice in one list.
/// </summary>
public sealed record Transaction(
    IReadOnlyList<Compare> Compares, IReadOnlyList<Operation> Then, IReadOnlyList<Operation> Else)
{
    /// <summary>A transaction that always does <paramref name="operations"/>.</summary>
    public static Transaction Of(params IReadOnlyList<Operation> operations) => new([], operations, []);
}

/// <summary>What of a record is compared. A key that does not exist has 0 for each.</summary>
public enum CompareTarget
{
    ModRevision,
    CreateRevision,
    Version,
    Lease,
}

/// <summary>How the record's number must stand to the given one.</summary>
public enum CompareRelation
{
    Equal,
    NotEqual,
    Less,
    Greater,
}

/// <summary>One condition of a transaction.</summary>
public readonly record struct Compare(string Key, CompareTarget Target, CompareRelation Relation, long Value)
{
    /// <summary>The key was last changed by this revision (0: it does not exist).</summary>
    public static Compare ModRevision(string key, long revision) =>
        new(key, CompareTarget.ModRevision, CompareRelation.Equal, revision);

    public static Compare Exists(string key) => new(key, CompareTarget.CreateRevision, CompareRelation.NotEqual, 0);

    public static Compare Absent(string key) => new(key, CompareTarget.CreateRevision, CompareRelation.Equal, 0);
}

/// <summary>One step of a transaction.</summary>
public abstract record Operation
{
    private protected Operation()
    {
    }
}

/// <summary>Writes a record.</summary>
/// <param name="Key">Ordinal ASCII text.</param>
/// <param name="Value">The bytes. The array belongs to the store from the call on and must not be changed any more; it is
/// handed out to readers as it is, so it should be no longer than its contents.</param>
/// <param name="RevisionOffset">Where the store writes the transaction's revision into the value (see <see
/// cref="RevisionStamp"/>) before anyone sees it; <see cref="RevisionStamp.None"/> for nowhere.</param>
/// <param name="Lease">The lease the record lives under; 0 for none. A put without lease takes the key off the lease it
/// had.</param>
public sealed record PutOperation(string Key, byte[] Value, int RevisionOffset = RevisionStamp.None, long Lease = 0) : Operation
{
    /// <summary>Becomes the record's <see cref="Record.Attachment"/>; an engine of several processes forgets it.</summary>
    public object? Attachment { get; init; }
}

/// <summary>Deletes the records of a range.</summary>
public sealed record DeleteOperation(KeyRange Range) : Operation
{
    public DeleteOperation(string key)
        : this(KeyRange.Key(key))
    {
    }
}

/// <summary>Reads a range as the transaction sees it; the request's revision must be 0.</summary>
public sealed record RangeOperation(RangeRequest Request) : Operation
{
    public RangeOperation(string key)
        : this(new RangeRequest(KeyRange.Key(key)))
    {
    }
}

/// <param name="Succeeded">True when the compares held.</param>
/// <param name="Revision">The store's revision after the transaction; its own one if it changed something.</param>
/// <param name="Results">One for each operation that ran, in their order.</param>
public sealed record TransactionResult(bool Succeeded, long Revision, IReadOnlyList<OperationResult> Results);

/// <summary>What became of one operation.</summary>
public abstract record OperationResult;

/// <param name="Record">The new version.</param>
/// <param name="Previous">The version it replaced; null when the key is new.</param>
public sealed record PutResult(Record Record, Record? Previous) : OperationResult;

/// <param name="Deleted">The last versions of the deleted records, in the order of their keys.</param>
public sealed record DeleteResult(IReadOnlyList<Record> Deleted) : OperationResult;

/// <param name="Range">What was read.</param>
public sealed record RangeOperationResult(RangeResult Range) : OperationResult;
