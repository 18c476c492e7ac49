namespace Cybernetes.Scheduler.Snapshot;

/// <summary>What placed pods ask of others: as filters, and as weights in scores.</summary>
internal enum TermKind { RequiredAffinity, RequiredAntiAffinity, Preferred }

/// <summary>Placed pods that ask the same of others, counted by node.</summary>
internal sealed class TermGroup(string key, AffinityTerm term)
{
    private int[] _bySlot = [];

    public string Key { get; } = key;

    public AffinityTerm Term { get; } = term;

    public long Total { get; private set; }

    public NodeBits Slots { get; } = new();

    public int At(int slot) => slot < _bySlot.Length ? _bySlot[slot] : 0;

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

/// <summary>The terms of all placed pods, grouped by meaning: a decision looks at groups, of which there are few, not at pods.</summary>
internal sealed class PlacedTerms
{
    private readonly Dictionary<string, TermGroup> _groups = new(StringComparer.Ordinal);
    private readonly Dictionary<(TermKind Kind, string Namespace), List<TermGroup>> _byNamespace = [];
    private readonly Dictionary<TermKind, List<TermGroup>> _anyNamespace = [];

    public void Changed(PlacedPod pod, int sign)
    {
        if (pod.Terms.IsEmpty)
            return;
        Change(TermKind.RequiredAffinity, pod.Terms.RequiredAffinity, pod.Slot, sign);
        Change(TermKind.RequiredAntiAffinity, pod.Terms.RequiredAntiAffinity, pod.Slot, sign);
        Change(TermKind.Preferred, pod.Terms.Preferred, pod.Slot, sign);
    }

    /// <summary>The groups whose terms may mean a pod of that namespace.</summary>
    public IEnumerable<TermGroup> Of(TermKind kind, string @namespace)
    {
        if (_groups.Count == 0)
            return [];
        var named = _byNamespace.TryGetValue((kind, @namespace), out var groups) ? groups : [];
        return _anyNamespace.TryGetValue(kind, out var any) && any.Count > 0 ? named.Concat(any.Except(named)) : named;
    }

    private void Change(TermKind kind, IReadOnlyList<AffinityTerm> terms, int slot, int sign)
    {
        foreach (var term in terms)
        {
            var key = $"{(int)kind}|{term.Weight}|{term.TopologyKey}|{term.Scope.Key}";
            if (!_groups.TryGetValue(key, out var group))
            {
                _groups[key] = group = new TermGroup(key, term);
                foreach (var list in Lists(kind, term.Scope))
                    list.Add(group);
            }
            group.Add(slot, sign);
            if (group.Total > 0)
                continue;
            _groups.Remove(key);
            foreach (var list in Lists(kind, term.Scope))
                list.Remove(group);
        }
    }

    private IEnumerable<List<TermGroup>> Lists(TermKind kind, TermScope scope)
    {
        foreach (var ns in scope.Namespaces)
        {
            if (!_byNamespace.TryGetValue((kind, ns), out var list))
                _byNamespace[(kind, ns)] = list = [];
            yield return list;
        }
        if (scope.NamespaceSelector is null)
            yield break;
        if (!_anyNamespace.TryGetValue(kind, out var any))
            _anyNamespace[kind] = any = [];
        yield return any;
    }
}
