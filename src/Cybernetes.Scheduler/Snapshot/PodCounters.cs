using Cybernetes.Objects;

namespace Cybernetes.Scheduler.Snapshot;

/// <summary>How many placed pods of a meaning stand on each node; kept up to date by each pod that comes and goes.</summary>
internal sealed class PodCounter(string key, IReadOnlyList<TermScope> scopes, bool skipsTerminating, int capacity)
{
    private int[] _bySlot = new int[capacity];

    public string Key { get; } = key;

    /// <summary>A pod counts when all of them mean it.</summary>
    public IReadOnlyList<TermScope> Scopes { get; } = scopes;

    public long Total { get; private set; }

    /// <summary>The nodes with at least one such pod.</summary>
    public NodeBits Slots { get; } = new(capacity);

    /// <summary>When it was last asked for, in the counters' own numbers.</summary>
    public long LastUsed { get; set; }

    /// <summary>By slot, as long as the columns' capacity.</summary>
    public ReadOnlySpan<int> BySlot(int capacity)
    {
        if (_bySlot.Length < capacity)
            Array.Resize(ref _bySlot, capacity);
        return _bySlot.AsSpan(0, capacity);
    }

    public bool Counts(PlacedPod pod, NamespaceLabels namespaces)
    {
        if (skipsTerminating && pod.IsTerminating)
            return false;
        foreach (var scope in Scopes)
        {
            if (!scope.Matches(pod.Namespace, pod.Labels, namespaces))
                return false;
        }
        return true;
    }

    public void Add(int slot, int change)
    {
        if (slot >= _bySlot.Length)
            Array.Resize(ref _bySlot, Math.Max(slot + 1, _bySlot.Length * 2));
        _bySlot[slot] += change;
        Total += change;
        if (_bySlot[slot] > 0) Slots.Add(slot);
        else Slots.Remove(slot);
    }
}

/// <summary>
/// The counters that decisions asked for. A pod that comes or goes touches only those that may count it: they are found by one label pair that
/// their selector demands. Those not asked for any more are dropped.
/// </summary>
internal sealed class PodCounters(ClusterColumns columns)
{
    private const int Most = 1024;
    private readonly Dictionary<string, PodCounter> _counters = new(StringComparer.Ordinal);
    private readonly Dictionary<(string Namespace, string Key, string Value), List<PodCounter>> _byPair = [];
    private readonly List<PodCounter> _unindexed = [];
    private long _clock;

    public PodCounter For(TermScope scope, bool skipsTerminating) => For((skipsTerminating ? "-" : "+") + scope.Key, [scope], skipsTerminating);

    public PodCounter For(string key, IReadOnlyList<TermScope> scopes, bool skipsTerminating)
    {
        if (!_counters.TryGetValue(key, out var counter))
        {
            if (_counters.Count >= Most)
                DropOld();
            counter = new PodCounter(key, scopes, skipsTerminating, columns.Capacity);
            Fill(counter);
            _counters[key] = counter;
            Index(counter, add: true);
        }
        counter.LastUsed = ++_clock;
        return counter;
    }

    public void Changed(PlacedPod pod, int sign)
    {
        foreach (var counter in _unindexed)
            Tally(counter, pod, sign);
        if (_byPair.Count == 0 || pod.Labels is null)
            return;
        foreach (var (key, value) in pod.Labels)
        {
            if (!_byPair.TryGetValue((pod.Namespace, key, value), out var counters))
                continue;
            foreach (var counter in counters)
                Tally(counter, pod, sign);
        }
    }

    /// <summary>Namespaces' labels changed: counters that look at them are made anew when they are asked for.</summary>
    public void NamespacesChanged()
    {
        foreach (var counter in _counters.Values.Where(c => c.Scopes.Any(s => s.NamespaceSelector is not null)).ToList())
            Drop(counter);
    }

    private void Tally(PodCounter counter, PlacedPod pod, int sign)
    {
        if (counter.Counts(pod, columns.Namespaces))
            counter.Add(pod.Slot, sign);
    }

    private void Fill(PodCounter counter)
    {
        var scope = counter.Scopes[0];
        var pods = scope.NamespaceSelector is null ? scope.Namespaces.SelectMany(columns.PodsIn) : columns.Pods;
        foreach (var pod in pods)
            Tally(counter, pod, +1);
    }

    private void Index(PodCounter counter, bool add)
    {
        var scope = counter.Scopes[0];
        var pair = scope.Selector.Requirements.FirstOrDefault(r =>
            r.Values.Count == 1 && r.Operator is LabelOperator.In or LabelOperator.Equals or LabelOperator.DoubleEquals);
        if (pair is null || scope.NamespaceSelector is not null)
        {
            if (add) _unindexed.Add(counter);
            else _unindexed.Remove(counter);
            return;
        }
        foreach (var ns in scope.Namespaces)
        {
            var place = (ns, pair.Key, pair.Values[0]);
            if (!_byPair.TryGetValue(place, out var counters))
                _byPair[place] = counters = [];
            if (add) counters.Add(counter);
            else if (counters.Remove(counter) && counters.Count == 0) _byPair.Remove(place);
        }
    }

    private void DropOld()
    {
        foreach (var counter in _counters.Values.OrderBy(c => c.LastUsed).Take(Most / 2).ToList())
            Drop(counter);
    }

    private void Drop(PodCounter counter)
    {
        _counters.Remove(counter.Key);
        Index(counter, add: false);
    }
}
