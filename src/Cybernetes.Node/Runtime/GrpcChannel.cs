using System.Buffers.Binary;
using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Runtime.CompilerServices;
using Google.Protobuf;

namespace Cybernetes.Node.Runtime;

/// <summary>
/// gRPC calls over HTTP/2 with prior knowledge on a unix socket ("gRPC over HTTP2"). Connects on the first call and again after
/// the peer went away; calls under way then fail with <see cref="RuntimeStatusCode.Unavailable"/>.
/// </summary>
internal sealed class GrpcChannel : IDisposable
{
    /// <summary>The longest message taken, as upstream's kubelet: 16 MiB.</summary>
    public const int MaxMessageBytes = 16 * 1024 * 1024;

    private const int PrefixBytes = 5;

    private static readonly MediaTypeHeaderValue GrpcContentType = new("application/grpc");

    private readonly HttpMessageInvoker _invoker;
    private readonly TimeProvider _time;
    private readonly string _address;

    public GrpcChannel(string socketPath, TimeProvider time)
    {
        _time = time;
        _address = $"unix://{socketPath}";
        var handler = new SocketsHttpHandler
        {
            UseProxy = false,
            UseCookies = false,
            AllowAutoRedirect = false,
            EnableMultipleHttp2Connections = true,
            ConnectCallback = async (_, cancellation) => await ConnectAsync(socketPath, cancellation).ConfigureAwait(false),
        };
        _invoker = new HttpMessageInvoker(handler, disposeHandler: true);
    }

    /// <param name="deadline">How long the call may take; null for no limit.</param>
    public async Task<TResponse> CallAsync<TResponse>(
        string method, IMessage request, MessageParser<TResponse> parser, TimeSpan? deadline, CancellationToken cancellation)
        where TResponse : IMessage<TResponse>
    {
        using var limit = new DeadlineScope(deadline, _time, cancellation);
        try
        {
            using var response = await SendAsync(method, request, deadline, limit.Token).ConfigureAwait(false);
            var body = await response.Content.ReadAsStreamAsync(limit.Token).ConfigureAwait(false);
            var message = await ReadMessageAsync(body, parser, limit.Token).ConfigureAwait(false);
            if (message is not null)
                await DrainAsync(body, limit.Token).ConfigureAwait(false);
            ThrowUnlessOk(response.TrailingHeaders, response.Headers);
            return message ?? throw new RuntimeCallException(RuntimeStatusCode.Internal, "the answer holds no message");
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            throw new RuntimeCallException(RuntimeStatusCode.DeadlineExceeded, "context deadline exceeded");
        }
        catch (Exception e) when (e is HttpRequestException or IOException)
        {
            throw Unreachable(e);
        }
    }

    /// <summary>A call with one request and a stream of answers, until the peer ends it or the token is cancelled.</summary>
    public async IAsyncEnumerable<TResponse> StreamAsync<TResponse>(
        string method, IMessage request, MessageParser<TResponse> parser, [EnumeratorCancellation] CancellationToken cancellation)
        where TResponse : class, IMessage<TResponse>
    {
        HttpResponseMessage response;
        Stream body;
        try
        {
            response = await SendAsync(method, request, deadline: null, cancellation).ConfigureAwait(false);
            body = await response.Content.ReadAsStreamAsync(cancellation).ConfigureAwait(false);
        }
        catch (Exception e) when (e is HttpRequestException or IOException)
        {
            throw Unreachable(e);
        }

        using (response)
        {
            while (true)
            {
                TResponse? message;
                try
                {
                    message = await ReadMessageAsync(body, parser, cancellation).ConfigureAwait(false);
                }
                catch (Exception e) when (e is HttpRequestException or IOException)
                {
                    throw Unreachable(e);
                }

                if (message is null)
                    break;
                yield return message;
            }

            ThrowUnlessOk(response.TrailingHeaders, response.Headers);
        }
    }

    public void Dispose() => _invoker.Dispose();

    private static async Task<Stream> ConnectAsync(string socketPath, CancellationToken cancellation)
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            await socket.ConnectAsync(new UnixDomainSocketEndPoint(socketPath), cancellation).ConfigureAwait(false);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private async Task<HttpResponseMessage> SendAsync(
        string method, IMessage message, TimeSpan? deadline, CancellationToken cancellation)
    {
        var size = message.CalculateSize();
        var frame = new byte[PrefixBytes + size];
        BinaryPrimitives.WriteUInt32BigEndian(frame.AsSpan(1), (uint)size);
        message.WriteTo(frame.AsSpan(PrefixBytes));

        // The host name becomes :authority; runtimes ignore it on a unix socket, but it has to be a name.
        var request = new HttpRequestMessage(HttpMethod.Post, "http://localhost" + method)
        {
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Content = new ByteArrayContent(frame) { Headers = { ContentType = GrpcContentType } },
        };
        request.Headers.TE.Add(new TransferCodingWithQualityHeaderValue("trailers"));
        if (deadline is { } limit)
            request.Headers.Add("grpc-timeout", TimeoutValue(limit));

        var response = await _invoker.SendAsync(request, cancellation).ConfigureAwait(false);
        if (response.StatusCode != HttpStatusCode.OK)
        {
            var status = (int)response.StatusCode;
            response.Dispose();
            throw new RuntimeCallException(
                RuntimeStatusCode.Unknown, string.Create(CultureInfo.InvariantCulture, $"unexpected HTTP status {status}"));
        }

        return response;
    }

