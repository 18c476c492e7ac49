using Cybernetes.Client.Informers;

namespace Cybernetes.Controllers.Autoscaling;

/// <summary>The past of all autoscalers, as far back as a rule may look. It is lost with the process. Safe for concurrent use.</summary>
internal sealed class ScaleMemory
{
    // No window and no period is longer.
    private static readonly TimeSpan s_longest = TimeSpan.FromHours(1);

    private readonly Lock _gate = new();
    private readonly Dictionary<ObjectKey, Past> _past = [];

    private sealed class Past
    {
        public List<ScalePoint> Recommendations { get; } = [];

        public List<ScalePoint> Ups { get; } = [];

        public List<ScalePoint> Downs { get; } = [];
    }

    public ScaleHistory Of(ObjectKey key)
    {
        lock (_gate)
            return _past.TryGetValue(key, out var past) ? new([.. past.Recommendations], [.. past.Ups], [.. past.Downs]) : ScaleHistory.None;
    }

    /// <summary>At the first look what there is counts as recommended: a restart does not scale down at once.</summary>
    public void Begin(ObjectKey key, int current, DateTimeOffset now)
    {
        lock (_gate)
        {
            if (!_past.ContainsKey(key))
                Add(PastOf(key).Recommendations, current, now);
        }
    }

    public void Recommended(ObjectKey key, int replicas, DateTimeOffset now)
    {
        lock (_gate)
            Add(PastOf(key).Recommendations, replicas, now);
    }

    public void Scaled(ObjectKey key, int from, int to, DateTimeOffset now)
    {
        lock (_gate)
            Add(to > from ? PastOf(key).Ups : PastOf(key).Downs, Math.Abs(to - from), now);
    }

    public void Forget(ObjectKey key)
    {
        lock (_gate)
            _past.Remove(key);
    }

    private Past PastOf(ObjectKey key)
    {
        if (!_past.TryGetValue(key, out var past))
            _past[key] = past = new();
        return past;
    }

    private static void Add(List<ScalePoint> points, int value, DateTimeOffset now)
    {
        points.RemoveAll(p => p.Time < now - s_longest);
        points.Add(new(now, value));
    }
}
