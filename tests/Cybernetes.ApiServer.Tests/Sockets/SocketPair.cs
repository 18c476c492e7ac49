using System.Net;
using System.Net.Sockets;
using System.Runtime.Versioning;
using Cybernetes.ApiServer.Sockets;

namespace Cybernetes.ApiServer.Tests.Sockets;

/// <summary>A connection through this machine: the client's end, and what a poller receives at the other.</summary>
[SupportedOSPlatform("linux")]
internal sealed class SocketPair : IDisposable
{
    private readonly SocketPoller _poller;
    private readonly Socket _server;
    private readonly ulong _polledAs;

    private SocketPair(SocketPoller poller, Socket client, Socket server)
    {
        (_poller, Client, _server) = (poller, client, server);
        _server.Blocking = false;
        Input = new(_server, () => _ended.TrySetResult());
        _polledAs = poller.Add(_server.SafeHandle, Input);
    }

    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public Socket Client { get; }

    public PolledInput Input { get; }

    /// <summary>Completes when the input has told that nothing more comes.</summary>
    public Task Ended => _ended.Task;

    public static async Task<SocketPair> ConnectAsync(SocketPoller poller)
    {
        using var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen(1);
        var client = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await client.ConnectAsync(listener.LocalEndPoint!);
        return new(poller, client, await listener.AcceptAsync());
    }

    public void Dispose()
    {
        _poller.Remove(_polledAs);
        Client.Dispose();
        _server.Dispose();
    }
}
