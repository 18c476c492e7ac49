using System.Threading.Tasks.Sources;

namespace Cybernetes.Store.Embedded.Watching;

/// <summary>
/// One watch. It first reads what it missed from the change log, then walks along its group's chain. Its lock is taken by the
/// reader and, for a moment, by the writer that wakes it; the hub's lock may be held when it is taken, never the other way
/// round.
/// </summary>
internal sealed class EmbeddedWatch : IWatch, IValueTaskSource<WatchBatch>
{
    // A watcher that catches up gets its past in pieces of this size, and whole transactions.
    private const int CatchUpEvents = 1000;

    // Changes looked at before the lock is let go for a moment: the writer may be waiting for it.
    private const int CatchUpScan = 4096;

    private readonly Lock _gate = new();
    private readonly WatchHub _hub;
    private readonly ChangeLog _log;
    private readonly Func<StoreState> _current;
    private readonly KeyRange _range;
    private readonly int _eventLimit;
    private readonly long _byteLimit;
    private readonly WatchGroup _group;
    private readonly bool _goesOnWithWriter;
    private readonly long _startRevision;
    private readonly long _joinRevision;
    private ManualResetValueTaskSourceCore<WatchBatch> _source = new() { RunContinuationsAsynchronously = true };
    private WatchBatch? _due;
    private CancellationTokenRegistration _cancellation;
    private WatchNode? _node;
    private long _position = -1;
    private long _nextRevision;
    private bool _waiting;
    private CancellationToken _waitingFor;
    private bool _progressWanted;
    private StoreError? _error;

    public EmbeddedWatch(
        WatchRequest request, EmbeddedStoreOptions options, WatchHub hub, ChangeLog log, Func<StoreState> current)
    {
        _hub = hub;
        _log = log;
        _current = current;
        _range = request.Range;
        _goesOnWithWriter = request.GoesOnWithWriter;
        _eventLimit = request.EventLimit > 0 ? Math.Min(request.EventLimit, options.WatchEventLimit) : options.WatchEventLimit;
        _byteLimit = options.WatchByteLimit;
        _startRevision = request.StartRevision > 0 ? request.StartRevision : current().Revision + 1;
        _nextRevision = _startRevision;
        (_group, _node, _joinRevision) = hub.Join(this, request.Range);
    }

    public ValueTask<WatchBatch> ReadAsync(CancellationToken cancellation = default)
    {
        cancellation.ThrowIfCancellationRequested();
        while (true)
        {
            lock (_gate)
            {
                if (_waiting)
                    throw new InvalidOperationException("A watch has one reader at a time.");
                if (TryTake(out var again) is { } batch)
                    return ValueTask.FromResult(batch);
                if (again)
                    continue;
                _source.Reset();
                _source.RunContinuationsAsynchronously = true;
                _waiting = true;
                _waitingFor = cancellation;
                break;
            }
        }
        var token = _source.Version;
        if (cancellation.CanBeCanceled)
            RegisterCancellation(cancellation, token);
        return new ValueTask<WatchBatch>(this, token);
    }

    public void RequestProgress()
    {
        lock (_gate)
        {
            _progressWanted = true;
            CompleteIfWaiting();
        }
    }

    /// <summary>Called after something new was published for the group, whose chain now ends at the node.</summary>
    /// <returns>Whether <see cref="GoOn"/> is to be called, without the hub's lock.</returns>
    public bool Poke(WatchNode tail)
    {
        lock (_gate)
        {
            // One that waits has read everything else, however much comes at once.
            if (_node is not null && !_waiting && IsTooMuch(tail.Position - _node.Position, tail.Bytes - _node.Bytes))
                End(new StoreError(StoreErrorKind.WatcherTooSlow, "the watcher is too far behind"));
            if (!_goesOnWithWriter)
                CompleteIfWaiting();
            else if (TakeIfWaiting() is { } batch)
                _due = batch;
            return _due is not null;
        }
    }

    /// <summary>Has the reader that <see cref="Poke"/> found waiting go on, on this thread.</summary>
    public void GoOn()
    {
        var batch = _due!;
        _due = null;
        _source.RunContinuationsAsynchronously = false;
        _source.SetResult(batch);
    }

    public void Fail(StoreError error)
    {
        lock (_gate)
        {
            End(error);
            CompleteIfWaiting();
        }
    }

    public ValueTask DisposeAsync()
    {
        _hub.Leave(this, _group);
        Fail(StoreError.Closed());
        return ValueTask.CompletedTask;
    }

