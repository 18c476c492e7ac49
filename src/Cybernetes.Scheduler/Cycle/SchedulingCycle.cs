using Cybernetes.Foundation;
using Cybernetes.Scheduler.Snapshot;

namespace Cybernetes.Scheduler.Cycle;

/// <summary>What the cycle decided: a node, or why there is none.</summary>
internal sealed record Decision(string? NodeName, int EvaluatedNodes, int FeasibleNodes, Diagnosis Diagnosis);

/// <summary>
/// One pod against all nodes: filters narrow the feasible set, scores pick from it, chance breaks ties. Pure but for the injected chance:
/// the same columns, pod and seed give the same node. Buffers are kept between pods; not thread-safe.
/// </summary>
internal sealed class SchedulingCycle(ClusterColumns columns, IReadOnlyList<IFilterPlugin> filters, IReadOnlyList<IScorePlugin> scores, IRandomSource random)
{
    private long[] _total = [];
    private long[] _one = [];

    public ClusterColumns Columns { get; } = columns;

    public PodFacts Pod { get; private set; } = null!;

    /// <summary>The nodes that no filter has rejected yet.</summary>
    public NodeBits Feasible { get; } = new();

    public Diagnosis Diagnosis { get; private set; } = new();

    private IFilterPlugin Current { get; set; } = null!;

    /// <summary>Decides for one pod.</summary>
    public Decision Decide(PodFacts pod)
    {
        Pod = pod;
        Diagnosis = new Diagnosis();
        Feasible.CopyFrom(Columns.Live);
        foreach (var filter in filters)
        {
            Current = filter;
            filter.Filter(this);
            if (Diagnosis.WholePodReason is not null)
                return new Decision(null, Columns.NodeCount, 0, Diagnosis);
        }
        var feasible = Feasible.Count();
        var node = feasible == 0 ? null : Columns.NodeName(Pick(feasible));
        return new Decision(node, Columns.NodeCount, feasible, Diagnosis);
    }

    /// <summary>Rejects one node for one reason.</summary>
    public void Reject(int slot, string reason)
    {
        Feasible.Remove(slot);
        Diagnosis.Add(Current, reason, 1);
    }

    /// <summary>Counts one more reason against a node, which the filter rejects by <see cref="NodeBits.Remove"/> itself.</summary>
    public void AddReason(string reason, int nodes) => Diagnosis.Add(Current, reason, nodes);

    /// <summary>Keeps only the given nodes; all others that were feasible get the reason.</summary>
    public void Keep(NodeBits allowed, string reason)
    {
        var before = Feasible.Count();
        Feasible.IntersectWith(allowed);
        Diagnosis.Add(Current, reason, before - Feasible.Count());
    }

    /// <summary>Rejects the given nodes, as far as they were feasible, for the reason.</summary>
    public void Drop(NodeBits rejected, string reason)
    {
        var before = Feasible.Count();
        Feasible.ExceptWith(rejected);
        Diagnosis.Add(Current, reason, before - Feasible.Count());
    }

    /// <summary>Rejects the pod whatever the node.</summary>
    public void RejectPod(string reason) => Diagnosis.RejectPod(Current, reason);

    private int Pick(int feasible)
    {
        if (feasible > 1)
            ScoreAll();
        long best = long.MinValue;
        var chosen = -1;
        var ties = 0;
        foreach (var slot in Feasible)
        {
            var score = feasible > 1 ? _total[slot] : 0;
            if (score > best)
            {
                best = score;
                chosen = slot;
                ties = 1;
            }
            else if (score == best && random.Next(++ties) == 0)
                chosen = slot;
        }
        return chosen;
    }

    private void ScoreAll()
    {
        if (_total.Length < Columns.Capacity)
        {
            _total = new long[Columns.Capacity];
            _one = new long[Columns.Capacity];
        }
        Array.Clear(_total);
        foreach (var plugin in scores)
        {
            Array.Clear(_one);
            plugin.Score(this, _one);
            for (var i = 0; i < Columns.Capacity; i++)
                _total[i] += _one[i] * plugin.Weight;
        }
    }
}
