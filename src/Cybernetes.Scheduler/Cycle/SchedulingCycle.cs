using Cybernetes.Foundation;
using Cybernetes.Scheduler.Snapshot;

namespace Cybernetes.Scheduler.Cycle;

/// <summary>What the cycle decided: a node, or why there is none.</summary>
internal sealed record Decision(string? NodeName, int EvaluatedNodes, int FeasibleNodes, Diagnosis Diagnosis)
{
    /// <summary>Whom to evict for the pod; only without a node.</summary>
    public Preemption.PreemptionPlan? Preemption { get; init; }

    /// <summary>The node that is kept for the pod until its group's evictions are done.</summary>
    public string? NominatedNode { get; init; }

    /// <summary>What post filters do at the API server so that the pod may fit later.</summary>
    public IReadOnlyList<Func<CancellationToken, Task>> AtServer { get; init; } = [];

    /// <summary>What the pod's group came to, which is told instead of the pod's own reasons; null where it has none.</summary>
    public string? GroupMessage { get; init; }

    /// <summary>Whether nothing was decided, since the pod's group contradicts itself.</summary>
    public bool IsError { get; init; }

    /// <summary>Why there is no node.</summary>
    public string Message => GroupMessage ?? Diagnosis.Message(EvaluatedNodes);
}

/// <summary>
/// One pod against all nodes: filters narrow the feasible set, scores pick from it, chance breaks ties. Pure but for the injected chance and the
/// configured extenders: the same columns, pod and seed give the same node. Buffers are kept between pods; not thread-safe.
/// </summary>
internal sealed class SchedulingCycle
{
    private readonly NodeRows _rows;
    private readonly ScoreBoard _board;
    private readonly List<(NodeBits Slots, ushort Code)> _dropped = [];
    private readonly Dictionary<IPlugin, object> _state = [];
    private NodeRow _row = null!;
    private IPlugin _current = null!;

    public SchedulingCycle(ClusterColumns columns, IRandomSource random)
    {
        Columns = columns;
        Random = random;
        _rows = new NodeRows(columns, Rejections);
        _board = new ScoreBoard(random);
    }

    public ClusterColumns Columns { get; }

    public IRandomSource Random { get; }

    public RejectionTable Rejections { get; } = new();

    public SchedulingProfile Profile { get; private set; } = null!;

    public PodFacts Pod { get; private set; } = null!;

    /// <summary>The nodes that no filter has rejected yet.</summary>
    public NodeBits Feasible { get; } = new();

    public Diagnosis Diagnosis { get; private set; } = new();

    /// <summary>The pod's row of single nodes, as of the last filtering.</summary>
    public NodeRow Row => _row;

    /// <summary>Decides for one pod.</summary>
    /// <param name="pod">The pod.</param>
    /// <param name="profile">The plugins of its scheduler name.</param>
    /// <param name="nominated">Pods of no lower priority that were promised room and are not bound yet: a node must fit with and without them.</param>
    public Decision Decide(PodFacts pod, SchedulingProfile profile, IReadOnlyList<PlacedPod>? nominated = null)
    {
        Begin(pod, profile);
        RunPreFilters();
        if (Diagnosis.WholePodReason is null)
        {
            RunFilters(nominated ?? []);
            foreach (var extender in profile.Extenders)
                extender.Filter(this);
        }
        else
            _row = _rows.For(pod, profile);
        if (Diagnosis.WholePodReason is not null || Feasible.IsEmpty)
            return Refuse();
        var feasible = Feasible.Count();
        var slot = _board.Pick(this, feasible);
        return new Decision(Columns.NodeName(slot), Columns.NodeCount, feasible, Diagnosis);
    }

    /// <summary>Rejects one node for one reason.</summary>
    public void Reject(int slot, string reason, bool isResolvable = true)
    {
        var one = new NodeBits(Columns.Capacity);
        one.Add(slot);
        Drop(one, reason, isResolvable);
    }

    /// <summary>Keeps only the given nodes; all others that were feasible get the reason.</summary>
    public void Keep(NodeBits allowed, string reason, bool isResolvable = true)
    {
        var rejected = NodeBits.Copy(Feasible);
        rejected.ExceptWith(allowed);
        Mark(rejected, Rejections.CodeOf(_current, reason, isResolvable));
    }

    /// <summary>Rejects the given nodes, as far as they were feasible, for the reason.</summary>
    public void Drop(NodeBits nodes, string reason, bool isResolvable = true)
    {
        var rejected = NodeBits.Copy(Feasible);
        rejected.IntersectWith(nodes);
        Mark(rejected, Rejections.CodeOf(_current, reason, isResolvable));
    }

