using System.Collections.Concurrent;
using Cybernetes.ApiServer.Registry;
using Cybernetes.Store;
using Microsoft.Extensions.Logging;

namespace Cybernetes.ApiServer.Watch;

/// <summary>
/// One watch of the whole store feeds the caches of all kinds, so that they stand at one revision. Start with <see cref="StartAsync"/>; after
/// a fault of the store's watch it starts again where it stopped, and when that is compacted, afresh (watchers are cut off and list again).
/// </summary>
internal sealed class WatchHub(IStore store, TimeProvider time, ILogger logger) : IAsyncDisposable
{
    private const string Root = "/registry/";
    private static readonly TimeSpan RestartPause = TimeSpan.FromMilliseconds(200);
    private readonly ConcurrentDictionary<string, WatchCache> _caches = new(StringComparer.Ordinal);
    private readonly CancellationTokenSource _stop = new();
    private readonly Lock _lock = new();
    private readonly PastChanges _past = new(time);
    private readonly List<(long Revision, TaskCompletionSource Reached)> _waiters = [];
    private readonly WatchBeat _beat = new(time);
    private Task _feeding = Task.CompletedTask;
    private long _revision;
    private IWatch? _watch;

    /// <summary>All caches have taken over every change up to this revision.</summary>
    public long Revision => Volatile.Read(ref _revision);

    /// <summary>Whether the thread that writes takes its changes over, before the write is answered. Default: another does, when it is free.</summary>
    public bool GoesOnWithWriter { get; init; }

    /// <summary>The caches, for metrics.</summary>
    public IEnumerable<WatchCache> Caches => _caches.Values;

    /// <summary>The store's newest state; null when the store itself answers from memory.</summary>
    public StateMirror? Mirror { get; } = store.AnswersFromMemory ? null : new();

    /// <summary>Begins at the store's revision of now, with the past that the store still knows.</summary>
    /// <exception cref="InvalidOperationException">The store does not answer.</exception>
    public async Task StartAsync(CancellationToken cancellation)
    {
        var begun = await BeginAsync(cancellation);
        if (!begun.TryGet(out var status, out var error))
            throw new InvalidOperationException($"the store does not answer: {error.Message}");
        await ReadPastAsync(status, cancellation);
        _beat.Begin(OnBeat);
        _beat.Ask(_past.Ends);
        _feeding = FeedAsync(_stop.Token);
    }

    /// <summary>Runs something while all caches stand at one revision, which it is given. Nothing is taken over meanwhile: it must be short.</summary>
    public T AtOneRevision<T>(Func<long, T> read)
    {
        lock (_lock)
            return read(Revision);
    }

    /// <summary>The cache of a kind, made on first use.</summary>
    public WatchCache CacheOf(KindDefinition kind)
    {
        if (_caches.TryGetValue(kind.StoragePath, out var cache))
            return cache;
        lock (_lock)
        {
            return _caches.GetOrAdd(kind.StoragePath, (_, k) =>
            {
                var made = new WatchCache(k, time, _beat);
                made.Start(_past.CoveredFrom ?? Revision);
                made.Append(_past.Below(made.Prefix));
                return made;
            }, kind);
        }
    }

