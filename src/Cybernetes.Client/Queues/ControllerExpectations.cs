using Cybernetes.Client.Informers;

namespace Cybernetes.Client.Queues;

/// <summary>
/// What a controller has asked for and not yet seen through its informer: until it has (or five minutes went by) the controller
/// must not act on that
/// key again, because its copy of the world does not show its own last act. Safe for concurrent use. Upstream's
/// ControllerExpectations; deletions
/// may be tracked one by one by UID, since a pod that is being deleted shows up several times.
/// </summary>
public sealed class ControllerExpectations(TimeProvider time)
{
    /// <summary>
    /// After this time nothing is waited for any more. Who finds an expectation unfulfilled looks again then: what was made and deleted while a
    /// watch was broken is never seen. Upstream's five minutes: long enough for any informer that works at all.
    /// </summary>
    public static readonly TimeSpan Expiry = TimeSpan.FromMinutes(5);

    private readonly Lock _gate = new();
    private readonly Dictionary<ObjectKey, Expected> _expected = [];

    private sealed class Expected
    {
        public int Creations { get; set; }
        public int Deletions { get; set; }
        public HashSet<string>? DeletedUids { get; set; }
        public long Since { get; init; }
    }

    /// <summary>Whether the controller may act: nothing is expected, all was seen, or it has waited long enough.</summary>
    public bool IsSatisfied(ObjectKey key)
    {
        lock (_gate)
        {
            return !_expected.TryGetValue(key, out Expected? expected)
                || (expected.Creations <= 0 && expected.Deletions <= 0)
                || time.GetElapsedTime(expected.Since) > Expiry;
        }
    }

    /// <summary>To be called before the creations are asked for.</summary>
    public void ExpectCreations(ObjectKey key, int count) => Set(key, count, 0, null);

    /// <summary>To be called before the deletions are asked for.</summary>
    public void ExpectDeletions(ObjectKey key, int count) => Set(key, 0, count, null);

    /// <summary>
    /// As <see cref="ExpectDeletions(ObjectKey, int)"/>, of objects known by UID: each counts once, however often it is seen
    /// going.
    /// </summary>
    public void ExpectDeletions(ObjectKey key, IReadOnlyCollection<string> uids) =>
        Set(key, 0, uids.Count, new HashSet<string>(uids, StringComparer.Ordinal));

    /// <summary>Both at once.</summary>
    public void Expect(ObjectKey key, int creations, int deletions) => Set(key, creations, deletions, null);

    /// <summary>Both at once, the deletions known by UID.</summary>
    public void Expect(ObjectKey key, int creations, IReadOnlyCollection<string> deletedUids) =>
        Set(key, creations, deletedUids.Count, new HashSet<string>(deletedUids, StringComparer.Ordinal));

    /// <summary>One creation was seen, or will not come because its call failed.</summary>
    public void CreationObserved(ObjectKey key)
    {
        lock (_gate)
        {
            if (_expected.TryGetValue(key, out Expected? expected))
                expected.Creations--;
        }
    }

    /// <summary>One deletion was seen, or will not come because its call failed.</summary>
    public void DeletionObserved(ObjectKey key)
    {
        lock (_gate)
        {
            if (_expected.TryGetValue(key, out Expected? expected))
                expected.Deletions--;
        }
    }

    /// <summary>As <see cref="DeletionObserved(ObjectKey)"/>, counted only when this UID was expected and not yet seen.</summary>
    public void DeletionObserved(ObjectKey key, string uid)
    {
        lock (_gate)
        {
            if (_expected.TryGetValue(key, out Expected? expected) && expected.DeletedUids?.Remove(uid) == true)
                expected.Deletions--;
        }
    }

    /// <summary>To be called when the controlling object is gone.</summary>
    public void Forget(ObjectKey key)
    {
        lock (_gate)
            _expected.Remove(key);
    }

    private void Set(ObjectKey key, int creations, int deletions, HashSet<string>? uids)
    {
        lock (_gate)
            _expected[key] = new Expected
            {
                Creations = creations, Deletions = deletions, DeletedUids = uids,
                Since = time.GetTimestamp()
            };
    }
}
