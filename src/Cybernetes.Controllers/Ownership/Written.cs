using System.Collections.Concurrent;
using Cybernetes.Client.Informers;
using Cybernetes.Objects;

namespace Cybernetes.Controllers.Ownership;

/// <summary>
/// What this process has written and an informer may not show yet, so that nothing is decided by what it has overwritten itself. Safe for
/// concurrent use.
/// </summary>
internal sealed class Written<T> where T : class, IKubernetesObject<T>
{
    private readonly ConcurrentDictionary<ObjectKey, T> _written = new();

    /// <summary>Notes the answer of a write, and gives it.</summary>
    public T Remember(T value) => _written[ObjectKey.Of(value)] = value;

    /// <summary>The newer of what an informer has and what was written. What the informer has caught up with is forgotten.</summary>
    public T Newest(T known)
    {
        var key = ObjectKey.Of(known);
        if (!_written.TryGetValue(key, out var written))
            return known;
        if (written.Metadata.UID == known.Metadata.UID && ResourceVersions.IsNewer(written, known))
            return written;
        _written.TryRemove(new(key, written));
        return known;
    }

    /// <summary>Whether the informer trails behind a write of ours. Its event is on the way.</summary>
    public bool IsOutdated(T known) => !ReferenceEquals(Newest(known), known);

    public void Forget(ObjectKey key) => _written.TryRemove(key, out _);
}
