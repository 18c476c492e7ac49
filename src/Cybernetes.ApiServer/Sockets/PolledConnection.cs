using System.Buffers;
using System.Globalization;
using System.Net.Sockets;
using System.Runtime.Versioning;
using Cybernetes.ApiServer.Server;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;

namespace Cybernetes.ApiServer.Sockets;

/// <summary>One accepted connection. Owns its socket; Kestrel disposes of it when it is through.</summary>
[SupportedOSPlatform("linux")]
internal sealed class PolledConnection : DefaultConnectionContext, IConnectionSocketFeature, IMemoryPoolFeature
{
    private static long s_lastNumber;

    private readonly SocketPoller _poller;
    private readonly PolledInput _input;
    private readonly CancellationTokenSource _closed = new();
    private ulong _polledAs;
    private int _isShut;

    /// <param name="socket">The connection's; from now on this one's.</param>
    /// <param name="poller">Tells when something comes.</param>
    /// <param name="memory">Where Kestrel takes its buffers from.</param>
    public PolledConnection(Socket socket, SocketPoller poller, MemoryPool<byte> memory)
        : base(Interlocked.Increment(ref s_lastNumber).ToString("x", CultureInfo.InvariantCulture))
    {
        (Socket, _poller, MemoryPool) = (socket, poller, memory);
        socket.Blocking = false;
        (LocalEndPoint, RemoteEndPoint) = (socket.LocalEndPoint, socket.RemoteEndPoint);
        _input = new(socket, TellClosed);
        Transport = new SocketOutput.Duplex(_input, new SocketOutput(this, socket));
        ConnectionClosed = _closed.Token;
        Features.Set<IConnectionSocketFeature>(this);
        Features.Set<IMemoryPoolFeature>(this);
    }

    public Socket Socket { get; }

    public MemoryPool<byte> MemoryPool { get; }

    /// <summary>From now on what comes is noticed.</summary>
    public void Begin() => _polledAs = _poller.Add(Socket.SafeHandle, _input);

    public override void Abort(ConnectionAbortedException abortReason)
    {
        _input.End(abortReason);
        Shut();
    }

    public override ValueTask DisposeAsync()
    {
        _input.End(new ConnectionAbortedException("the connection was closed"));
        Shut();
        _poller.Remove(_polledAs);
        Socket.Dispose();
        return default;
    }

    private void Shut()
    {
        if (Interlocked.Exchange(ref _isShut, 1) != 0)
            return;
        try
        {
            Socket.Shutdown(SocketShutdown.Both);
        }
        catch (SocketException)
        {
            // The other side was first.
        }
    }

    // What hangs on the token runs elsewhere: it may hold locks that the caller holds, and take its time.
    private void TellClosed() => ThreadPool.UnsafeQueueUserWorkItem(static connection => connection._closed.Cancel(), this, preferLocal: false);
}
