using Cybernetes.Store.Etcd.Rpc;
using Google.Protobuf;

namespace Cybernetes.Store.Etcd;

/// <summary>Our transactions in etcd's words, and its answers in ours.</summary>
internal sealed class EtcdTransactions(EtcdKeys keys, EtcdRecords records)
{
    /// <summary>The request; or which key is none of ours.</summary>
    public StoreResult<TxnRequest> ToEtcd(Transaction transaction)
    {
        foreach (var compare in transaction.Compares)
        {
            if (keys.Check(compare.Key) is { } wrong)
                return wrong;
        }
        foreach (var operation in transaction.Then.Concat(transaction.Else))
        {
            if (operation is PutOperation put && keys.Check(put.Key) is { } wrong)
                return wrong;
        }
        var request = new TxnRequest();
        request.Compare.AddRange(transaction.Compares.Select(ToEtcd));
        request.Success.AddRange(transaction.Then.Select(ToEtcd));
        request.Failure.AddRange(transaction.Else.Select(ToEtcd));
        return request;
    }

    public TransactionResult FromEtcd(Transaction transaction, TxnResponse response)
    {
        var revision = response.Header.Revision;
        var operations = response.Succeeded ? transaction.Then : transaction.Else;
        var results = new OperationResult[operations.Count];
        var order = 0;
        for (var i = 0; i < results.Length; i++)
        {
            var answer = response.Responses[i];
            results[i] = operations[i] switch
            {
                PutOperation put => FromEtcd(put, answer.ResponsePut, revision, order++),
                DeleteOperation => new DeleteResult(records.Decode(answer.ResponseDeleteRange.PrevKvs)),
                _ => new RangeOperationResult(FromEtcd(answer.ResponseRange, revision)),
            };
        }
        return new TransactionResult(response.Succeeded, revision, results);
    }

    public RangeResult FromEtcd(RangeResponse response, long revision) =>
        new(records.Decode(response.Kvs), revision, response.Count, response.More);

    public Rpc.RangeRequest ToEtcd(in RangeRequest request)
    {
        var (start, end) = keys.ToEtcd(request.Range);
        return new Rpc.RangeRequest
        {
            Key = start,
            RangeEnd = EndOf(request.Range, end),
            Limit = request.Limit,
            Revision = request.Revision,
            KeysOnly = request.KeysOnly,
            CountOnly = request.CountOnly,
        };
    }

    /// <summary>A single key has no end in etcd: that is its quicker way.</summary>
    private static ByteString EndOf(KeyRange range, ByteString end) => range.Kind == KeyRangeKind.Key ? ByteString.Empty : end;

    private PutResult FromEtcd(PutOperation put, PutResponse response, long revision, int order)
    {
        var previous = response.PrevKv is { } found ? records.Decode(found) : null;
        return new PutResult(EtcdRecords.Written(put, previous, revision, order), previous);
    }

    private RequestOp ToEtcd(Operation operation)
    {
        switch (operation)
        {
            case PutOperation put:
                return new RequestOp
                {
                    RequestPut = new PutRequest
                    {
                        Key = keys.ToEtcd(put.Key), Value = EtcdRecords.Encode(put), Lease = put.Lease, PrevKv = true,
                    },
                };
            case DeleteOperation delete:
                var (start, end) = keys.ToEtcd(delete.Range);
                return new RequestOp
                {
                    RequestDeleteRange = new DeleteRangeRequest { Key = start, RangeEnd = EndOf(delete.Range, end), PrevKv = true },
                };
            case RangeOperation range:
                return new RequestOp { RequestRange = ToEtcd(range.Request) };
            default:
                throw new InvalidOperationException($"Unknown operation {operation.GetType()}.");
        }
    }

    private Condition ToEtcd(Compare compare)
    {
        var condition = new Condition
        {
            Key = keys.ToEtcd(compare.Key),
            Result = compare.Relation switch
            {
                CompareRelation.Equal => Condition.Types.Result.Equal,
                CompareRelation.NotEqual => Condition.Types.Result.NotEqual,
                CompareRelation.Less => Condition.Types.Result.Less,
                _ => Condition.Types.Result.Greater,
            },
        };
        switch (compare.Target)
        {
            case CompareTarget.ModRevision:
                (condition.Target, condition.ModRevision) = (Condition.Types.Target.Mod, compare.Value);
                break;
            case CompareTarget.CreateRevision:
                (condition.Target, condition.CreateRevision) = (Condition.Types.Target.Create, compare.Value);
                break;
            case CompareTarget.Version:
                (condition.Target, condition.Version) = (Condition.Types.Target.Version, compare.Value);
                break;
            default:
                (condition.Target, condition.Lease) = (Condition.Types.Target.Lease, compare.Value);
                break;
        }
        return condition;
    }
}
