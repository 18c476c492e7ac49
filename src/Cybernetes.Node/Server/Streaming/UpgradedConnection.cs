using System.Buffers;
using System.Globalization;
using System.IO.Pipelines;
using System.Net.Sockets;
using System.Text;

namespace Cybernetes.Node.Server.Streaming;

/// <summary>
/// A connection to the container runtime's streaming server after an HTTP/1.1 upgrade (RFC 9110, 7.8), or its refusal.
/// </summary>
internal sealed class UpgradedConnection : IAsyncDisposable
{
    private const int MaxHeadBytes = 64 * 1024;

    private readonly Stream _transport;

    private UpgradedConnection(
        Stream transport, int statusCode, IReadOnlyList<KeyValuePair<string, string>> headers, Stream incoming)
    {
        _transport = transport;
        StatusCode = statusCode;
        Headers = headers;
        Incoming = incoming;
    }

    /// <summary>101 when the connection is upgraded.</summary>
    public int StatusCode { get; }

    public IReadOnlyList<KeyValuePair<string, string>> Headers { get; }

    /// <summary>What comes after the answer's head: the upgraded bytes, or the refusal's body.</summary>
    public Stream Incoming { get; }

    public Stream Outgoing => _transport;

    public string? Header(string name)
    {
        foreach (var header in Headers)
        {
            if (header.Key.Equals(name, StringComparison.OrdinalIgnoreCase))
                return header.Value;
        }

        return null;
    }

    /// <exception cref="IOException">The streaming server cannot be reached or does not speak HTTP.</exception>
    public static async Task<UpgradedConnection> OpenAsync(
        Uri url, string method, IEnumerable<KeyValuePair<string, string>> headers, CancellationToken cancellation)
    {
        if (url.Scheme != Uri.UriSchemeHttp)
            throw new IOException($"the runtime's streaming address {url.GetLeftPart(UriPartial.Authority)} is not plain http");
        Stream transport;
        try
        {
            transport = await ConnectAsync(url, cancellation).ConfigureAwait(false);
        }
        catch (SocketException e)
        {
            throw new IOException($"the runtime's streaming server {url.Authority} cannot be reached: {e.Message}", e);
        }

        try
        {
            var head = new StringBuilder();
            head.Append(CultureInfo.InvariantCulture, $"{method} {url.PathAndQuery} HTTP/1.1\r\nHost: {url.Authority}\r\n");
            foreach (var (name, value) in headers)
                head.Append(CultureInfo.InvariantCulture, $"{name}: {value}\r\n");
            head.Append("\r\n");
            await transport.WriteAsync(Encoding.Latin1.GetBytes(head.ToString()), cancellation).ConfigureAwait(false);
            return await ReadHeadAsync(transport, cancellation).ConfigureAwait(false);
        }
        catch
        {
            await transport.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>Both directions as one stream. The caller still disposes this.</summary>
    public Stream AsStream() => new DuplexStream(Incoming, Outgoing);

    public async ValueTask DisposeAsync()
    {
        await Incoming.DisposeAsync().ConfigureAwait(false);
        await _transport.DisposeAsync().ConfigureAwait(false);
    }

    private static async Task<Stream> ConnectAsync(Uri url, CancellationToken cancellation)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(url.Host.Trim('[', ']'), url.Port, cancellation).ConfigureAwait(false);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private static async Task<UpgradedConnection> ReadHeadAsync(Stream transport, CancellationToken cancellation)
    {
        var reader = PipeReader.Create(transport, new StreamPipeReaderOptions(leaveOpen: true));
        while (true)
        {
            var result = await reader.ReadAsync(cancellation).ConfigureAwait(false);
            if (EndOfHead(result.Buffer) is { } end)
            {
                var head = Encoding.Latin1.GetString(result.Buffer.Slice(0, end).ToArray());
                reader.AdvanceTo(result.Buffer.GetPosition(end));
                var (status, headers) = ParseHead(head);
                return new UpgradedConnection(transport, status, headers, reader.AsStream());
            }

            if (result.IsCompleted || result.Buffer.Length > MaxHeadBytes)
                throw new IOException("the runtime's streaming server gave no HTTP answer");
            reader.AdvanceTo(result.Buffer.Start, result.Buffer.End);
        }
    }

    private static long? EndOfHead(ReadOnlySequence<byte> buffer)
    {
        var reader = new SequenceReader<byte>(buffer);
        return reader.TryReadTo(out ReadOnlySequence<byte> _, "\r\n\r\n"u8) ? reader.Consumed : null;
    }

    private static (int Status, List<KeyValuePair<string, string>> Headers) ParseHead(string head)
    {
        var lines = head.Split("\r\n", StringSplitOptions.RemoveEmptyEntries);
        var parts = lines[0].Split(' ', 3);
        if (parts.Length < 2 || !int.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out var status))
            throw new IOException($"the runtime's streaming server gave no HTTP answer: {lines[0]}");
        var headers = new List<KeyValuePair<string, string>>();
        foreach (var line in lines.AsSpan(1))
        {
            var colon = line.IndexOf(':', StringComparison.Ordinal);
            if (colon > 0)
                headers.Add(new(line[..colon], line[(colon + 1)..].Trim()));
        }

        return (status, headers);
    }
}
