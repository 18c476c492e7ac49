namespace Cybernetes.Store.Etcd.Grpc;

/// <summary>gRPC's status codes that we decide by (grpc.io, "Status codes and their use").</summary>
internal enum GrpcStatus
{
    Ok = 0,
    Unknown = 2,
    InvalidArgument = 3,
    DeadlineExceeded = 4,
    NotFound = 5,
    PermissionDenied = 7,
    ResourceExhausted = 8,
    FailedPrecondition = 9,
    OutOfRange = 11,
    Internal = 13,
    Unavailable = 14,
    DataLoss = 15,
    Unauthenticated = 16,
}

/// <summary>A call failed: the peer said so, or it could not be reached. Never leaves the engine.</summary>
internal sealed class GrpcCallException(GrpcStatus status, string message, Exception? cause = null) : Exception(message, cause)
{
    public GrpcStatus Status { get; } = status;

    /// <summary>The request certainly did not reach the peer.</summary>
    public bool NeverSent { get; init; }
}
