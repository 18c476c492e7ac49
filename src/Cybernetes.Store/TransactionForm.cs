namespace Cybernetes.Store;

/// <summary>What can be said of a transaction without looking at the store.</summary>
internal static class TransactionForm
{
    /// <summary>True when neither list changes anything: then the transaction needs no writer.</summary>
    public static bool OnlyReads(Transaction transaction) => OnlyReads(transaction.Then) && OnlyReads(transaction.Else);

    /// <summary>What is wrong with a transaction whatever the state; null when nothing is.</summary>
    /// <param name="bytes">The length of all values in it.</param>
    public static StoreError? Check(Transaction transaction, int valueByteLimit, int operationLimit, out long bytes)
    {
        bytes = 0;
        return Check(transaction.Then, valueByteLimit, operationLimit, ref bytes)
            ?? Check(transaction.Else, valueByteLimit, operationLimit, ref bytes);
    }

    private static bool OnlyReads(IReadOnlyList<Operation> operations)
    {
        for (var i = 0; i < operations.Count; i++)
        {
            if (operations[i] is not RangeOperation)
                return false;
        }
        return true;
    }

    private static StoreError? Check(IReadOnlyList<Operation> operations, int valueByteLimit, int operationLimit, ref long bytes)
    {
        if (operations.Count > operationLimit)
            return new StoreError(StoreErrorKind.TooLarge, "etcdserver: too many operations in txn request");
        for (var i = 0; i < operations.Count; i++)
        {
            if (operations[i] is not PutOperation put)
                continue;
            if (put.Key.Length == 0)
                return new StoreError(StoreErrorKind.InvalidRequest, "etcdserver: key is not provided");
            if (!System.Text.Ascii.IsValid(put.Key))
                return new StoreError(StoreErrorKind.InvalidRequest, "the key is not ASCII");
            if (put.Value.Length > valueByteLimit)
                return new StoreError(StoreErrorKind.TooLarge, "etcdserver: request is too large");
            if (put.RevisionOffset >= 0 && put.RevisionOffset + RevisionStamp.Length > put.Value.Length)
                return new StoreError(StoreErrorKind.InvalidRequest, "the revision's place is outside of the value");
            bytes += put.Value.Length;
        }
        return null;
    }
}
