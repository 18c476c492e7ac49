namespace Cybernetes.Wire;

/// <summary>The answer a failed patch deserves.</summary>
public enum PatchFailure
{
    /// <summary>400: the patch itself is malformed.</summary>
    BadRequest,

    /// <summary>422: well-formed, but it cannot be applied to this object.</summary>
    Unprocessable,

    /// <summary>413: it asks for more than is allowed.</summary>
    TooLarge,

    /// <summary>500: what upstream gives no better code for.</summary>
    Internal,

    /// <summary>500 without a reason: an error that upstream passes on as it is.</summary>
    Unclassified,
}

/// <summary>A patch that was not applied, with upstream's message.</summary>
public sealed class PatchException(PatchFailure failure, string message) : Exception(message)
{
    public PatchFailure Failure { get; } = failure;
}
