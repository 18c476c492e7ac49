namespace Cybernetes.Node.Runtime;

/// <summary>gRPC's status codes (grpc.io, "Status codes and their use").</summary>
public enum RuntimeStatusCode
{
    OK = 0,
    Cancelled = 1,
    Unknown = 2,
    InvalidArgument = 3,
    DeadlineExceeded = 4,
    NotFound = 5,
    AlreadyExists = 6,
    PermissionDenied = 7,
    ResourceExhausted = 8,
    FailedPrecondition = 9,
    Aborted = 10,
    OutOfRange = 11,
    Unimplemented = 12,
    Internal = 13,
    Unavailable = 14,
    DataLoss = 15,
    Unauthenticated = 16,
}

/// <summary>The container runtime refused a call or could not be reached.</summary>
/// <remarks><see cref="Exception.Message"/> has Go's form: <c>rpc error: code = NotFound desc = …</c>, as events show
/// it.</remarks>
public sealed class RuntimeCallException : Exception
{
    public RuntimeCallException(RuntimeStatusCode code, string description, Exception? cause = null)
        : base($"rpc error: code = {NameOf(code)} desc = {description}", cause)
    {
        Code = code;
        Description = description;
    }

    public RuntimeStatusCode Code { get; }

    /// <summary>The runtime's own words, without the code.</summary>
    public string Description { get; }

    /// <summary>Go writes an unknown code as <c>Code(99)</c> and Cancelled with one l.</summary>
    private static string NameOf(RuntimeStatusCode code) => code switch
    {
        RuntimeStatusCode.Cancelled => "Canceled",
        _ when Enum.IsDefined(code) => code.ToString(),
        _ => $"Code({(int)code})",
    };
}
