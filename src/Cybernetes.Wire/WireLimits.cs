namespace Cybernetes.Wire;

/// <summary>What a request may ask of the decoders at most.</summary>
public static class WireLimits
{
    /// <summary>Bytes of a request's body (upstream's limit as well).</summary>
    public const int MaximumBodyBytes = 3 * 1024 * 1024;

    /// <summary>Operations of one JSON patch.</summary>
    public const int MaximumPatchOperations = 10_000;

    /// <summary>Bytes that the copy operations of one JSON patch may add.</summary>
    public const int MaximumPatchCopyBytes = 3 * 1024 * 1024;

    /// <summary>Upstream's text for a body over the limit, a 413.</summary>
    public static string BodyTooLarge(long limit = MaximumBodyBytes) => $"limit is {limit}";
}