    /// <summary>At most eight digits and a unit: seconds for long limits, milliseconds below.</summary>
    private static string TimeoutValue(TimeSpan limit) => limit.TotalMilliseconds < 99_999_999
        ? string.Create(CultureInfo.InvariantCulture, $"{Math.Max(1, (long)limit.TotalMilliseconds)}m")
        : string.Create(CultureInfo.InvariantCulture, $"{Math.Min(99_999_999, (long)limit.TotalSeconds)}S");

    private static async Task<TResponse?> ReadMessageAsync<TResponse>(
        Stream body, MessageParser<TResponse> parser, CancellationToken cancellation)
        where TResponse : IMessage<TResponse>
    {
        var prefix = new byte[PrefixBytes];
        var got = await body.ReadAtLeastAsync(prefix, PrefixBytes, throwOnEndOfStream: false, cancellation).ConfigureAwait(false);
        if (got == 0)
            return default;
        if (got < PrefixBytes)
            throw new RuntimeCallException(RuntimeStatusCode.Internal, "the answer ends inside a message's length");
        if (prefix[0] != 0)
            throw new RuntimeCallException(RuntimeStatusCode.Internal, "the answer is compressed, which was not asked for");

        var length = BinaryPrimitives.ReadUInt32BigEndian(prefix.AsSpan(1));
        if (length > MaxMessageBytes)
        {
            throw new RuntimeCallException(
                RuntimeStatusCode.ResourceExhausted, $"received message larger than max ({length} vs. {MaxMessageBytes})");
        }

        var message = new byte[length];
        got = await body.ReadAtLeastAsync(message, message.Length, throwOnEndOfStream: false, cancellation).ConfigureAwait(false);
        if (got < message.Length)
            throw new RuntimeCallException(RuntimeStatusCode.Internal, "the answer ends inside a message");
        try
        {
            return parser.ParseFrom(message);
        }
        catch (InvalidProtocolBufferException e)
        {
            throw new RuntimeCallException(RuntimeStatusCode.Internal, $"the answer does not parse: {e.Message}", e);
        }
    }

    /// <summary>The trailers are there only after the body's end was read.</summary>
    private static async Task DrainAsync(Stream body, CancellationToken cancellation)
    {
        var rest = new byte[1];
        if (await body.ReadAsync(rest, cancellation).ConfigureAwait(false) != 0)
            throw new RuntimeCallException(RuntimeStatusCode.Internal, "the answer holds more than one message");
    }

    /// <summary>The status is in the trailers, or in the headers when the answer has no body ("Trailers-Only").</summary>
    private static void ThrowUnlessOk(HttpResponseHeaders trailers, HttpResponseHeaders headers)
    {
        var source = trailers.Contains("grpc-status") ? trailers : headers;
        if (!source.TryGetValues("grpc-status", out var values))
            throw new RuntimeCallException(RuntimeStatusCode.Unavailable, "the connection ended before the call's status");
        if (!int.TryParse(values.First(), NumberStyles.None, CultureInfo.InvariantCulture, out var code))
            throw new RuntimeCallException(RuntimeStatusCode.Unknown, $"malformed grpc-status: {values.First()}");
        if (code == 0)
            return;
        var message = source.TryGetValues("grpc-message", out var texts) ? Uri.UnescapeDataString(texts.First()) : "";
        throw new RuntimeCallException((RuntimeStatusCode)code, message);
    }

    private RuntimeCallException Unreachable(Exception cause)
    {
        var innermost = cause;
        while (innermost.InnerException is { } inner)
            innermost = inner;
        return new RuntimeCallException(RuntimeStatusCode.Unavailable, $"{_address}: {innermost.Message}", cause);
    }

    /// <summary>The caller's token, cancelled also when the time is up.</summary>
    private readonly struct DeadlineScope : IDisposable
    {
        private readonly CancellationTokenSource? _timer;
        private readonly CancellationTokenSource? _linked;

        public DeadlineScope(TimeSpan? deadline, TimeProvider time, CancellationToken cancellation)
        {
            if (deadline is not { } limit)
            {
                Token = cancellation;
                return;
            }

            _timer = new CancellationTokenSource(limit, time);
            _linked = CancellationTokenSource.CreateLinkedTokenSource(_timer.Token, cancellation);
            Token = _linked.Token;
        }

        public CancellationToken Token { get; }

        public void Dispose()
        {
            _linked?.Dispose();
            _timer?.Dispose();
        }
    }
}
