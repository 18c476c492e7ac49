namespace Cybernetes.Store;

/// <summary>What to read.</summary>
public readonly record struct RangeRequest(KeyRange Range)
{
    /// <summary>At most so many records; 0 (default) for all.</summary>
    public int Limit { get; init; }

    /// <summary>The state as of this revision; 0 (default) for the newest.</summary>
    public long Revision { get; init; }

    /// <summary>The values are not needed (they may be there all the same).</summary>
    public bool KeysOnly { get; init; }

    /// <summary>Only <see cref="RangeResult.Count"/> is needed; no records are returned.</summary>
    public bool CountOnly { get; init; }
}

/// <param name="Records">In the order of their keys.</param>
/// <param name="Revision">The store's revision when it was read, also where an older one was asked for.</param>
/// <param name="Count">How many records the range has at the revision asked for, beyond the limit too.</param>
/// <param name="More">True when the limit cut some off.</param>
public sealed record RangeResult(IReadOnlyList<Record> Records, long Revision, long Count, bool More);
