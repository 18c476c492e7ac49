using Cybernetes.Foundation;
using Cybernetes.Store.Etcd.Grpc;
using Cybernetes.Store.Etcd.Rpc;

namespace Cybernetes.Store.Etcd;

/// <summary>
/// One watch: a stream of its own to one member, and a queue from which the reader takes. When the stream breaks it is opened again
/// at the next member, right behind the last change that was taken over.
/// </summary>
internal sealed class EtcdWatch : IWatch
{
    private static readonly BackoffOptions ReopenPause = new(TimeSpan.FromMilliseconds(50), TimeSpan.FromSeconds(5)) { Jitter = 0.5 };

    // While the past that was asked for is read, the stream waits for the reader from here on instead of cutting it off.
    private const int CatchUpQueue = 4096;

    private readonly EtcdClient _client;
    private readonly Action<EtcdWatch> _ended;
    private readonly WatchRequest _request;
    private readonly int _eventLimit;
    private readonly EtcdWatchQueue _queue = new();
    private readonly TaskCompletionSource _opened = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly CancellationTokenSource _stop;
    private readonly EtcdWatchProgress _progress;
    private readonly List<WatchEvent> _fragments = [];
    private Task _running = Task.CompletedTask;
    private long _nextRevision;
    private long _catchUpTo;
    private int _disposed;

    public EtcdWatch(WatchRequest request, EtcdClient client, Action<EtcdWatch> ended)
    {
        (_request, _client, _ended) = (request, client, ended);
        _eventLimit = request.EventLimit > 0 ? Math.Min(request.EventLimit, client.Options.WatchEventLimit) : client.Options.WatchEventLimit;
        _nextRevision = request.StartRevision > 0 ? request.StartRevision : client.Seen + 1;
        _stop = CancellationTokenSource.CreateLinkedTokenSource(client.Stopping);
        _progress = new EtcdWatchProgress(client, _queue, _stop.Token);
    }

    /// <summary>Ends when the watch stands at a member for the first time, or has failed.</summary>
    public Task Opened => _opened.Task;

    public void Start() => _running = RunAsync(_stop.Token);

    public ValueTask<WatchBatch> ReadAsync(CancellationToken cancellation = default) => _queue.ReadAsync(cancellation);

    public void RequestProgress() => _progress.Request();