    /// <summary>Rejects the pod whatever the node.</summary>
    public void RejectPod(string reason) => Diagnosis.RejectPod(_current, reason);

    /// <summary>Names the plugin that speaks next.</summary>
    public void SpeakAs(IPlugin plugin) => _current = plugin;

    /// <summary>What a plugin noted of this pod earlier in the cycle, or null.</summary>
    public T? NoteOf<T>(IPlugin plugin) where T : class => _state.TryGetValue(plugin, out var note) ? (T)note : null;

    public void Note(IPlugin plugin, object note) => _state[plugin] = note;

    /// <summary>The rejection of a node in this cycle, or null where it is feasible.</summary>
    public Rejection? RejectionOf(int slot)
    {
        if (_row.CodeAt(slot) is not RejectionTable.Fits and var code)
            return code == RejectionTable.NoNode ? null : Rejections[code];
        foreach (var (slots, dropped) in _dropped)
        {
            if (slots[slot])
                return Rejections[dropped];
        }
        return null;
    }

    /// <summary>Whether this cycle's pod would pass all filters on a node as the columns are at this moment; null when it would.</summary>
    public Rejection? CheckNow(int slot)
    {
        if (_row.Check(slot) is not RejectionTable.Fits and var code)
            return Rejections[code];
        Feasible.Clear();
        Feasible.Add(slot);
        var before = _dropped.Count;
        RunClusterFilters();
        var rejection = Feasible.IsEmpty && _dropped.Count > before ? Rejections[_dropped[^1].Code] : null;
        _dropped.RemoveRange(before, _dropped.Count - before);
        Feasible.Clear();
        return rejection;
    }

    private void Begin(PodFacts pod, SchedulingProfile profile)
    {
        Pod = pod;
        Profile = profile;
        Diagnosis = new Diagnosis();
        _dropped.Clear();
        _state.Clear();
        Feasible.CopyFrom(Columns.Live);
    }

    private void RunPreFilters()
    {
        foreach (var plugin in Profile.PreFilters)
        {
            _current = plugin;
            plugin.PreFilter(this);
            if (Diagnosis.WholePodReason is not null)
                return;
        }
    }

    private void RunFilters(IReadOnlyList<PlacedPod> nominated)
    {
        _row = _rows.For(Pod, Profile);
        Feasible.CopyFrom(_row.Feasible);
        RunClusterFilters();
        if (nominated.Count == 0 || Feasible.IsEmpty)
            return;
        foreach (var pod in nominated)
            Columns.SetPod(pod);
        _row.Update();
        foreach (var slot in Feasible)
        {
            if (_row.CodeAt(slot) is not RejectionTable.Fits and var code)
                MarkOne(slot, code);
        }
        RunClusterFilters();
        foreach (var pod in nominated)
            Columns.RemovePod(pod.Pod.Metadata.UID);
        _row.Update();
    }

    private void RunClusterFilters()
    {
        foreach (var filter in Profile.ClusterFilters)
        {
            if (Feasible.IsEmpty)
                return;
            _current = filter;
            filter.Filter(this);
        }
    }

    private Decision Refuse()
    {
        if (Diagnosis.WholePodReason is null)
        {
            foreach (var (code, nodes) in _row.Rejected())
                Diagnosis.Add(Rejections[code], nodes);
            foreach (var (slots, code) in _dropped)
                Diagnosis.Add(Rejections[code], slots.Count());
        }
        if (Columns.NodeCount == 0)
            return new Decision(null, 0, 0, Diagnosis);
        List<Func<CancellationToken, Task>> atServer = [];
        foreach (var plugin in Profile.PostFilters)
        {
            _current = plugin;
            var result = plugin.PostFilter(this);
            if (result.AtServer is { } work)
                atServer.Add(work);
            if (result.Preemption is not null)
            {
                Diagnosis.PostFilterMessage = result.Message;
                return new Decision(null, Columns.NodeCount, 0, Diagnosis) { Preemption = result.Preemption, AtServer = atServer };
            }
            Diagnosis.PostFilterMessage += (Diagnosis.PostFilterMessage.Length > 0 ? ", " : "") + result.Message;
        }
        return new Decision(null, Columns.NodeCount, 0, Diagnosis) { AtServer = atServer };
    }

    private void Mark(NodeBits rejected, ushort code)
    {
        if (rejected.IsEmpty)
            return;
        _dropped.Add((rejected, code));
        Feasible.ExceptWith(rejected);
    }

    private void MarkOne(int slot, ushort code)
    {
        var one = new NodeBits(Columns.Capacity);
        one.Add(slot);
        _dropped.Add((one, code));
        Feasible.Remove(slot);
    }
}
