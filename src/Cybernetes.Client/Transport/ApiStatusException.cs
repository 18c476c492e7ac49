using Cybernetes.Objects;
using Cybernetes.Objects.Meta.V1;

namespace Cybernetes.Client.Transport;

/// <summary>
/// The API server answered with a failure. <see cref="Status"/> is its answer; the message is the status' message.
/// </summary>
public sealed class ApiStatusException(Status status) : Exception(status.Message)
{
    public Status Status { get; } = status;

    /// <summary>The HTTP status code.</summary>
    public int Code => Status.Code;

    /// <summary>The machine-readable reason, such as <c>NotFound</c>; empty when the server gave none.</summary>
    public string Reason => Status.Reason;

    public bool IsNotFound => Is(404, "NotFound");

    /// <summary>The object was changed since it was read, or a precondition does not hold.</summary>
    public bool IsConflict => Reason == "Conflict" || (Code == 409 && Reason.Length == 0);

    public bool IsAlreadyExists => Reason == "AlreadyExists";
    public bool IsForbidden => Is(403, "Forbidden");
    public bool IsUnauthorized => Is(401, "Unauthorized");
    public bool IsInvalid => Is(422, "Invalid");
    public bool IsTooManyRequests => Is(429, "TooManyRequests");

    /// <summary>The resource version or continue token asked for is no longer there: list anew.</summary>
    public bool IsExpired => Reason is "Expired" or "Gone" || Code == 410;

    /// <summary>The object cannot be made because its namespace is being deleted.</summary>
    public bool IsNamespaceTerminating =>
        Code == 403 && (Status.Details?.Causes.OrEmpty().Any(cause => cause.Type == "NamespaceTerminating") ?? false);

    /// <summary>How many seconds the server asked to wait, or 0.</summary>
    public int RetryAfterSeconds => Status.Details?.RetryAfterSeconds ?? 0;

    private bool Is(int code, string reason) => Reason == reason || (Reason.Length == 0 && Code == code);
}
