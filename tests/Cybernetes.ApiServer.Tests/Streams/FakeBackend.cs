using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Cybernetes.ApiServer.Tests.Streams;

/// <summary>Something that is proxied to: answers each connection's one request with fixed text, then echoes.</summary>
internal sealed class FakeBackend : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly ConcurrentQueue<string> _requests = new();
    private readonly ConcurrentQueue<string> _asked = new();
    private readonly Task _serving;

    /// <param name="answer">A whole HTTP/1.1 answer; null refuses connections.</param>
    public FakeBackend(string? answer)
    {
        _listener.Start();
        _serving = answer is null ? Task.CompletedTask : ServeAsync(Encoding.Latin1.GetBytes(answer));
        if (answer is null)
            _listener.Stop();
    }

    /// <summary>Heads and bodies as they came.</summary>
    public IReadOnlyCollection<string> Requests => _requests;

    /// <summary>The places that were to be connected to.</summary>
    public IReadOnlyCollection<string> Asked => _asked;

    /// <summary>Every place is here.</summary>
    public async ValueTask<Stream> ConnectAsync(DnsEndPoint place, CancellationToken cancellation)
    {
        _asked.Enqueue($"{place.Host}:{place.Port}");
        if (_serving.IsCompleted)
            throw new SocketException((int)SocketError.ConnectionRefused);
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(_listener.LocalEndpoint, cancellation);
        return new NetworkStream(socket, ownsSocket: true);
    }

    public async ValueTask DisposeAsync()
    {
        _listener.Stop();
        await _serving.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private async Task ServeAsync(byte[] answer)
    {
        while (true)
        {
            using var client = await _listener.AcceptTcpClientAsync();
            var stream = client.GetStream();
            _requests.Enqueue(await ReadRequestAsync(stream));
            await stream.WriteAsync(answer);
            if (!Encoding.ASCII.GetString(answer).StartsWith("HTTP/1.1 101", StringComparison.Ordinal))
                continue;
            var buffer = new byte[1024];
            int count;
            while ((count = await stream.ReadAsync(buffer)) > 0)
                await stream.WriteAsync(buffer.AsMemory(0, count));
        }
    }

    private static async Task<string> ReadRequestAsync(Stream stream)
    {
        var text = new StringBuilder();
        var buffer = new byte[4096];
        while (true)
        {
            var count = await stream.ReadAsync(buffer);
            text.Append(Encoding.Latin1.GetString(buffer, 0, count));
            var all = text.ToString();
            var end = all.IndexOf("\r\n\r\n", StringComparison.Ordinal);
            var body = end < 0 ? "" : all[(end + 4)..];
            var isWhole = !all.Contains("Transfer-Encoding: chunked", StringComparison.Ordinal) || body.EndsWith("0\r\n\r\n", StringComparison.Ordinal);
            var length = all.Split("\r\n").FirstOrDefault(line => line.StartsWith("Content-Length: ", StringComparison.Ordinal));
            if (count == 0 || (end >= 0 && isWhole && (length is null || body.Length >= int.Parse(length["Content-Length: ".Length..]))))
                return all;
        }
    }
}
