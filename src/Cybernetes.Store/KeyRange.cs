namespace Cybernetes.Store;

/// <summary>A set of neighbouring keys, in ordinal order.</summary>
public readonly record struct KeyRange
{
    private KeyRange(string start, string? end, KeyRangeKind kind) => (Start, End, Kind) = (start, end, kind);

    /// <summary>The first key that may be in the range.</summary>
    public string Start { get; }

    /// <summary>The first key after the range; null when the range has no end.</summary>
    public string? End { get; }

    internal KeyRangeKind Kind { get; }

    /// <summary>All keys.</summary>
    public static KeyRange All { get; } = new(string.Empty, null, KeyRangeKind.Prefix);

    /// <summary>This key only.</summary>
    public static KeyRange Key(string key) => new(key, key + '\0', KeyRangeKind.Key);

    /// <summary>All keys that begin with the prefix.</summary>
    public static KeyRange Prefix(string prefix) =>
        prefix.Length == 0 ? All : new(prefix, EndOfPrefix(prefix), KeyRangeKind.Prefix);

    /// <summary>
    /// The keys from <paramref name="start"/> up to, not including, <paramref name="end"/> (null: to the last).
    /// </summary>
    public static KeyRange Between(string start, string? end) => new(start, end, KeyRangeKind.Between);

    /// <summary>
    /// The rest of this range after <paramref name="key"/>: the next page of a list whose last page ended with that key.
    /// </summary>
    public KeyRange After(string key) => Between(key + '\0', End);

    public bool Contains(string key) => string.CompareOrdinal(key, Start) >= 0 && !IsPast(key);

    /// <summary>True when the key comes after the range.</summary>
    internal bool IsPast(string key) => End is not null && string.CompareOrdinal(key, End) >= 0;

    private static string EndOfPrefix(string prefix) =>
        string.Create(prefix.Length, prefix, static (span, text) =>
        {
            text.CopyTo(span);
            // Keys are ASCII, so the last character always has a successor.
            span[^1]++;
        });
}

internal enum KeyRangeKind
{
    Key,
    Prefix,
    Between,
}