    WatchBatch IValueTaskSource<WatchBatch>.GetResult(short token) => _source.GetResult(token);

    ValueTaskSourceStatus IValueTaskSource<WatchBatch>.GetStatus(short token) => _source.GetStatus(token);

    void IValueTaskSource<WatchBatch>.OnCompleted(
        Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _source.OnCompleted(continuation, state, token, flags);

    private bool IsTooMuch(long events, long bytes) => events > _eventLimit || bytes > _byteLimit;

    private void RegisterCancellation(CancellationToken cancellation, short token)
    {
        var registration = cancellation.UnsafeRegister(
            static (state, cancelled) => ((EmbeddedWatch)state!).Cancel(cancelled), this);
        lock (_gate)
        {
            if (_waiting && _source.Version == token)
                _cancellation = registration;
            else
                registration.Unregister();
        }
    }

    private void Cancel(CancellationToken cancellation)
    {
        lock (_gate)
        {
            // A late call of an earlier read's token must not end the present read.
            if (!_waiting || _waitingFor != cancellation)
                return;
            _waiting = false;
            _source.SetException(new OperationCanceledException(cancellation));
        }
    }

    private void CompleteIfWaiting()
    {
        if (TakeIfWaiting() is { } batch)
            _source.SetResult(batch);
    }

    private WatchBatch? TakeIfWaiting()
    {
        if (!_waiting)
            return null;
        WatchBatch? batch;
        bool again;
        do
            batch = TryTake(out again);
        while (batch is null && again);
        if (batch is null)
            return null;
        _waiting = false;
        _cancellation.Unregister();
        _cancellation = default;
        return batch;
    }

    private void End(StoreError error)
    {
        if (_error is not null)
            return;
        _error = error;
        _node = null;
    }

    /// <summary>
    /// What can be delivered now; null when nothing, or (again) when the lock should be let go before looking further.
    /// </summary>
    private WatchBatch? TryTake(out bool again)
    {
        again = false;
        if (_error is not null)
            return new WatchBatch(_nextRevision - 1, [], _error);
        // The revision is read before the chain: what is not linked now is newer, so a progress note with it is true.
        var state = _current();
        if (_nextRevision <= _joinRevision)
        {
            if (_nextRevision > state.Revision)
                return TakeProgress(state);
            again = true;
            return ReadLog(state);
        }
        while (_node!.Next is { } next && next.Batch.Revision <= state.Revision)
        {
            _node = next;
            if (FromStart(next.Batch) is { } batch)
                return batch;
        }
        return TakeProgress(state);
    }

    private WatchBatch? TakeProgress(StoreState state)
    {
        if (!_progressWanted)
            return null;
        _progressWanted = false;
        return new WatchBatch(state.Revision, []);
    }

    /// <summary>The batch without what is older than the watch's start, which only a start in the future has.</summary>
    private WatchBatch? FromStart(WatchBatch batch)
    {
        _nextRevision = Math.Max(_nextRevision, batch.Revision + 1);
        if (batch.Events[0].Record.ModRevision >= _startRevision)
            return batch;
        var events = batch.Events.Where(change => change.Record.ModRevision >= _startRevision).ToArray();
        return events.Length == 0 ? null : new WatchBatch(batch.Revision, events);
    }

    /// <summary>
    /// The next piece of the past, up to the revision at which the watch joined; null when the piece had nothing for us.
    /// </summary>
    private WatchBatch? ReadLog(StoreState state)
    {
        var until = Math.Min(_joinRevision, state.Revision);
        if (_position < 0)
            _position = _log.Find(_nextRevision);
        var events = new List<WatchEvent>();
        var (end, scanEnd) = (_log.End, _position + CatchUpScan);
        long revision = 0;
        var complete = until;
        for (; _position < end; _position++)
        {
            if (_log.TryGet(_position) is not { } record || record.ModRevision > until)
                break;
            if (record.ModRevision != revision && (events.Count >= CatchUpEvents || _position >= scanEnd))
            {
                complete = revision;
                break;
            }
            revision = record.ModRevision;
            if (_range.Contains(record.Key))
                events.Add(new WatchEvent(record, record.Older is { IsDeletion: false } previous ? previous : null));
        }
        // Looked at last: if it passed us while we read, what we read may have holes.
        var compacted = _current().CompactRevision;
        if (_nextRevision < compacted)
        {
            End(StoreError.Compacted(compacted, state.Revision));
            return new WatchBatch(_nextRevision - 1, [], _error);
        }
        _nextRevision = complete + 1;
        return events.Count == 0 ? null : new WatchBatch(complete, events);
    }
}
