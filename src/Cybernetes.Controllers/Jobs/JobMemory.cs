using Cybernetes.Client.Informers;
using Cybernetes.Controllers.Ownership;
using Cybernetes.Objects.Batch.V1;
using Cybernetes.Objects.Core.V1;

namespace Cybernetes.Controllers.Jobs;

/// <summary>
/// What the controller remembers of jobs beside their objects: pods whose finalizer it took off and still sees, and the delay after failures.
/// Both may be lost with the process. Safe for concurrent use.
/// </summary>
internal sealed class JobMemory
{
    private readonly Lock _gate = new();
    private readonly Dictionary<ObjectKey, HashSet<string>> _released = [];
    private readonly Dictionary<ObjectKey, JobBackoff> _backoff = [];

    /// <summary>The jobs as their last write left them.</summary>
    public Written<Job> Statuses { get; } = new();

    public IReadOnlySet<string> Released(ObjectKey key)
    {
        lock (_gate)
            return _released.TryGetValue(key, out var uids) ? new HashSet<string>(uids, StringComparer.Ordinal) : [];
    }

    public JobBackoff Backoff(ObjectKey key)
    {
        lock (_gate)
            return _backoff.GetValueOrDefault(key, JobBackoff.None);
    }

    public void Keep(ObjectKey key, JobBackoff backoff)
    {
        lock (_gate)
            _backoff[key] = backoff;
    }

    /// <summary>To be called before the finalizers are taken off.</summary>
    public void ExpectReleased(ObjectKey key, IReadOnlyList<Pod> pods)
    {
        if (pods.Count == 0)
            return;
        lock (_gate)
        {
            if (!_released.TryGetValue(key, out var uids))
                _released[key] = uids = new(StringComparer.Ordinal);
            uids.UnionWith(pods.Select(p => p.Metadata.UID));
        }
    }

    /// <summary>The pod shows no finalizer, or still has it since the call failed.</summary>
    public void ReleaseSeen(ObjectKey key, string uid)
    {
        lock (_gate)
        {
            if (_released.TryGetValue(key, out var uids) && uids.Remove(uid) && uids.Count == 0)
                _released.Remove(key);
        }
    }

    public void Forget(ObjectKey key)
    {
        lock (_gate)
        {
            _released.Remove(key);
            _backoff.Remove(key);
        }
        Statuses.Forget(key);
    }
}