    /// <summary>Ends the watch at once; what was not read is lost.</summary>
    public void Fail(StoreError error)
    {
        _queue.Cut(error);
        _opened.TrySetResult();
    }

    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0)
            return;
        Fail(StoreError.Closed());
        await _stop.CancelAsync().ConfigureAwait(false);
        await _running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await _progress.DisposeAsync().ConfigureAwait(false);
        _ended(this);
        _stop.Dispose();
    }

    private async Task RunAsync(CancellationToken stop)
    {
        var backoff = new Backoff(ReopenPause, _client.Random);
        try
        {
            while (!_queue.IsOver)
            {
                var endpoint = _client.Endpoints.Preferred;
                try
                {
                    await FollowAsync(endpoint, backoff, stop).ConfigureAwait(false);
                }
                catch (GrpcCallException e) when (e.Status is GrpcStatus.PermissionDenied or GrpcStatus.Unauthenticated)
                {
                    _queue.End(new StoreError(StoreErrorKind.Unavailable, e.Message));
                }
                catch (GrpcCallException e)
                {
                    _client.Endpoints.Avoid(endpoint, e);
                    await Task.Delay(backoff.Next(), _client.Time, stop).ConfigureAwait(false);
                }
            }
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            _queue.Cut(StoreError.Closed());
        }
        catch (Exception bug)
        {
            // The reader must learn of it; it would wait for ever otherwise.
            _queue.Cut(new StoreError(StoreErrorKind.Unavailable, $"the watch broke: {bug.Message}"));
            throw;
        }
        finally
        {
            _opened.TrySetResult();
        }
    }

    /// <summary>Follows the changes at one member until the stream ends.</summary>
    private async Task FollowAsync(GrpcEndpoint endpoint, Backoff backoff, CancellationToken stop)
    {
        using var limit = new CancellationTokenSource(_client.Options.AttemptTimeout, _client.Time);
        using var opening = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, stop);
        GrpcDuplexCall call;
        EtcdWatchTarget target;
        try
        {
            target = EtcdWatchTarget.For(await _client.Endpoints.VersionAsync(endpoint, opening.Token).ConfigureAwait(false));
            call = await endpoint.OpenAsync(EtcdMethods.Watch, Create(target), opening.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!stop.IsCancellationRequested)
        {
            throw new GrpcCallException(GrpcStatus.DeadlineExceeded, "context deadline exceeded");
        }
        // The opening's limit must not end the stream later on.
        limit.CancelAfter(Timeout.InfiniteTimeSpan);
        using (call)
        {
            _fragments.Clear();
            while (!_queue.IsOver)
            {
                var response = await call.ReadAsync(WatchResponse.Parser, stop).ConfigureAwait(false);
                if (response.CompactRevision > 0)
                {
                    _queue.End(StoreError.Compacted(response.CompactRevision, response.Header.Revision));
                    return;
                }
                if (response.Canceled)
                    throw new GrpcCallException(GrpcStatus.Unavailable, $"the watch was cancelled: {response.CancelReason}");
                if (response.Created)
                {
                    backoff.Reset();
                    if (_request.StartRevision > 0 && _catchUpTo == 0)
                        _catchUpTo = response.Header.Revision;
                    _progress.Attach(call, target);
                    _opened.TrySetResult();
                }
                else
                {
                    await TakeAsync(response, stop).ConfigureAwait(false);
                }
            }
        }
    }

    private Rpc.WatchRequest Create(EtcdWatchTarget target)
    {
        var (start, end) = target.IsWide ? (_client.Keys.Probe, _client.Keys.All.End) : _client.Keys.ToEtcd(_request.Range);
        return new Rpc.WatchRequest
        {
            CreateRequest = new WatchCreateRequest
            {
                Key = start, RangeEnd = end, StartRevision = _nextRevision, PrevKv = _request.PreviousRecords, ProgressNotify = true,
                Fragment = true,
            },
        };
    }

    private async ValueTask TakeAsync(WatchResponse response, CancellationToken stop)
    {
        var seen = response.Events.Count == 0 && !response.Fragment && _fragments.Count == 0 ? response.Header.Revision : 0;
        foreach (var change in response.Events)
        {
            seen = change.Kv.ModRevision;
            if (!_client.Keys.IsOurs(change.Kv.Key))
            {
                _progress.NoteProbe(change.Kv.Key, seen);
                continue;
            }
            var decoded = _client.Records.Decode(change, _fragments.Count);
            if (_request.Range.Contains(decoded.Record.Key))
                _fragments.Add(decoded);
        }
        if (response.Fragment)
            return;
        if (_fragments.Count > 0)
        {
            await EnqueueAsync(new WatchBatch(_fragments[^1].Record.ModRevision, [.. _fragments]), stop).ConfigureAwait(false);
            _fragments.Clear();
        }
        if (seen == 0)
            return;
        _client.Note(seen);
        _nextRevision = Math.Max(_nextRevision, seen + 1);
        _progress.Reached(seen, isNote: response.Events.Count == 0);
    }

    private async ValueTask EnqueueAsync(WatchBatch batch, CancellationToken stop)
    {
        if (batch.Revision <= _catchUpTo)
            await _queue.WaitForRoomAsync(CatchUpQueue, stop).ConfigureAwait(false);
        else if (_queue.IsTooMuch(batch, _eventLimit, _client.Options.WatchByteLimit))
            _queue.Cut(new StoreError(StoreErrorKind.WatcherTooSlow, "the watcher is too far behind"));
        _queue.Add(batch);
    }
}
