using System.Buffers;
using System.IO.Pipelines;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;

namespace Cybernetes.ApiServer.Server;

/// <summary>
/// The sending side of a connection, for TLS to write its records to: straight to the socket. The transport's own pipe would copy each record into
/// pieces of 4 KiB and hand them to a loop of its own; here the records of a long answer leave together in one call. What the other side does not
/// take holds up the writer. As with the pipe, bytes for a connection that is gone are dropped: its end is told by the receiving side.
/// </summary>
internal sealed class SocketOutput(ConnectionContext connection, Socket socket) : PipeWriter
{
    // A record of this size is one of several: the next follows, or a flush.
    private const int WholeRecordBytes = 16 * 1024;
    private const int SendFromBytes = 4 * WholeRecordBytes;
    private const int FirstBytes = 4096;
    private readonly Lock _lock = new();
    private byte[]? _gathered;
    private int _length;
    private bool _isGone;

    /// <summary>Has what runs behind it in the connection's pipeline send through the socket.</summary>
    public static Func<ConnectionContext, Task> Before(ConnectionDelegate next) => async connection =>
    {
        if (connection.Transport.Output is SocketOutput || connection.Features.Get<IConnectionSocketFeature>()?.Socket is not { } socket)
        {
            await next(connection);
            return;
        }
        var transport = connection.Transport;
        connection.Transport = new Duplex(transport.Input, new SocketOutput(connection, socket));
        try
        {
            await next(connection);
        }
        finally
        {
            // Its output was never written to; completing it closes the connection.
            connection.Transport = transport;
        }
    };

    public override ValueTask<FlushResult> WriteAsync(ReadOnlyMemory<byte> source, CancellationToken cancellationToken = default)
    {
        lock (_lock)
        {
            if (_length == 0 && source.Length < WholeRecordBytes)
                return SendAsync(source, null, cancellationToken);
            source.Span.CopyTo(GetSpan(source.Length));
            _length += source.Length;
            return source.Length < WholeRecordBytes || _length >= SendFromBytes ? SendGatheredAsync(cancellationToken) : new(Result);
        }
    }

    public override ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default)
    {
        lock (_lock)
            return _length == 0 ? new(Result) : SendGatheredAsync(cancellationToken);
    }

    public override Memory<byte> GetMemory(int sizeHint = 0)
    {
        if (_gathered is null)
        {
            _gathered = ArrayPool<byte>.Shared.Rent(sizeHint >= WholeRecordBytes ? SendFromBytes + WholeRecordBytes : Math.Max(sizeHint, FirstBytes));
        }
        else if (_gathered.Length - _length < Math.Max(sizeHint, 1))
        {
            var larger = ArrayPool<byte>.Shared.Rent(_length + Math.Max(sizeHint, _length));
            _gathered.AsSpan(0, _length).CopyTo(larger);
            ArrayPool<byte>.Shared.Return(_gathered);
            _gathered = larger;
        }
        return _gathered.AsMemory(_length);
    }

    public override Span<byte> GetSpan(int sizeHint = 0) => GetMemory(sizeHint).Span;

    public override void Advance(int bytes) => _length += bytes;

    /// <summary>Nothing: a send that waits ends with its connection.</summary>
    public override void CancelPendingFlush()
    {
    }

    /// <summary>Nothing: the transport ends the connection.</summary>
    public override void Complete(Exception? exception = null)
    {
    }

    private FlushResult Result => new(isCanceled: false, isCompleted: Volatile.Read(ref _isGone));

    private ValueTask<FlushResult> SendGatheredAsync(CancellationToken cancellation)
    {
        var (bytes, length) = (_gathered!, _length);
        (_gathered, _length) = (null, 0);
        return SendAsync(bytes.AsMemory(0, length), bytes, cancellation);
    }

    /// <summary>Begins to send; sends that were begun one after another leave in that order.</summary>
    /// <param name="bytes">What to send.</param>
    /// <param name="rented">The array to give back after it; or null.</param>
    /// <param name="cancellation">Gives up the connection: half a record cannot be taken back.</param>
    private ValueTask<FlushResult> SendAsync(ReadOnlyMemory<byte> bytes, byte[]? rented, CancellationToken cancellation)
    {
        try
        {
            var sending = _isGone ? new(bytes.Length) : socket.SendAsync(bytes, SocketFlags.None, CancellationToken.None);
            if (!sending.IsCompletedSuccessfully)
                return FinishAsync(sending, bytes, rented, cancellation);
            var sent = sending.Result;
            if (sent < bytes.Length)
                return FinishAsync(new(sent), bytes, rented, cancellation);
        }
        catch (ObjectDisposedException)
        {
            _isGone = true; // ended from our own side
        }
        if (rented is not null)
            ArrayPool<byte>.Shared.Return(rented);
        return new(Result);
    }

    private async ValueTask<FlushResult> FinishAsync(
        ValueTask<int> sending, ReadOnlyMemory<byte> bytes, byte[]? rented, CancellationToken cancellation)
    {
        await using var registration = cancellation.UnsafeRegister(
            static c => ((ConnectionContext)c!).Abort(new("an answer was given up while it was being sent")), connection);
        try
        {
            for (var sent = await sending; sent < bytes.Length;)
                sent += await socket.SendAsync(bytes[sent..], SocketFlags.None, CancellationToken.None);
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            Volatile.Write(ref _isGone, true);
            connection.Abort(new ConnectionAbortedException("the connection broke while an answer was being sent", e));
        }
        // Not after another failure: the socket might still read from it.
        if (rented is not null)
            ArrayPool<byte>.Shared.Return(rented);
        return Result;
    }

    /// <summary>Both sides of a connection.</summary>
    internal sealed record Duplex(PipeReader Input, PipeWriter Output) : IDuplexPipe;
}
