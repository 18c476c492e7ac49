using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using Google.Protobuf;

namespace Cybernetes.Store.Etcd.Grpc;

/// <summary>
/// gRPC calls to one member, over HTTP/2 with prior knowledge or over TLS. Connects on the first call and again after the peer went
/// away. A connection on which nothing comes is probed by pings, so that a peer that stands still is noticed.
/// </summary>
internal sealed class GrpcEndpoint : IDisposable
{
    private static readonly MediaTypeHeaderValue GrpcContentType = new("application/grpc");

    private readonly HttpMessageInvoker _invoker;
    private readonly TimeProvider _time;

    public GrpcEndpoint(Uri address, EtcdStoreOptions options, EtcdCertificates? certificates, TimeProvider time)
    {
        (Address, _time) = (address, time);
        var handler = new SocketsHttpHandler
        {
            UseProxy = false,
            UseCookies = false,
            AllowAutoRedirect = false,
            EnableMultipleHttp2Connections = true,
            ConnectTimeout = options.ConnectTimeout,
            KeepAlivePingDelay = options.KeepAliveTime,
            KeepAlivePingTimeout = options.KeepAliveTimeout,
            KeepAlivePingPolicy = HttpKeepAlivePingPolicy.WithActiveRequests,
            PooledConnectionIdleTimeout = TimeSpan.FromMinutes(2),
        };
        if (certificates is not null)
            handler.SslOptions = certificates.ClientOptions();
        _invoker = new HttpMessageInvoker(handler, disposeHandler: true);
    }

    public Uri Address { get; }

    /// <summary>The member's version once somebody asked for it (<see cref="EtcdEndpoints.VersionAsync"/>).</summary>
    public Version? Version { get; set; }

    /// <exception cref="GrpcCallException">The call failed, the time is up included.</exception>
    public async Task<TResponse> CallAsync<TResponse>(
        string method, IMessage request, MessageParser<TResponse> parser, TimeSpan deadline, CancellationToken cancellation)
        where TResponse : class, IMessage<TResponse>
    {
        using var timer = new CancellationTokenSource(deadline, _time);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(timer.Token, cancellation);
        try
        {
            using var message = Request(method, new ByteArrayContent(GrpcFrame.Encode(request)));
            message.Headers.Add("grpc-timeout", string.Create(
                CultureInfo.InvariantCulture, $"{Math.Max(1, (long)deadline.TotalMilliseconds)}m"));
            using var response = await SendAsync(message, limit.Token).ConfigureAwait(false);
            var body = await response.Content.ReadAsStreamAsync(limit.Token).ConfigureAwait(false);
            var prefix = new byte[5];
            var answer = await GrpcFrame.ReadAsync(body, prefix, parser, limit.Token).ConfigureAwait(false);
            // The trailers are there only after the body's end was read.
            if (answer is not null && await body.ReadAsync(prefix, limit.Token).ConfigureAwait(false) != 0)
                throw new GrpcCallException(GrpcStatus.Internal, "the answer holds more than one message");
            GrpcFrame.ThrowUnlessOk(response);
            return answer ?? throw new GrpcCallException(GrpcStatus.Internal, "the answer holds no message");
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            throw new GrpcCallException(GrpcStatus.DeadlineExceeded, $"{Address.Authority}: context deadline exceeded");
        }
        catch (Exception e) when (e is HttpRequestException or IOException)
        {
            throw Unreachable(e);
        }
    }

    /// <summary>Opens a call in which both sides send messages as they like.</summary>
    /// <exception cref="GrpcCallException">The peer cannot be reached, or refuses at once.</exception>
    public async Task<GrpcDuplexCall> OpenAsync(string method, IMessage first, CancellationToken cancellation)
    {
        var content = new DuplexContent(GrpcFrame.Encode(first));
        content.Headers.ContentType = GrpcContentType;
        try
        {
            using var message = Request(method, content);
            var response = await SendAsync(message, cancellation).ConfigureAwait(false);
            try
            {
                var body = await response.Content.ReadAsStreamAsync(cancellation).ConfigureAwait(false);
                return new GrpcDuplexCall(content, response, body, this);
            }
            catch
            {
                response.Dispose();
                throw;
            }
        }
        catch (Exception e)
        {
            content.End();
            if (e is HttpRequestException or IOException)
                throw Unreachable(e);
            throw;
        }
    }

    /// <summary>What a broken connection means.</summary>
    public GrpcCallException Unreachable(Exception cause)
    {
        var innermost = cause;
        while (innermost.InnerException is { } inner)
            innermost = inner;
        // Only where no connection came about is it certain that the peer knows nothing of the call.
        var neverSent = cause is HttpRequestException
        {
            HttpRequestError: HttpRequestError.ConnectionError or HttpRequestError.SecureConnectionError
                or HttpRequestError.NameResolutionError,
        };
        return new GrpcCallException(GrpcStatus.Unavailable, $"{Address.Authority}: {innermost.Message}", cause) { NeverSent = neverSent };
    }

    public void Dispose() => _invoker.Dispose();

    private HttpRequestMessage Request(string method, HttpContent content)
    {
        content.Headers.ContentType = GrpcContentType;
        var request = new HttpRequestMessage(HttpMethod.Post, new Uri(Address, method))
        {
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Content = content,
        };
        request.Headers.TE.Add(new TransferCodingWithQualityHeaderValue("trailers"));
        // A member cut off from its leader refuses at once instead of keeping us waiting, and ends its watches.
        request.Headers.Add("hasleader", "true");
        return request;
    }

    private async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellation)
    {
        var response = await _invoker.SendAsync(request, cancellation).ConfigureAwait(false);
        if (response.StatusCode == HttpStatusCode.OK)
            return response;
        var status = (int)response.StatusCode;
        response.Dispose();
        throw new GrpcCallException(GrpcStatus.Unavailable, $"{Address.Authority}: unexpected HTTP status {status}");
    }
}
