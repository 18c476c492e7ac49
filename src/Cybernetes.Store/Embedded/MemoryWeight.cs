namespace Cybernetes.Store.Embedded;

/// <summary>
/// Bytes that records take in memory, as .NET lays them out on 64 bits: for limits, which shall mean what they say. What readers hang on
/// a record (<see cref="Record.Attachment"/>) is theirs and not counted.
/// </summary>
internal static class MemoryWeight
{
    // Header, type, four references, four long and two int numbers.
    private const int RecordBytes = 16 + (4 * 8) + (4 * 8) + (2 * 4);
    private const int ArrayBytes = 24;
    private const int StringBytes = 22;

    // A place in the change log.
    private const int LogBytes = 8;

    /// <summary>What a version that was replaced keeps in memory; its key belongs to all versions.</summary>
    public static long OfVersion(Record record) =>
        LogBytes + RecordBytes + (record.IsDeletion ? 0 : Aligned(ArrayBytes + record.Value.Length));

    public static long OfKey(string key) => Aligned(StringBytes + (2 * key.Length));

    private static long Aligned(long bytes) => (bytes + 7) & ~7L;
}