    /// <summary>Waits until the caches are as new as a revision.</summary>
    public Task WaitForAsync(long revision, CancellationToken cancellation)
    {
        if (Revision >= revision)
            return Task.CompletedTask;
        var reached = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_lock)
        {
            if (Revision >= revision)
                return Task.CompletedTask;
            _waiters.Add((revision, reached));
        }
        // Where others write to the store too, its revision moves without any change that concerns us.
        Volatile.Read(ref _watch)?.RequestProgress();
        return reached.Task.WaitAsync(cancellation);
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _beat.Dispose();
        await _feeding.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        foreach (var cache in _caches.Values)
        {
            cache.Start(Revision);
            cache.Dispose();
        }
        _stop.Dispose();
    }

    /// <summary>Loads what has to be loaded and starts the caches at the revision of now.</summary>
    /// <returns>The store's state at that revision.</returns>
    private async ValueTask<StoreResult<StoreStatus>> BeginAsync(CancellationToken cancellation)
    {
        var asked = await store.StatusAsync(cancellation);
        if (!asked.TryGet(out var status, out var error))
            return error;
        if (Mirror is not null)
        {
            var loaded = await store.RangeAsync(new(KeyRange.Prefix(Root)), cancellation);
            if (!loaded.TryGet(out var all, out error))
                return error;
            Mirror.Load(all);
            status = status with { Revision = all.Revision };
        }
        lock (_lock)
        {
            Volatile.Write(ref _revision, status.Revision);
            _past.Forget();
            foreach (var cache in _caches.Values)
                cache.Start(status.Revision);
            Release(status.Revision);
        }
        return status;
    }

    private async Task ReadPastAsync(StoreStatus status, CancellationToken cancellation)
    {
        // Across the network the past costs the others, too.
        var from = Math.Max(status.CompactRevision, status.Revision - (Mirror is null ? PastChanges.Limit : PastChanges.Limit / 10));
        var compacted = await ReadPastAsync(from, status.Revision, cancellation);
        // Where others compact, their revision is known only now.
        if (compacted > from)
            await ReadPastAsync(compacted, status.Revision, cancellation);
    }

    /// <returns>The compact revision, when it stands in the way; else 0.</returns>
    private async Task<long> ReadPastAsync(long from, long until, CancellationToken cancellation)
    {
        lock (_lock)
            _past.Start(from);
        await using var watch = store.Watch(new(KeyRange.Prefix(Root)) { StartRevision = from + 1, PreviousRecords = true });
        watch.RequestProgress();
        for (var seen = from; seen < until;)
        {
            var batch = await watch.ReadAsync(cancellation);
            lock (_lock)
            {
                // Without it watchers list anew, as they do after a compaction.
                if (batch.Error is not null)
                    _past.Forget();
                foreach (var change in batch.Events.TakeWhile(change => change.Record.ModRevision <= until))
                {
                    var (record, previous) = Mirror?.Apply(change) ?? change;
                    _past.Add(new(record, previous, time.GetUtcNow()));
                }
            }
            if (batch.Error is not null)
                return batch.Error.CompactRevision;
            seen = batch.Revision;
        }
        return 0;
    }

    private async Task FeedAsync(CancellationToken cancellation)
    {
        while (!cancellation.IsCancellationRequested)
        {
            var afresh = false;
            try
            {
                await using var watch = store.Watch(new(KeyRange.Prefix(Root))
                {
                    StartRevision = Revision + 1, PreviousRecords = true, GoesOnWithWriter = GoesOnWithWriter,
                });
                Volatile.Write(ref _watch, watch);
                lock (_lock)
                {
                    if (_waiters.Count > 0)
                        watch.RequestProgress();
                }
                var error = await FeedAsync(watch, cancellation);
                if (cancellation.IsCancellationRequested || error.Kind == StoreErrorKind.Closed)
                    return;
                afresh = error.Kind == StoreErrorKind.Compacted;
                logger.LogWarning("the watch of the store ended and is started again: {Message}", error.Message);
            }
            catch (Exception e) when (!cancellation.IsCancellationRequested)
            {
                // A change that cannot be taken over would be met again from the same place.
                logger.LogError(e, "the watch caches start afresh");
                afresh = true;
            }
            do
                await Task.Delay(RestartPause, time, cancellation);
            while (afresh && (await BeginAsync(cancellation)).Error is not null);
        }
    }

    private async Task<StoreError> FeedAsync(IWatch watch, CancellationToken cancellation)
    {
        while (true)
        {
            var batch = await watch.ReadAsync(cancellation);
            if (batch.Error is not null)
                return batch.Error;
            Distribute(batch);
        }
    }

    private void Distribute(WatchBatch batch)
    {
        lock (_lock)
        {
            WatchCache? cache = null;
            var changes = new List<CachedEvent>(batch.Events.Count);
            var now = time.GetUtcNow();
            foreach (var told in batch.Events)
            {
                var change = Mirror?.Apply(told) ?? told;
                var key = change.Record.Key;
                if (cache is null || !key.StartsWith(cache.Prefix, StringComparison.Ordinal))
                {
                    Flush(cache, changes);
                    cache = Find(key);
                }
                if (cache is not null)
                    changes.Add(new(change.Record, change.Previous, now));
                else
                    _past.Add(new(change.Record, change.Previous, now));
            }
            Flush(cache, changes);
            Mirror?.Reached(batch.Revision);
            Volatile.Write(ref _revision, Math.Max(Revision, batch.Revision));
            Release(Revision);
        }
    }

    private void Release(long revision)
    {
        for (var i = _waiters.Count - 1; i >= 0; i--)
        {
            if (_waiters[i].Revision > revision)
                continue;
            _waiters[i].Reached.TrySetResult();
            _waiters.RemoveAt(i);
        }
    }

    private static void Flush(WatchCache? cache, List<CachedEvent> changes)
    {
        if (changes.Count == 0)
            return;
        cache!.Append(changes);
        changes.Clear();
    }

    /// <summary>The cache of a key: storage paths have one part (pods) or two (services/specs, a CRD's group/plural).</summary>
    private WatchCache? Find(string key)
    {
        var first = key.IndexOf('/', Root.Length);
        if (first < 0)
            return null;
        var lookup = _caches.GetAlternateLookup<ReadOnlySpan<char>>();
        if (lookup.TryGetValue(key.AsSpan(Root.Length, first - Root.Length), out var cache))
            return cache;
        var second = key.IndexOf('/', first + 1);
        return second > 0 && lookup.TryGetValue(key.AsSpan(Root.Length, second - Root.Length), out cache) ? cache : null;
    }

    private void OnBeat()
    {
        var now = time.GetUtcNow();
        lock (_lock)
        {
            _past.ForgetWhenOld(now);
            _beat.Ask(_past.Ends);
        }
        foreach (var cache in _caches.Values)
            _beat.Ask(cache.WakeDue(now));
    }
}
