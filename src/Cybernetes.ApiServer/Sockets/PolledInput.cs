using System.Buffers;
using System.IO.Pipelines;
using System.Net.Sockets;
using System.Threading.Tasks.Sources;
using Microsoft.AspNetCore.Connections;

namespace Cybernetes.ApiServer.Sockets;

/// <summary>
/// The receiving side of a connection: received from the socket when somebody reads, by who reads or by the <see cref="SocketPoller"/>'s thread that
/// finds something there, which goes on with whatever waited for it. While nothing is there it takes no buffer. One reader at a time; all else may
/// come from any thread.
/// </summary>
/// <param name="socket">The socket, which does not block; its owner closes it.</param>
/// <param name="ended">Called once, when nothing more will come from the other side. Under no lock of this.</param>
internal sealed class PolledInput(Socket socket, Action ended) : PipeReader, IValueTaskSource<ReadResult>
{
    private const int FirstBytes = 4096;
    private const int LargeBytes = 64 * 1024;

    /// <summary>So much is received ahead of the reader, to learn that the other side has closed.</summary>
    private const int MostAheadBytes = 1 << 20;

    private readonly Lock _lock = new();
    private ManualResetValueTaskSourceCore<ReadResult> _read;
    private CancellationTokenRegistration _registration;
    private bool _isWaiting;
    private bool _isCanceled;
    private bool _isCompleted;

    // What was received and not consumed; null when there is nothing. A reader that was given it holds the array.
    private byte[]? _buffer;
    private int _start;
    private int _end;
    private int _examined;
    private bool _isGiven;
    private int _nextBytes = FirstBytes;

    // The system tells of changes only: set when it does, and unset before each receive, so that none is missed.
    private bool _mayHaveMore = true;
    private bool _isPeerClosed;
    private bool _hasEnded;
    private Exception? _failure;
    private int _isEndTold;

