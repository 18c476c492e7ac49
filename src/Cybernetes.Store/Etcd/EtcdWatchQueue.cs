namespace Cybernetes.Store.Etcd;

/// <summary>Batches between the stream and the reader. One reader at a time.</summary>
internal sealed class EtcdWatchQueue
{
    private readonly Lock _gate = new();
    private readonly Queue<WatchBatch> _batches = new();
    private TaskCompletionSource? _reader;
    private TaskCompletionSource? _writer;
    private StoreError? _end;
    private bool _over;
    private bool _waiting;
    private long _events;
    private long _bytes;
    private long _added;
    private long _read;
    private int _room;

    /// <summary>Nothing is taken any more.</summary>
    public bool IsOver
    {
        get
        {
            lock (_gate)
                return _over;
        }
    }

    public void Add(WatchBatch batch)
    {
        TaskCompletionSource? reader;
        lock (_gate)
        {
            if (_over)
                return;
            // A note may be made by somebody who does not know what was added meanwhile.
            if (batch.Revision < _added)
                batch = batch with { Revision = _added };
            _added = batch.Revision;
            _batches.Enqueue(batch);
            _events += batch.Events.Count;
            _bytes += BytesOf(batch);
            (reader, _reader) = (_reader, null);
        }
        reader?.TrySetResult();
    }

    /// <summary>Ends with an error behind all that was added.</summary>
    public void End(StoreError error) => Finish(error, drop: false);

    /// <summary>Ends with an error, at once.</summary>
    public void Cut(StoreError error) => Finish(error, drop: true);

    /// <summary>Whether the reader is too far behind for one more batch. One that has read everything never is.</summary>
    public bool IsTooMuch(WatchBatch batch, int eventLimit, long byteLimit)
    {
        lock (_gate)
            return _batches.Count > 0 && (_events + batch.Events.Count > eventLimit || _bytes + BytesOf(batch) > byteLimit);
    }

    public async ValueTask WaitForRoomAsync(int events, CancellationToken cancellation)
    {
        while (true)
        {
            Task waiting;
            lock (_gate)
            {
                if (_over || _events < events)
                    return;
                _room = events;
                _writer ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                waiting = _writer.Task;
            }
            await waiting.WaitAsync(cancellation).ConfigureAwait(false);
        }
    }

    public async ValueTask<WatchBatch> ReadAsync(CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        while (true)
        {
            Task waiting;
            lock (_gate)
            {
                if (_batches.TryDequeue(out var batch))
                    return Taken(batch);
                if (_end is not null)
                    return new WatchBatch(_read, [], _end);
                if (_waiting)
                    throw new InvalidOperationException("A watch has one reader at a time.");
                _reader ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                _waiting = true;
                waiting = _reader.Task;
            }
            try
            {
                await waiting.WaitAsync(cancellation).ConfigureAwait(false);
            }
            finally
            {
                lock (_gate)
                    _waiting = false;
            }
        }
    }

    private WatchBatch Taken(WatchBatch batch)
    {
        _read = batch.Revision;
        _events -= batch.Events.Count;
        _bytes -= BytesOf(batch);
        if (_writer is { } writer && _events < _room)
        {
            _writer = null;
            writer.TrySetResult();
        }
        return batch;
    }

    private void Finish(StoreError error, bool drop)
    {
        TaskCompletionSource? reader, writer;
        lock (_gate)
        {
            _over = true;
            _end ??= error;
            if (drop)
                _batches.Clear();
            (reader, _reader, writer, _writer) = (_reader, null, _writer, null);
        }
        reader?.TrySetResult();
        writer?.TrySetResult();
    }

    private static long BytesOf(WatchBatch batch)
    {
        long bytes = 0;
        foreach (var change in batch.Events)
            bytes += change.Record.Value.Length + (change.Previous?.Value.Length ?? 0);
        return bytes;
    }
}
