using Cybernetes.Store.Embedded.Journal;
using Cybernetes.Store.Embedded.Tree;

namespace Cybernetes.Store.Embedded.Writing;

/// <summary>Runs one transaction. Everything that can be wrong is found before the first change.</summary>
internal static class TransactionRunner
{
    // Short lists are compared pair by pair, without a set.
    private const int PairwiseLimit = 8;

    public static StoreResult<TransactionResult> Run(Transaction transaction, CommitBatch batch)
    {
        var succeeded = Holds(transaction.Compares, batch.Tree);
        var operations = succeeded ? transaction.Then : transaction.Else;
        if (Check(operations, batch) is { } error)
            return error;
        batch.BeginTransaction();
        var results = new OperationResult[operations.Count];
        for (var i = 0; i < results.Length; i++)
        {
            results[i] = operations[i] switch
            {
                PutOperation put => Put(put, batch),
                DeleteOperation delete => Delete(delete, batch),
                RangeOperation range => Range(range, batch),
                _ => throw new InvalidOperationException($"Unknown operation {operations[i].GetType()}."),
            };
        }
        return new TransactionResult(succeeded, batch.Revision, results);
    }

    public static bool Holds(IReadOnlyList<Compare> compares, RecordTree tree)
    {
        for (var i = 0; i < compares.Count; i++)
        {
            var compare = compares[i];
            var record = tree.Find(compare.Key);
            var actual = record is null or { IsDeletion: true } ? 0 : compare.Target switch
            {
                CompareTarget.ModRevision => record.ModRevision,
                CompareTarget.CreateRevision => record.CreateRevision,
                CompareTarget.Version => record.Version,
                _ => record.Lease,
            };
            var holds = compare.Relation switch
            {
                CompareRelation.Equal => actual == compare.Value,
                CompareRelation.NotEqual => actual != compare.Value,
                CompareRelation.Less => actual < compare.Value,
                _ => actual > compare.Value,
            };
            if (!holds)
                return false;
        }
        return true;
    }

    private static StoreError? Check(IReadOnlyList<Operation> operations, CommitBatch batch)
    {
        if (WritesTwice(operations))
            return new StoreError(StoreErrorKind.InvalidRequest, "etcdserver: duplicate key given in txn request");
        for (var i = 0; i < operations.Count; i++)
        {
            switch (operations[i])
            {
                case PutOperation { Lease: not 0 } put when !batch.Leases.Contains(put.Lease):
                    return StoreError.LeaseNotFound();
                case DeleteOperation delete when batch.Tree.CountLive(delete.Range) > RecordId.ChangeLimit / 2:
                    return new StoreError(StoreErrorKind.TooLarge, "one transaction would delete too many records");
            }
        }
        return null;
    }

    private static bool WritesTwice(IReadOnlyList<Operation> operations)
    {
        if (operations.Count < 2)
            return false;
        var keys = operations.Count > PairwiseLimit ? new HashSet<string>(StringComparer.Ordinal) : null;
        for (var i = 0; i < operations.Count; i++)
        {
            if (operations[i] is PutOperation put && keys is not null && !keys.Add(put.Key))
                return true;
            for (var j = 0; j < operations.Count; j++)
            {
                var twice = (operations[i], operations[j]) switch
                {
                    (PutOperation left, PutOperation right) => keys is null && j > i && left.Key == right.Key,
                    (PutOperation left, DeleteOperation right) => right.Range.Contains(left.Key),
                    _ => false,
                };
                if (twice)
                    return true;
            }
        }
        return false;
    }

    private static PutResult Put(PutOperation put, CommitBatch batch)
    {
        var record = batch.Put(put, out var older);
        return new PutResult(record, older is { IsDeletion: true } ? null : older);
    }

    private static DeleteResult Delete(DeleteOperation delete, CommitBatch batch)
    {
        // The common case, one key, needs no walk.
        if (delete.Range.Kind == KeyRangeKind.Key)
        {
            if (batch.Tree.Find(delete.Range.Start) is not { IsDeletion: false } record)
                return new DeleteResult([]);
            batch.Delete(record);
            return new DeleteResult([record]);
        }
        var deleted = StateReader.Read(batch.Tree, new RangeRequest(delete.Range), batch.Revision).Records;
        for (var i = 0; i < deleted.Count; i++)
            batch.Delete(deleted[i]);
        return new DeleteResult(deleted);
    }

    private static RangeOperationResult Range(RangeOperation range, CommitBatch batch)
    {
        if (range.Request is not { Range.Kind: KeyRangeKind.Key, CountOnly: false })
            return new RangeOperationResult(StateReader.Read(batch.Tree, range.Request, batch.Revision));
        Record[] records = batch.Tree.Find(range.Request.Range.Start) is { IsDeletion: false } record ? [record] : [];
        return new RangeOperationResult(new RangeResult(records, batch.Revision, records.Length, false));
    }
}
