namespace Cybernetes.Scheduler.Snapshot;

/// <summary>Which slots' pods changed, in order: what is kept per slot is brought up to date by the changes alone.</summary>
internal sealed class ChangeJournal
{
    private const int Kept = 1 << 14;
    private readonly int[] _ring = new int[Kept];

    /// <summary>The number of the next change.</summary>
    public long Sequence { get; private set; }

    public int this[long sequence] => _ring[sequence & (Kept - 1)];

    public void Add(int slot) => _ring[Sequence++ & (Kept - 1)] = slot;

    /// <summary>Whether all changes from that one on are still known.</summary>
    public bool Reaches(long since) => Sequence - since <= Kept;
}
