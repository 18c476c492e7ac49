using System.Collections.Concurrent;
using Cybernetes.Store.Tests.Faults;

namespace Cybernetes.EndToEnd.Tests.Faults;

/// <summary>One change as a watch tells it.</summary>
/// <param name="Type">ADDED, MODIFIED, DELETED, or BOOKMARK, which has no name.</param>
internal sealed record ApiEvent(string Type, string Name, long Revision, int Value);

/// <summary>
/// What concurrent clients of the API were told, and whether all of it can be true of one cluster: single objects are linear, no revision
/// is used twice or goes back, and watches are ordered, whole, without repetition, and keep what their bookmarks promise.
/// </summary>
internal sealed class ApiHistory
{
    private readonly ConcurrentDictionary<string, KeyHistory> _objects = new();
    private readonly ConcurrentDictionary<long, (string Name, int Value)> _written = new();
    private readonly ConcurrentQueue<string> _violations = new();
    private long _newest;
    private int _acknowledged;

    /// <summary>Writes that were answered with success.</summary>
    public int Acknowledged => Volatile.Read(ref _acknowledged);

    public void Violation(string what) => _violations.Enqueue(what);

    /// <summary>To be called before a request is sent.</summary>
    public (long Began, long Newest) Begin(string name) => (Of(name).Begin(), Volatile.Read(ref _newest));

    /// <summary>The object was answered: what a read saw, or what a write made.</summary>
    public void End(string name, (long Began, long Newest) begin, bool isWrite, long revision, int value)
    {
        Of(name).End(begin.Began, isWrite, revision, value);
        if (!isWrite)
            return;
        if (revision <= begin.Newest)
            Violation($"{name} was written at {revision} after {begin.Newest} had been given out");
        if (!_written.TryAdd(revision, (name, value)))
            Violation($"revision {revision} was given to {name} and to {_written[revision].Name}");
        long newest;
        while (revision > (newest = Volatile.Read(ref _newest)))
            Interlocked.CompareExchange(ref _newest, revision, newest);
        Interlocked.Increment(ref _acknowledged);
    }

    /// <summary>What cannot be.</summary>
    /// <param name="truth">All changes, as a watch that nothing disturbed saw them at the end.</param>
    /// <param name="state">The objects at the end.</param>
    public IEnumerable<string> Violations(IReadOnlyList<ApiEvent> truth, IReadOnlyDictionary<string, int> state)
    {
        var all = _violations.Concat(_objects.SelectMany(one => one.Value.Violations().Select(what => $"{one.Key}: {what}"))).ToList();
        var byRevision = new Dictionary<long, ApiEvent>();
        foreach (var change in truth)
        {
            if (!byRevision.TryAdd(change.Revision, change))
                all.Add($"{change} and {byRevision[change.Revision]} have one revision");
        }
        foreach (var (revision, (name, value)) in _written)
        {
            if (!byRevision.TryGetValue(revision, out var change) || change.Name != name || change.Value != value || change.Type == "DELETED")
                all.Add($"lost: {name} = {value} was acknowledged at {revision}, there is {change}");
        }
        var replayed = Replay(truth);
        if (!replayed.OrderBy(one => one.Key).SequenceEqual(state.OrderBy(one => one.Key)))
            all.Add($"the changes lead to {replayed.Count} objects, there are {state.Count}, or others");
        return all;
    }

    /// <summary>What is wrong with what a watcher saw, through all its resumptions.</summary>
    /// <param name="concerns">Which objects it watched.</param>
    public static IEnumerable<string> Violations(IReadOnlyList<ApiEvent> seen, IReadOnlyList<ApiEvent> truth, Func<ApiEvent, bool> concerns)
    {
        var last = 0L;
        foreach (var change in seen)
        {
            // A bookmark may repeat the revision it stands behind, a change never.
            if (change.Revision < last || (change.Type != "BOOKMARK" && change.Revision == last))
                yield return $"{change} came after revision {last}";
            last = change.Revision;
        }
        var changes = seen.Where(change => change.Type != "BOOKMARK").ToList();
        var expected = truth.Where(change => concerns(change) && change.Revision <= last).ToList();
        foreach (var (got, should) in changes.Zip(expected).Where(pair => pair.First != pair.Second).Take(3))
            yield return $"saw {got} instead of {should}";
        if (changes.Count != expected.Count)
            yield return $"saw {changes.Count} changes of {expected.Count} up to {last}";
    }

    private static Dictionary<string, int> Replay(IEnumerable<ApiEvent> changes)
    {
        var state = new Dictionary<string, int>();
        foreach (var change in changes)
        {
            if (change.Type == "DELETED")
                state.Remove(change.Name);
            else
                state[change.Name] = change.Value;
        }
        return state;
    }

    private KeyHistory Of(string name) => _objects.GetOrAdd(name, _ => new KeyHistory());
}
