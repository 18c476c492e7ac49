using Cybernetes.Client.Transport;
using Cybernetes.Objects;
using Cybernetes.Objects.Meta.V1;
using Cybernetes.Objects.Schema;
using Microsoft.Extensions.Logging;

namespace Cybernetes.Client.Informers;

/// <summary>An informer whatever its kind.</summary>
public interface IInformer
{
    /// <summary>The kind.</summary>
    KindFacts Facts { get; }

    /// <summary>Whether the first list is in the store.</summary>
    bool HasSynced { get; }

    /// <summary>Ends when the first list is in the store.</summary>
    Task WaitForSyncAsync(CancellationToken cancellation);

    /// <summary>Lists and watches until cancelled, whatever fails meanwhile. May be called once.</summary>
    Task RunAsync(CancellationToken cancellation);

    /// <summary>
    /// Adds a handler that reads metadata only, told as <see cref="IInformerHandler{T}"/> is. An object that took the place of another of the same
    /// name is told as such: the other one is gone.
    /// </summary>
    /// <param name="seen">An object is there, new or changed.</param>
    /// <param name="gone">An object is gone.</param>
    IInformerRegistration AddMetadataHandler(Action<ObjectMeta> seen, Action<ObjectMeta> gone);
}

/// <summary>
/// Keeps a local copy of the objects of one kind, and tells handlers of every change, in order, without a gap. The copy trails
/// the server by the
/// time an event takes; it never goes back.
/// </summary>
public sealed class Informer<T> : IInformer
    where T : class, IKubernetesObject<T>
{
    private readonly InformerOptions _options;
    private readonly ApiClient _client;
    private readonly ILogger _logger;
    private readonly TaskCompletionSource _synced = new(TaskCreationOptions.RunContinuationsAsynchronously);
    // Held while a change goes to the store and to the handlers' queues, so that all see changes in one order.
    private readonly SemaphoreSlim _applying = new(1, 1);
    private readonly Lock _gate = new();
    private readonly List<HandlerPump<T>> _pumps = [];
    private readonly List<Task> _loops = [];
    private Action<T>? _trim;
    private CancellationToken _running;
    private bool _isRunning;

    public Informer(ApiClient client, InformerOptions? options, ILogger logger)
    {
        _client = client;
        _options = options ?? new InformerOptions();
        _logger = logger;
    }

    public ObjectStore<T> Store { get; } = new();

    public KindFacts Facts => T.Facts;

    public bool HasSynced => _synced.Task.IsCompletedSuccessfully;

    /// <summary>The revision up to which the store is told; empty before the first list.</summary>
    public string LastResourceVersion { get; private set; } = "";

    public Task WaitForSyncAsync(CancellationToken cancellation) => _synced.Task.WaitAsync(cancellation);

    /// <summary>
    /// Takes out of each object what the component never reads, before it is kept and told: what is not kept costs no memory. To be called before
    /// <see cref="RunAsync"/>; all who share the informer see the trimmed objects.
    /// </summary>
    /// <exception cref="InvalidOperationException">The informer runs already.</exception>
    public void TrimBy(Action<T> trim)
    {
        lock (_gate)
            _trim = _isRunning ? throw new InvalidOperationException($"the informer of {T.Facts.Kind} runs already") : trim;
    }

    /// <summary>Adds a handler. It is told first of every object that is there already, then of each change.</summary>
    public IInformerRegistration AddHandler(IInformerHandler<T> handler)
    {
        var pump = new HandlerPump<T>(handler, _options.HandlerBacklog, _logger, Remove);
        _applying.Wait();
        try
        {
            lock (_gate)
            {
                pump.Snapshot = Store.List();
                if (HasSynced)
                    _ = pump.TellAsync(new Notification<T>(NotificationKind.Synced, null, null), CancellationToken.None);
                _pumps.Add(pump);
                if (_isRunning)
                    _loops.Add(pump.Start(_running));
            }
        }
        finally
        {
            _applying.Release();
        }
        return pump;
    }

    /// <summary>Adds a handler made of functions; those not given hear nothing.</summary>
    public IInformerRegistration AddHandler(Action<T>? added = null, Action<T, T>? updated = null, Action<T>? deleted = null) =>
        AddHandler(new DelegateHandler<T>(added, updated, deleted));

    public IInformerRegistration AddMetadataHandler(Action<ObjectMeta> seen, Action<ObjectMeta> gone) => AddHandler(
        added: value => seen(value.Metadata),
        updated: (old, value) =>
        {
            if (old.Metadata.UID != value.Metadata.UID)
                gone(old.Metadata);
            seen(value.Metadata);
        },
        deleted: last => gone(last.Metadata));

    public async Task RunAsync(CancellationToken cancellation)
    {
        lock (_gate)
        {
            if (_isRunning)
                throw new InvalidOperationException($"the informer of {T.Facts.Kind} runs already");
            _isRunning = true;
            _running = cancellation;
            foreach (HandlerPump<T> pump in _pumps)
                _loops.Add(pump.Start(cancellation));
            if (_options.ResyncPeriod != Timeout.InfiniteTimeSpan)
                _loops.Add(Task.Run(() => ResyncAsync(cancellation), CancellationToken.None));
        }

        try
        {
            await new Reflector<T>(_client, _options, this, _logger).RunAsync(cancellation).ConfigureAwait(false);
        }
        finally
        {
            Task[] loops;
            lock (_gate)
                loops = [.. _loops];
            await Task.WhenAll(loops).ConfigureAwait(false);
        }
    }

    /// <summary>Takes over a whole list: what is new, changed or gone is told as if it had been watched.</summary>
    internal async Task ReplaceAsync(KubernetesList<T> list, CancellationToken cancellation)
    {
        await _applying.WaitAsync(cancellation).ConfigureAwait(false);
        try
        {
            NotificationKind added = HasSynced ? NotificationKind.Add : NotificationKind.InitialAdd;
            var present = new HashSet<ObjectKey>(list.Items.Count);
            foreach (T value in list.Items)
            {
                present.Add(ObjectKey.Of(value));
                await PutAsync(value, added, cancellation).ConfigureAwait(false);
            }
            foreach (ObjectKey key in Store.Keys())
            {
                if (!present.Contains(key))
                    await TakeOutAsync(key, null, cancellation).ConfigureAwait(false);
            }
            LastResourceVersion = list.Metadata.ResourceVersion;
            if (!HasSynced)
            {
                await TellAsync(new Notification<T>(NotificationKind.Synced, null, null), cancellation).ConfigureAwait(false);
                _synced.TrySetResult();
            }
        }
        finally
        {
            _applying.Release();
        }
    }

    internal async Task ApplyAsync(WatchEvent<T> change, CancellationToken cancellation)
    {
        // Journey 18: client informer
        await _applying.WaitAsync(cancellation).ConfigureAwait(false);
        try
        {
            if (change.Type == WatchEventType.Deleted)
                await TakeOutAsync(ObjectKey.Of(change.Object), change.Object, cancellation).ConfigureAwait(false);
            else if (change.Type != WatchEventType.Bookmark)
                await PutAsync(change.Object, NotificationKind.Add, cancellation).ConfigureAwait(false);
            LastResourceVersion = change.Object.Metadata.ResourceVersion;
        }
        finally
        {
            _applying.Release();
        }
    }

    private ValueTask PutAsync(T value, NotificationKind added, CancellationToken cancellation)
    {
        if (_options.DropManagedFields)
            value.Metadata.ManagedFields = null;
        _trim?.Invoke(value);
        T? old = Store.Put(ObjectKey.Of(value), value);
        if (old is null)
            return TellAsync(new Notification<T>(added, null, value), cancellation);
        // A relist shows most objects as they were: that is no news.
        return old.Metadata.ResourceVersion == value.Metadata.ResourceVersion
            ? ValueTask.CompletedTask
            : TellAsync(new Notification<T>(NotificationKind.Update, old, value), cancellation);
    }

    private ValueTask TakeOutAsync(ObjectKey key, T? final, CancellationToken cancellation)
    {
        T? old = Store.Remove(key);
        return old is null ? ValueTask.CompletedTask : TellAsync(
            new Notification<T>(NotificationKind.Delete, final ?? old, null), cancellation);
    }

    private async ValueTask TellAsync(Notification<T> notification, CancellationToken cancellation)
    {
        HandlerPump<T>[] pumps;
        lock (_gate)
            pumps = _pumps.Count == 0 ? [] : [.. _pumps];
        foreach (HandlerPump<T> pump in pumps)
            await pump.TellAsync(notification, cancellation).ConfigureAwait(false);
    }

    private async Task ResyncAsync(CancellationToken cancellation)
    {
        try
        {
            await WaitForSyncAsync(cancellation).ConfigureAwait(false);
            while (true)
            {
                await Task.Delay(_options.ResyncPeriod, _client.Time, cancellation).ConfigureAwait(false);
                await _applying.WaitAsync(cancellation).ConfigureAwait(false);
                try
                {
                    foreach (T value in Store.List())
                        await TellAsync(
                            new Notification<T>(NotificationKind.Update, value, value), cancellation).ConfigureAwait(false);
                }
                finally
                {
                    _applying.Release();
                }
            }
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            // The informer stops.
        }
    }

    private void Remove(HandlerPump<T> pump)
    {
        lock (_gate)
            _pumps.Remove(pump);
    }
}
