using System.Globalization;
using Cybernetes.Objects;
using Cybernetes.Store;

namespace Cybernetes.Simulator.World;

/// <summary>One change of one object, as the store has it.</summary>
/// <param name="Revision">The store's revision.</param>
/// <param name="Key">The object's key in the store.</param>
/// <param name="Old">Null when it is new.</param>
/// <param name="New">Null when it is gone.</param>
internal sealed record Change(long Revision, string Key, IKubernetesObject? Old, IKubernetesObject? New)
{
    /// <summary>The object, as it is or as it was last.</summary>
    public IKubernetesObject Object => New ?? Old!;

    public bool IsNew => Old is null;
}

/// <summary>The truth: every object as the store has it, fed by a watch below the API server that loses nothing.</summary>
internal sealed class ClusterModel(IStore store, Trace trace) : IAsyncDisposable
{
    private readonly Dictionary<Type, SortedDictionary<string, IKubernetesObject>> _byType = [];
    private readonly SortedDictionary<string, IKubernetesObject> _all = new(StringComparer.Ordinal);
    private readonly List<Action<Change>> _listeners = [];
    private IWatch? _watch;
    private Task _following = Task.CompletedTask;

    /// <summary>All objects by their keys, in the keys' order.</summary>
    public IReadOnlyDictionary<string, IKubernetesObject> Everything => _all;

    /// <summary>The last revision seen.</summary>
    public long Revision { get; private set; }

    /// <summary>Is told of every change, in order, after the model has it.</summary>
    public void Listen(Action<Change> listener) => _listeners.Add(listener);

    public void Start()
    {
        _watch = store.Watch(new(KeyRange.Prefix("/registry/")) { EventLimit = int.MaxValue });
        _following = Task.Run(FollowAsync);
    }

    /// <summary>All objects of a kind, in the order of namespace and name.</summary>
    public IReadOnlyCollection<T> All<T>()
        where T : class, IKubernetesObject<T> =>
        _byType.TryGetValue(typeof(T), out var objects) ? [.. objects.Values.Cast<T>()] : [];

    /// <summary>The objects of a namespace.</summary>
    public IEnumerable<T> In<T>(string ns)
        where T : class, IKubernetesObject<T> => All<T>().Where(o => o.Metadata.Namespace == ns);

    public T? Find<T>(string ns, string name)
        where T : class, IKubernetesObject<T> => All<T>().FirstOrDefault(o => o.Metadata.Namespace == ns && o.Metadata.Name == name);

    public async ValueTask DisposeAsync()
    {
        if (_watch is not null)
            await _watch.DisposeAsync().ConfigureAwait(false);
        await _following.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private async Task FollowAsync()
    {
        while (true)
        {
            var batch = await _watch!.ReadAsync().ConfigureAwait(false);
            if (batch.Error is { } error)
            {
                if (error.Kind != StoreErrorKind.Closed)
                    throw new SimulationException($"the simulator's own watch of the store ended: {error}");
                return;
            }
            foreach (var happened in batch.Events)
                Apply(happened);
        }
    }

    private void Apply(WatchEvent happened)
    {
        var record = happened.Record;
        Revision = record.ModRevision;
        trace.Add(System.Text.Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{record.Key}@{record.ModRevision}")));
        trace.Add(record.Value.Span);
        // Taken node ports and the like are no objects.
        if (!record.Key.StartsWith("/registry/ranges/", StringComparison.Ordinal))
            Apply(record.Key, record.ModRevision, record.IsDeletion ? null : StoredObjects.Read(record.Value));
    }

    /// <summary>An object is made, changed or, when there is none any more, gone.</summary>
    internal void Apply(string key, long revision, IKubernetesObject? now)
    {
        var old = _all.GetValueOrDefault(key);
        if (old is null && now is null)
            return;
        Put(key, old, now);
        var change = new Change(revision, key, old, now);
        if (ChangeText.Of(change) is { } text)
            trace.Write("object", text);
        foreach (var listener in _listeners)
            listener(change);
    }

    private void Put(string key, IKubernetesObject? old, IKubernetesObject? now)
    {
        var type = (now ?? old)!.GetType();
        if (!_byType.TryGetValue(type, out var objects))
            _byType[type] = objects = new(StringComparer.Ordinal);
        if (now is null)
        {
            _all.Remove(key);
            objects.Remove(key);
        }
        else
            _all[key] = objects[key] = now;
    }
}
