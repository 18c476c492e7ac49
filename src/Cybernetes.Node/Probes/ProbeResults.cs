using System.Collections.Concurrent;

namespace Cybernetes.Node.Probes;

public enum ProbeKind
{
    Startup,
    Readiness,
    Liveness,
}

public enum ProbeResult
{
    /// <summary>Not probed often enough to say.</summary>
    Unknown,
    Success,
    Failure,
}

/// <summary>What the probes found, by container id. Safe for concurrent use.</summary>
internal sealed class ProbeResults
{
    private readonly ConcurrentDictionary<(ProbeKind Kind, string ContainerId), ProbeResult> _results = new();

    /// <summary>Null when that probe was never set up for the container.</summary>
    public ProbeResult? Get(ProbeKind kind, string containerId) =>
        _results.TryGetValue((kind, containerId), out var result) ? result : null;

    /// <summary>True when this changed the result.</summary>
    public bool Set(ProbeKind kind, string containerId, ProbeResult result)
    {
        var changed = Get(kind, containerId) != result;
        _results[(kind, containerId)] = result;
        return changed;
    }

    public void Remove(ProbeKind kind, string containerId) => _results.TryRemove((kind, containerId), out _);
}
