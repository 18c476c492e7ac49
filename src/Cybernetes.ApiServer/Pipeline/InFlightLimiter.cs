namespace Cybernetes.ApiServer.Pipeline;

/// <summary>
/// Bounds the requests under way, mutating and others apart. Long-running requests are not counted.
/// The bounds are upstream's <c>--max-mutating-requests-inflight</c> (200) and <c>--max-requests-inflight</c> (400).
/// </summary>
internal sealed class InFlightLimiter(int maxMutating, int maxReadOnly)
{
    private int _mutating;
    private int _readOnly;

    /// <summary>Mutating requests under way.</summary>
    public int Mutating => Volatile.Read(ref _mutating);

    /// <summary>Other requests under way.</summary>
    public int ReadOnly => Volatile.Read(ref _readOnly);

    /// <summary>Takes a place; false when there is none.</summary>
    public bool TryEnter(bool mutating)
    {
        ref var count = ref mutating ? ref _mutating : ref _readOnly;
        if (Interlocked.Increment(ref count) <= (mutating ? maxMutating : maxReadOnly))
            return true;
        Interlocked.Decrement(ref count);
        return false;
    }

    /// <summary>Gives a place back.</summary>
    public void Leave(bool mutating) => Interlocked.Decrement(ref mutating ? ref _mutating : ref _readOnly);
}
