using System.Net.Security;
using System.Net.Sockets;

namespace Cybernetes.Load.Connections;

/// <summary>
/// One connection, never waiting once it is open: bytes out, and what came in handed on as spans. SslStream is used through its synchronous side,
/// on one thread, because its asynchronous side costs a thread's wake-up and a queue an answer.
/// </summary>
internal sealed class Connection : IDisposable
{
    private readonly TlsRecordStream? _records;
    private readonly SslStream? _tls;
    private readonly byte[] _plain;

    private Connection(Socket socket, Endpoint endpoint, ThreadBuffers buffers)
    {
        Socket = socket;
        _plain = buffers.Plain;
        if (endpoint.Tls is null)
            return;
        _records = new(socket, buffers.Arrivals);
        _tls = new(_records);
    }

    public Socket Socket { get; }

    public bool IsClosed { get; private set; }

    /// <summary>Connects and shakes hands; waits.</summary>
    /// <param name="endpoint">Where to.</param>
    /// <param name="buffers">Where bytes are put; all connections of one thread share them.</param>
    /// <exception cref="IOException">The server refused, or is not to be trusted.</exception>
    public static Connection Open(Endpoint endpoint, ThreadBuffers buffers)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            socket.Connect(endpoint.Host, endpoint.Port);
            socket.Blocking = false;
            var connection = new Connection(socket, endpoint, buffers);
            connection.ShakeHands(endpoint);
            if (endpoint.Http2 && connection._tls!.NegotiatedApplicationProtocol != SslApplicationProtocol.Http2)
                throw new IOException($"{endpoint.Authority} does not speak HTTP/2");
            return connection;
        }
        catch (Exception failure) when (failure is SocketException or System.Security.Authentication.AuthenticationException)
        {
            socket.Dispose();
            throw new IOException($"cannot connect to {endpoint.Authority}: {failure.Message}", failure);
        }
    }

    public void Send(byte[] bytes, int count)
    {
        try
        {
            if (_tls is not null)
                _tls.Write(bytes, 0, count);
            else
                SendPlain(bytes.AsSpan(0, count));
        }
        catch (IOException)
        {
            // The read that follows finds the end and reports it.
            IsClosed = true;
        }
    }

    /// <summary>Hands on what is there; to be called when the socket has something to read.</summary>
    public void Pump(Exchange target)
    {
        if (_records is null)
        {
            PumpPlain(target);
            return;
        }
        _records.Fill();
        while (_records.HasRecord && !IsClosed)
        {
            var count = ReadTls();
            if (count == 0)
                IsClosed = true;
            else if (count > 0)
                target.Feed(_plain.AsSpan(0, count));
        }
        _records.Rest();
    }

    public void Dispose()
    {
        IsClosed = true;
        Socket.Dispose();
    }

    private void ShakeHands(Endpoint endpoint)
    {
        if (_tls is null)
            return;
        _tls.AuthenticateAsClient(endpoint.Tls!);
        _records!.MayWait = false;
        _records.Rest();
    }

    // 0: the end; below: nothing for us in what came.
    private int ReadTls()
    {
        try
        {
            return _tls!.Read(_plain, 0, _plain.Length);
        }
        catch (IOException failure) when (failure is NothingYetException || failure.InnerException is NothingYetException)
        {
            return -1;
        }
        catch (IOException)
        {
            return 0; // reset, or cut off in the middle of a record: closed all the same
        }
    }

    private void PumpPlain(Exchange target)
    {
        var count = Socket.Receive(_plain, SocketFlags.None, out var error);
        if (error == SocketError.WouldBlock)
            return;
        if (error != SocketError.Success || count == 0)
            IsClosed = true;
        else
            target.Feed(_plain.AsSpan(0, count));
    }

    private void SendPlain(ReadOnlySpan<byte> bytes)
    {
        while (!bytes.IsEmpty)
        {
            var sent = Socket.Send(bytes, SocketFlags.None, out var error);
            if (error == SocketError.WouldBlock)
                Socket.Poll(Timeout.InfiniteTimeSpan, SelectMode.SelectWrite);
            else if (error != SocketError.Success)
                throw new IOException("the connection is closed", new SocketException((int)error));
            else
                bytes = bytes[sent..];
        }
    }
}

/// <summary>What the connections of one thread share: small enough to stay in the processor's cache, and nobody keeps anything in it.</summary>
internal sealed class ThreadBuffers
{
    /// <summary>Where decrypted bytes are put: more than a record's.</summary>
    public byte[] Plain { get; } = new byte[32 * 1024];

    /// <summary>Where records are received.</summary>
    public byte[] Arrivals { get; } = new byte[TlsRecordStream.ArrivalBytes];
}
