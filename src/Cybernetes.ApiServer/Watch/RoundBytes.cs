namespace Cybernetes.ApiServer.Watch;

/// <summary>
/// What the watchers of a round write: the first one that comes makes the bytes, the others that see the same of the same changes copy them. A few
/// are kept, each until the next beat at the longest, which is asked for. Safe for concurrent use.
/// </summary>
/// <param name="added">Called after each addition: asks for the beat.</param>
internal sealed class RoundBytes(Action added)
{
    private const int Kept = 8;
    private readonly Made?[] _made = new Made?[Kept];
    private int _next;
    private bool _isEmpty = true;

    /// <summary>The bytes, when somebody has made them.</summary>
    public Made? Find(in RoundPart part)
    {
        foreach (ref var place in _made.AsSpan())
        {
            if (Volatile.Read(ref place) is { } made && made.Part == part)
                return made;
        }
        return null;
    }

    /// <summary>Offers bytes to the others, in the place of the oldest.</summary>
    public void Add(Made made)
    {
        _isEmpty = false;
        Volatile.Write(ref _made[(uint)Interlocked.Increment(ref _next) % Kept], made);
        added();
    }

    /// <summary>Lets go of all.</summary>
    public void Forget()
    {
        if (_isEmpty)
            return;
        _isEmpty = true;
        Array.Clear(_made);
    }

    /// <summary>Bytes and what they are of.</summary>
    /// <param name="Part">The changes, who sees them, and the form.</param>
    /// <param name="Bytes">The frames, one behind the other.</param>
    /// <param name="Last">The revision of the last change that is in them; 0 when none is.</param>
    internal sealed record Made(RoundPart Part, ReadOnlyMemory<byte> Bytes, long Last);
}

/// <summary>Some changes as some watchers see them: equal where the bytes are.</summary>
/// <param name="Place">The first change's place in the ring.</param>
/// <param name="Count">How many changes.</param>
/// <param name="Namespace">The namespace whose changes are seen, all of them; empty for all namespaces.</param>
/// <param name="Form">The form asked for.</param>
internal readonly record struct RoundPart(long Place, int Count, string Namespace, EventForm Form);
