using Cybernetes.Scheduler.Snapshot;

namespace Cybernetes.Scheduler.Cycle;

/// <summary>
/// What the single nodes mean to one shape of pod: for each node whether it fits, why not, and its score. Brought up to date by the nodes that
/// changed since the last pod of that shape, so that the next costs a few nodes rather than all.
/// </summary>
internal sealed class NodeRow(PodFacts shape, SchedulingProfile profile, ClusterColumns columns, RejectionTable rejections)
{
    private readonly INodeRoomFilter[] _filters = [.. profile.RoomFilters.Where(f => f.Applies(shape))];
    private ushort[] _codes = [];
    private int[] _scores = [];
    private int[] _countByCode = [];
    private NodeBits _passing = new();
    private long _factsVersion = -1;
    private long _sequence;

    /// <summary>By slot; <see cref="int.MinValue"/> where the pod does not fit.</summary>
    public ReadOnlySpan<int> Scores => _scores;

    public NodeBits Feasible { get; } = new();

    /// <summary>When it was last used, in the rows' own numbers.</summary>
    public long LastUsed { get; set; }

    public ushort CodeAt(int slot) => _codes[slot];

    /// <summary>How many nodes have each rejection.</summary>
    public IEnumerable<(ushort Code, int Nodes)> Rejected()
    {
        for (var code = RejectionTable.NoNode + 1; code < _countByCode.Length; code++)
        {
            if (_countByCode[code] > 0)
                yield return ((ushort)code, _countByCode[code]);
        }
    }

    public void Update()
    {
        if (_factsVersion != columns.FactsVersion || !columns.Journal.Reaches(_sequence))
        {
            Rebuild();
            return;
        }
        for (; _sequence < columns.Journal.Sequence; _sequence++)
        {
            var slot = columns.Journal[_sequence];
            if (!_passing[slot])
                continue;
            _countByCode[_codes[slot]]--;
            Look(slot);
        }
    }

    /// <summary>Whether the filters let the pod onto the node as it is now; looks at the node, not at what was kept.</summary>
    public ushort Check(int slot)
    {
        if (!_passing[slot])
            return _codes[slot];
        foreach (var filter in _filters)
        {
            if (filter.Check(shape, columns, slot, rejections) is not RejectionTable.Fits and var code)
                return code;
        }
        return RejectionTable.Fits;
    }

    private void Rebuild()
    {
        _factsVersion = columns.FactsVersion;
        _sequence = columns.Journal.Sequence;
        if (_codes.Length < columns.Capacity)
        {
            _codes = new ushort[columns.Capacity];
            _scores = new int[columns.Capacity];
        }
        Array.Fill(_codes, RejectionTable.NoNode);
        Array.Fill(_scores, int.MinValue);
        Array.Clear(_countByCode);
        Feasible.Clear();
        var verdict = new NodeFactsVerdict(columns, rejections, _codes);
        foreach (var filter in profile.FactsFilters)
        {
            verdict.Current = filter;
            filter.Restrict(shape, verdict);
        }
        foreach (var filter in profile.FactsFilters)
        {
            verdict.Current = filter;
            filter.Filter(shape, verdict);
        }
        _passing = verdict.Passing;
        foreach (var slot in columns.Live)
        {
            if (_passing[slot]) Look(slot);
            else Count(_codes[slot]);
        }
    }

    private void Look(int slot)
    {
        var code = Check(slot);
        _codes[slot] = code;
        Count(code);
        if (code != RejectionTable.Fits)
        {
            Feasible.Remove(slot);
            _scores[slot] = int.MinValue;
            return;
        }
        Feasible.Add(slot);
        var score = 0;
        foreach (var (plugin, weight) in profile.RoomScores)
            score += plugin.Score(shape, columns, slot) * weight;
        _scores[slot] = score;
    }

    private void Count(ushort code)
    {
        if (code >= _countByCode.Length)
            Array.Resize(ref _countByCode, Math.Max(rejections.Count, code + 1));
        _countByCode[code]++;
    }
}

/// <summary>The rows of the shapes of pods that were seen lately.</summary>
internal sealed class NodeRows(ClusterColumns columns, RejectionTable rejections)
{
    private const int Most = 256;
    private readonly Dictionary<(SchedulingProfile Profile, string Key), NodeRow> _rows = [];
    private long _clock;

    /// <summary>The up-to-date row of a pod.</summary>
    public NodeRow For(PodFacts pod, SchedulingProfile profile)
    {
        if (!_rows.TryGetValue((profile, pod.RowKey), out var row))
        {
            if (_rows.Count >= Most)
            {
                foreach (var old in _rows.OrderBy(r => r.Value.LastUsed).Take(Most / 2).Select(r => r.Key).ToList())
                    _rows.Remove(old);
            }
            _rows[(profile, pod.RowKey)] = row = new NodeRow(pod, profile, columns, rejections);
        }
        row.LastUsed = ++_clock;
        row.Update();
        return row;
    }
}
