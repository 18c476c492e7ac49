using System.Globalization;
using Cybernetes.Objects.Core.V1;

namespace Cybernetes.Client.Events;

/// <summary>
/// Names events as client-go does: the object's name and the time in nanoseconds, in hex. Two events of the same moment, which a
/// virtual clock makes common, get following numbers. Safe for concurrent use.
/// </summary>
internal sealed class EventNames(TimeProvider time)
{
    private readonly Lock _gate = new();
    private long _last;

    public string Next(ObjectReference regarding)
    {
        long nanoseconds = (time.GetUtcNow() - DateTimeOffset.UnixEpoch).Ticks * TimeSpan.NanosecondsPerTick;
        lock (_gate)
        {
            _last = Math.Max(nanoseconds, _last + 1);
            return $"{regarding.Name}.{_last.ToString("x", CultureInfo.InvariantCulture)}";
        }
    }
}
