using System.IO.Pipelines;

namespace Cybernetes.Node.Server.Streaming;

/// <summary>One stream of a <see cref="SpdyConnection"/>. Reading ends with 0 when the peer finished its half.</summary>
internal sealed class SpdyStream : AsynchronousStream
{
    /// <summary>When this much was consumed, the peer's window is given back.</summary>
    private const int WindowStepBytes = SpdyConnection.InitialWindowBytes / 2;

    private readonly SpdyConnection _connection;
    private readonly Pipe _incoming = new(new PipeOptions(
        pauseWriterThreshold: 4 * SpdyConnection.InitialWindowBytes,
        resumeWriterThreshold: 2 * SpdyConnection.InitialWindowBytes,
        useSynchronizationContext: false));

    private readonly TaskCompletionSource _replied = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly CancellationTokenSource _reset = new();
    private readonly SemaphoreSlim _windowGrew = new(0);
    private readonly Lock _lock = new();
    private long _window = SpdyConnection.InitialWindowBytes;
    private int _consumed;
    private bool _writeEnded;
    private bool _readEnded;

    public SpdyStream(SpdyConnection connection, int id, IReadOnlyDictionary<string, string> headers)
    {
        _connection = connection;
        Id = id;
        Headers = headers;
    }

    public int Id { get; }

    /// <summary>What the opener sent; names in any case.</summary>
    public IReadOnlyDictionary<string, string> Headers { get; }

    internal Task Replied => _replied.Task;

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        var result = await _incoming.Reader.ReadAsync(cancellationToken).ConfigureAwait(false);
        var count = (int)Math.Min(result.Buffer.Length, buffer.Length);
        var rest = result.Buffer.Slice(0, count);
        foreach (var part in rest)
        {
            part.CopyTo(buffer);
            buffer = buffer[part.Length..];
        }

        _incoming.Reader.AdvanceTo(rest.End);
        if (Interlocked.Add(ref _consumed, count) >= WindowStepBytes && !result.IsCompleted)
        {
            var delta = Interlocked.Exchange(ref _consumed, 0);
            if (delta > 0)
                await _connection.WriteWindowUpdateAsync(Id, delta, cancellationToken).ConfigureAwait(false);
        }

        return count;
    }

    /// <exception cref="IOException">The peer reset the stream, or the connection ended.</exception>
    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (buffer.IsEmpty)
            return;
        await WriteAsync(buffer, isLast: false, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Finishes this side's half; the peer may go on sending.</summary>
    public async Task FinishAsync(CancellationToken cancellation)
    {
        lock (_lock)
        {
            if (_writeEnded)
                return;
            _writeEnded = true;
        }

        await _connection.WriteDataAsync(this, ReadOnlyMemory<byte>.Empty, isLast: true, cancellation).ConfigureAwait(false);
        ForgetIfDone();
    }

    public async Task ResetAsync(CancellationToken cancellation)
    {
        EndBoth(null);
        _connection.Forget(this);
        await _connection.WriteResetAsync(Id, status: 5, cancellation).ConfigureAwait(false);
    }

    internal void TakeReply() => _replied.TrySetResult();

    internal async ValueTask TakeDataAsync(ReadOnlyMemory<byte> data, CancellationToken cancellation)
    {
        if (_readEnded)
            return;
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellation, _reset.Token);
        try
        {
            await _incoming.Writer.WriteAsync(data, either.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            // Nobody reads this stream any more: what comes for it is dropped, the others go on.
        }
    }

    internal ValueTask TakeFinAsync()
    {
        _readEnded = true;
        ForgetIfDone();
        return _incoming.Writer.CompleteAsync();
    }

    internal void TakeReset(int status)
    {
        EndBoth(new IOException($"the peer reset the SPDY stream (status {status})"));
        _connection.Forget(this);
    }

    internal void EndBoth(Exception? fault)
    {
        lock (_lock)
            _writeEnded = true;
        _readEnded = true;
        _reset.Cancel();
        _replied.TrySetException(fault ?? new IOException("the SPDY connection has ended"));
        _incoming.Writer.Complete(fault is InvalidDataException ? fault : null);

        // The fault is seen by whoever opened the stream; without one nobody looks at the task.
        _ = _replied.Task.Exception;
    }

    internal void AddWindow(int delta)
    {
        Interlocked.Add(ref _window, delta);
        _windowGrew.Release();
    }

    internal void CountSent(int size) => Interlocked.Add(ref _window, -size);

    /// <summary>Waits until the peer takes something; returns how much of <paramref name="wanted"/>.</summary>
    internal async Task<int> TakeWindowAsync(int wanted, CancellationToken cancellation)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellation, _reset.Token);
        while (true)
        {
            var window = Interlocked.Read(ref _window);
            if (window > 0)
            {
                var size = (int)Math.Min(window, wanted);
                CountSent(size);
                return size;
            }

            try
            {
                await _windowGrew.WaitAsync(either.Token).ConfigureAwait(false);
            }
            catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
            {
                throw new IOException("the SPDY stream has ended");
            }
        }
    }

    private async Task WriteAsync(ReadOnlyMemory<byte> buffer, bool isLast, CancellationToken cancellation)
    {
        lock (_lock)
        {
            if (_writeEnded)
                throw new IOException("the SPDY stream has ended");
        }

        await _connection.WriteDataAsync(this, buffer, isLast, cancellation).ConfigureAwait(false);
    }

    private void ForgetIfDone()
    {
        bool done;
        lock (_lock)
            done = _writeEnded && _readEnded;
        if (done)
            _connection.Forget(this);
    }
}
