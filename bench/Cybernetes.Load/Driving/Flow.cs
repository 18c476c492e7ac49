using System.Diagnostics;

namespace Cybernetes.Load.Driving;

/// <summary>Gives requests their numbers, until there are enough, and at a wanted rate their moments.</summary>
internal sealed class Flow(double rate)
{
    private long _startedAt; // with the first request: connecting is not part of the load
    private long _limit = long.MaxValue;

    public long Next { get; private set; }

    public bool IsPaced => rate > 0;

    public void StopAt(long number) => _limit = number;

    public bool TryTake(out long number)
    {
        number = Next;
        if (Next >= _limit)
            return false;
        if (Next++ == 0)
            _startedAt = Stopwatch.GetTimestamp();
        return true;
    }

    /// <summary>When this request should leave. Times are counted from here, so that a server which holds up its clients does not look fast.</summary>
    public long DueAt(long number) => _startedAt + (long)(number / rate * Stopwatch.Frequency);
}