    public override ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken = default)
    {
        ValueTask<ReadResult> reading;
        lock (_lock)
        {
            if (cancellationToken.IsCancellationRequested)
            {
                reading = ValueTask.FromCanceled<ReadResult>(cancellationToken);
            }
            else if (TryTake(out var result, out var failure))
            {
                reading = failure is null ? new(result) : ValueTask.FromException<ReadResult>(failure);
            }
            else
            {
                _read.Reset();
                _isWaiting = true;
                reading = new(this, _read.Version);
                if (cancellationToken.CanBeCanceled)
                    _registration = cancellationToken.UnsafeRegister(static (input, token) => ((PolledInput)input!).GiveUp(token), this);
            }
        }
        TellEnd();
        return reading;
    }

    public override bool TryRead(out ReadResult result)
    {
        bool isTaken;
        Exception? failure;
        lock (_lock)
            isTaken = TryTake(out result, out failure);
        TellEnd();
        return failure is null ? isTaken : throw failure;
    }

    public override void AdvanceTo(SequencePosition consumed) => AdvanceTo(consumed, consumed);

    public override void AdvanceTo(SequencePosition consumed, SequencePosition examined)
    {
        lock (_lock)
        {
            _isGiven = false;
            if (_buffer is null)
                return;
            // Also when a longer array has taken the given one's place: what is in it stands where it stood.
            (_start, _examined) = (consumed.GetInteger(), examined.GetInteger());
            if (_start == _end)
                GiveBack();
        }
    }

    public override void CancelPendingRead()
    {
        lock (_lock)
        {
            _isCanceled = true;
            if (_isWaiting && TryTake(out var result, out var failure))
                FinishElsewhere(result, failure);
        }
    }

    public override void Complete(Exception? exception = null)
    {
        lock (_lock)
        {
            _isCompleted = true;
            _isGiven = false;
            GiveBack();
        }
    }

    /// <summary>Something has come, or the end. Goes on with who waits for it, on this thread.</summary>
    public void Ready(bool isPeerClosed)
    {
        var isDue = false;
        ReadResult result = default;
        Exception? failure = null;
        lock (_lock)
        {
            _mayHaveMore = true;
            _isPeerClosed |= isPeerClosed;
            if (_isWaiting)
                isDue = TryTake(out result, out failure);
            else if (_isPeerClosed)
                ReceiveAhead();
            if (isDue)
                StopWaiting();
        }
        TellEnd();
        if (isDue)
            Finish(result, failure);
    }

    /// <summary>Nothing more is received; who reads, or will, fails.</summary>
    public void End(Exception failure)
    {
        lock (_lock)
        {
            _failure ??= failure;
            _hasEnded = true;
            if (_isWaiting)
                FinishElsewhere(default, _failure);
        }
        TellEnd();
    }

    ReadResult IValueTaskSource<ReadResult>.GetResult(short token) => _read.GetResult(token);

    ValueTaskSourceStatus IValueTaskSource<ReadResult>.GetStatus(short token) => _read.GetStatus(token);

    void IValueTaskSource<ReadResult>.OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _read.OnCompleted(continuation, state, token, flags);

    private void GiveUp(CancellationToken cancellation)
    {
        lock (_lock)
        {
            if (_isWaiting)
                FinishElsewhere(default, new OperationCanceledException(cancellation));
        }
    }

    private void StopWaiting()
    {
        _isWaiting = false;
        _registration.Unregister();
        _registration = default;
    }

    // Whoever ends a read from outside may hold locks of its own.
    private void FinishElsewhere(ReadResult result, Exception? failure)
    {
        StopWaiting();
        ThreadPool.UnsafeQueueUserWorkItem(static told => told.Input.Finish(told.Result, told.Failure), (Input: this, Result: result, Failure: failure), false);
    }

    private void Finish(ReadResult result, Exception? failure)
    {
        if (failure is null)
            _read.SetResult(result);
        else
            _read.SetException(failure);
    }

    private void TellEnd()
    {
        if (Volatile.Read(ref _hasEnded) && Interlocked.Exchange(ref _isEndTold, 1) == 0)
            ended();
    }

    /// <summary>What a reader gets now; false when it has to wait.</summary>
    private bool TryTake(out ReadResult result, out Exception? failure)
    {
        (result, failure) = (default, null);
        if (_isCompleted)
        {
            failure = new InvalidOperationException("this input was completed: nobody reads it any more");
            return true;
        }
        while (!_isCanceled && _failure is null && _end == _examined && !_hasEnded)
        {
            if (!_mayHaveMore)
                return false;
            Receive();
        }
        failure = _failure;
        if (failure is null)
            result = new(_buffer is null ? default : new(_buffer, _start, _end - _start), _isCanceled, _hasEnded);
        _isGiven = failure is null;
        _isCanceled = false;
        return true;
    }

    // An answer may take for ever, as a watch does: that its reader has gone shows behind what it sent last.
    private void ReceiveAhead()
    {
        while (!_isCompleted && !_hasEnded && _mayHaveMore && _end - _start < MostAheadBytes)
            Receive();
    }

    private void Receive()
    {
        MakeRoom();
        var room = _buffer!.Length - _end;
        _mayHaveMore = false;
        int received;
        SocketError error;
        try
        {
            received = socket.Receive(_buffer.AsSpan(_end), SocketFlags.None, out error);
        }
        catch (ObjectDisposedException e)
        {
            (_hasEnded, _failure) = (true, new ConnectionAbortedException("the connection was closed", e));
            return;
        }
        switch (error)
        {
            case SocketError.Success when received > 0:
                _end += received;
                _nextBytes = received == room ? LargeBytes : FirstBytes;
                // Less than there was room for is all that was there, but the end may stand behind it.
                _mayHaveMore = received == room || _isPeerClosed;
                break;
            case SocketError.Success:
                _hasEnded = true;
                break;
            case SocketError.WouldBlock:
                if (_start == _end && !_isGiven)
                    GiveBack();
                break;
            case SocketError.Interrupted:
                _mayHaveMore = true;
                break;
            default:
                _hasEnded = true;
                _failure = new ConnectionResetException("the connection broke", new SocketException((int)error));
                break;
        }
    }

    private void MakeRoom()
    {
        if (_buffer is null)
        {
            _buffer = ArrayPool<byte>.Shared.Rent(_nextBytes);
            return;
        }
        if (_end < _buffer.Length)
            return;
        if (_start > 0 && !_isGiven)
        {
            _buffer.AsSpan(_start, _end - _start).CopyTo(_buffer);
            (_start, _end, _examined) = (0, _end - _start, _examined - _start);
            return;
        }
        var larger = ArrayPool<byte>.Shared.Rent(2 * _buffer.Length);
        _buffer.AsSpan(_start, _end - _start).CopyTo(larger.AsSpan(_start));
        if (!_isGiven)
            ArrayPool<byte>.Shared.Return(_buffer);
        _buffer = larger;
    }

    private void GiveBack()
    {
        if (_buffer is not null)
            ArrayPool<byte>.Shared.Return(_buffer);
        (_buffer, _start, _end, _examined) = (null, 0, 0, 0);
    }
}
