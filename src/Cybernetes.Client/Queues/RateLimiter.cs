namespace Cybernetes.Client.Queues;

/// <summary>
/// The larger of two delays: one that doubles with each failure of a key, and one that a token bucket shared by all keys asks
/// for.
/// Not safe for concurrent use: its queue calls it under its lock.
/// </summary>
internal sealed class RateLimiter<TKey>(WorkQueueOptions options, TimeProvider time)
    where TKey : notnull
{
    private readonly Dictionary<TKey, int> _failures = [];
    private double _tokens = options.Burst;
    private long _refilledAt = time.GetTimestamp();

    public int Failures(TKey key) => _failures.GetValueOrDefault(key);

    public void Forget(TKey key) => _failures.Remove(key);

    public TimeSpan NextDelay(TKey key)
    {
        int failures = _failures.GetValueOrDefault(key);
        _failures[key] = failures + 1;
        double ownTicks = options.BaseDelay.Ticks * Math.Pow(2, failures);
        TimeSpan own = ownTicks >= options.MaxDelay.Ticks ? options.MaxDelay : TimeSpan.FromTicks((long)ownTicks);
        TimeSpan shared = TakeToken();
        return own > shared ? own : shared;
    }

    // A reservation: the token is taken even when it is not there yet, and the delay says when it will be.
    private TimeSpan TakeToken()
    {
        long now = time.GetTimestamp();
        double refill = time.GetElapsedTime(_refilledAt, now).TotalSeconds * options.RefillPerSecond;
        _tokens = Math.Min(options.Burst, _tokens + refill) - 1;
        _refilledAt = now;
        return _tokens >= 0 ? TimeSpan.Zero : TimeSpan.FromSeconds(-_tokens / options.RefillPerSecond);
    }
}
