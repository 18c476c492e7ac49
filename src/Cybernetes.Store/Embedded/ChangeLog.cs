namespace Cybernetes.Store.Embedded;

/// <summary>
/// The kept changes in the order of their revisions. One writer appends and trims; readers walk it without locks. A position
/// counts changes since the store was opened and never changes its meaning.
/// </summary>
internal sealed class ChangeLog
{
    private const int ChunkSize = 1024;

    private volatile View _view = new(0, []);
    private long _first;
    private long _end;

    /// <summary>The oldest position that is kept.</summary>
    public long First => Volatile.Read(ref _first);

    /// <summary>The position after the newest change.</summary>
    public long End => Volatile.Read(ref _end);

    public void Append(Record record)
    {
        var view = _view;
        var slot = _end - view.Base;
        if (slot / ChunkSize == view.Chunks.Length)
        {
            Record?[][] chunks = [.. view.Chunks, new Record?[ChunkSize]];
            _view = view = new View(view.Base, chunks);
        }
        view.Chunks[slot / ChunkSize][slot % ChunkSize] = record;
        Volatile.Write(ref _end, _end + 1);
    }

    /// <summary>Forgets what is before the position.</summary>
    public void TrimBefore(long position)
    {
        var first = Math.Max(_first, position - ChunkSize);
        Volatile.Write(ref _first, position);
        var view = _view;
        var gone = (int)((position - view.Base) / ChunkSize);
        if (gone > 0)
            _view = view = new View(view.Base + ((long)gone * ChunkSize), view.Chunks[gone..]);
        // What is left of a chunk that is kept must not keep its records alive.
        for (var slot = Math.Max(0, first - view.Base); slot < position - view.Base; slot++)
            view.Chunks[slot / ChunkSize][slot % ChunkSize] = null;
    }

    /// <summary>The change at a position; null when it is trimmed away already.</summary>
    public Record? TryGet(long position)
    {
        var view = _view;
        var slot = position - view.Base;
        return slot < 0 ? null : view.Chunks[slot / ChunkSize][slot % ChunkSize];
    }

    /// <summary>
    /// The first kept position whose change is of the revision or newer; <see cref="End"/> when there is none.
    /// </summary>
    public long Find(long revision)
    {
        long low = First, high = End - 1;
        while (low <= high)
        {
            var middle = low + ((high - low) >>> 1);
            // What was trimmed meanwhile is older than what is looked for, or the reader finds out that it came too late.
            if (TryGet(middle) is not { } record || record.ModRevision < revision)
                low = middle + 1;
            else
                high = middle - 1;
        }
        return low;
    }

    private sealed record View(long Base, Record?[][] Chunks);
}
