using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Cybernetes.Store.Tests.Etcd;

/// <summary>
/// A piece of network of the test's own, in front of one port: it can pass, break, swallow (a half-open connection: nothing comes and
/// nothing ends) or delay, for all or for connections of one process.
/// </summary>
internal sealed class EtcdProxy : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly ConcurrentDictionary<Connection, byte> _connections = new();
    private readonly CancellationTokenSource _stop = new();
    private readonly int _target;
    private readonly Task _accepting;
    private volatile Func<int, bool> _isCut = _ => false;
    private volatile bool _swallows;
    private TimeSpan _delay;

    /// <param name="target">The port on loopback that it stands in front of.</param>
    public EtcdProxy(int target)
    {
        _target = target;
        _listener.Start();
        Port = ((IPEndPoint)_listener.LocalEndpoint).Port;
        _accepting = AcceptAsync();
    }

    public int Port { get; }

    /// <summary>Bytes passed on late, in each direction.</summary>
    public TimeSpan Delay
    {
        set => _delay = value;
    }

    /// <summary>From now on nothing comes through, and nobody is told.</summary>
    public bool Swallows
    {
        set => _swallows = value;
    }

    /// <summary>Breaks the connections whose source port is one of these and refuses such; null: none.</summary>
    public void Cut(Func<int, bool>? isCut)
    {
        _isCut = isCut ?? (_ => false);
        foreach (var connection in _connections.Keys.Where(connection => _isCut(connection.SourcePort)))
            connection.Break();
    }

    /// <summary>The processes' sockets: source ports of connections that they made (proc(5), /proc/net/tcp).</summary>
    public static HashSet<int> PortsOf(int process)
    {
        var inodes = new DirectoryInfo($"/proc/{process}/fd").EnumerateFileSystemInfos()
            .Select(file => file.LinkTarget).OfType<string>().Where(link => link.StartsWith("socket:[", StringComparison.Ordinal))
            .Select(link => link[8..^1]).ToHashSet();
        return [.. File.ReadLines("/proc/net/tcp").Skip(1)
            .Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries))
            .Where(parts => inodes.Contains(parts[9]))
            .Select(parts => int.Parse(parts[1].AsSpan(9), NumberStyles.HexNumber, CultureInfo.InvariantCulture))];
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listener.Stop();
        foreach (var connection in _connections.Keys)
            connection.Break();
        await _accepting.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _stop.Dispose();
    }

    private async Task AcceptAsync()
    {
        while (true)
        {
            var client = await _listener.AcceptTcpClientAsync(_stop.Token);
            var source = ((IPEndPoint)client.Client.RemoteEndPoint!).Port;
            if (_isCut(source))
                client.Client.Close(0);
            else
                _ = ServeAsync(client, source);
        }
    }

    private async Task ServeAsync(TcpClient client, int source)
    {
        using var server = new TcpClient();
        var connection = new Connection(client, server, source);
        _connections.TryAdd(connection, 0);
        try
        {
            await server.ConnectAsync(IPAddress.Loopback, _target, _stop.Token);
            await Task.WhenAny(PassAsync(client, server), PassAsync(server, client));
        }
        catch (Exception broken) when (broken is SocketException or IOException or ObjectDisposedException or OperationCanceledException)
        {
            // As a network does it: the ends learn of it by what they get.
        }
        finally
        {
            connection.Break();
            _connections.TryRemove(connection, out _);
        }
    }

    private async Task PassAsync(TcpClient from, TcpClient to)
    {
        var (reading, writing) = (from.GetStream(), to.GetStream());
        var buffer = new byte[64 * 1024];
        while (await reading.ReadAsync(buffer, _stop.Token) is > 0 and var count)
        {
            if (_delay > TimeSpan.Zero)
                await Task.Delay(_delay, TimeProvider.System, _stop.Token);
            // What was swallowed is gone; a connection with a hole in it must not go on.
            if (_swallows)
                await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, _stop.Token);
            await writing.WriteAsync(buffer.AsMemory(0, count), _stop.Token);
        }
    }

    private sealed class Connection(TcpClient client, TcpClient server, int sourcePort)
    {
        public int SourcePort { get; } = sourcePort;

        public void Break()
        {
            client.Close();
            server.Close();
        }
    }
}
