using Cybernetes.Store.Etcd.Grpc;

namespace Cybernetes.Store.Etcd;

/// <summary>What etcd's refusals mean. It tells them apart by text (its rpctypes), the codes are too coarse.</summary>
internal static class EtcdErrors
{
    public const string CompactedText = "etcdserver: mvcc: required revision has been compacted";
    public const string FutureText = "etcdserver: mvcc: required revision is a future revision";
    private const string NoLeaderText = "etcdserver: no leader";
    private const string TooManyRequestsText = "etcdserver: too many requests";

    /// <summary>The request was not carried out and may be given to another member.</summary>
    public static bool IsCertainlyUndone(GrpcCallException failure) =>
        failure.NeverSent || failure.Message is NoLeaderText or TooManyRequestsText;

    /// <summary>Another member may answer where this one did not.</summary>
    public static bool IsWorthAnotherMember(GrpcCallException failure) => IsCertainlyUndone(failure)
        || failure.Status is GrpcStatus.Unavailable or GrpcStatus.DeadlineExceeded
        || (failure.Status is GrpcStatus.Unknown or GrpcStatus.Internal && !failure.Message.StartsWith("etcdserver: ", StringComparison.Ordinal));

    public static StoreError ToStoreError(GrpcCallException failure)
    {
        var kind = failure.Message switch
        {
            CompactedText => StoreErrorKind.Compacted,
            FutureText => StoreErrorKind.FutureRevision,
            "etcdserver: requested lease not found" => StoreErrorKind.LeaseNotFound,
            "etcdserver: duplicate key given in txn request" or "etcdserver: key is not provided" => StoreErrorKind.InvalidRequest,
            "etcdserver: too many operations in txn request" or "etcdserver: request is too large" => StoreErrorKind.TooLarge,
            "etcdserver: mvcc: database space exceeded" => StoreErrorKind.NoSpace,
            "etcdserver: corrupt cluster" => StoreErrorKind.Corrupted,
            TooManyRequestsText => StoreErrorKind.Overloaded,
            _ when failure.Status == GrpcStatus.ResourceExhausted => StoreErrorKind.TooLarge,
            _ => StoreErrorKind.Unavailable,
        };
        if (kind == StoreErrorKind.LeaseNotFound)
            return StoreError.LeaseNotFound();
        return new StoreError(kind, failure.Message.Replace("etcdserver: mvcc: required", "mvcc: required", StringComparison.Ordinal));
    }
}
