using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using Cybernetes.Objects;
using Cybernetes.Objects.Core.V1;

namespace Cybernetes.Node.Probes;

/// <param name="Answered">The server answered, with whatever status.</param>
/// <param name="Message">When it did not: why, as Go's client says it.</param>
internal sealed record HttpOutcome(bool Answered, int StatusCode, string Body, string Message);

internal interface IHttpProber
{
    /// <param name="timeout">Zero: no limit but the token's.</param>
    Task<HttpOutcome> GetAsync(Uri uri, List<HTTPHeader>? headers, TimeSpan timeout, CancellationToken cancellation);
}

/// <summary>
/// GET requests to pods. A fresh connection each time, any certificate accepted, redirects followed on the same host only (API
/// reference,
/// "Configure Liveness, Readiness and Startup Probes").
/// </summary>
internal sealed class HttpProber : IHttpProber, IDisposable
{
    private const int MaxBodyBytes = 10 * 1024;
    private const int MaxRedirects = 10;

    private readonly TimeProvider _time;
    private readonly HttpMessageInvoker _client;

    public HttpProber(TimeProvider time)
    {
        _time = time;
        var handler = new SocketsHttpHandler
        {
            UseProxy = false,
            UseCookies = false,
            AllowAutoRedirect = false,
            PooledConnectionLifetime = TimeSpan.Zero,

            // The pod's own certificate, which nobody signed as a rule: the probe asks whether it answers, not who it is.
            SslOptions = new SslClientAuthenticationOptions { RemoteCertificateValidationCallback = (_, _, _, _) => true },
        };
        _client = new HttpMessageInvoker(handler, disposeHandler: true);
    }

    public void Dispose() => _client.Dispose();

    public async Task<HttpOutcome> GetAsync(Uri uri, List<HTTPHeader>? headers, TimeSpan timeout, CancellationToken cancellation)
    {
        using var limit = timeout > TimeSpan.Zero ? new CancellationTokenSource(timeout, _time) : new CancellationTokenSource();
        using var both = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellation);
        try
        {
            var target = uri;
            for (var hops = 0; ; hops++)
            {
                using var response = await _client.SendAsync(Request(target, headers), both.Token).ConfigureAwait(false);
                var next = NextHop(target, response);
                if (next is null || hops == MaxRedirects || next.Host != uri.Host)
                    return await OutcomeAsync(response, both.Token).ConfigureAwait(false);
                target = next;
            }
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            const string late = "context deadline exceeded (Client.Timeout exceeded while awaiting headers)";
            return new HttpOutcome(false, 0, "", $"Get \"{uri.OriginalString}\": {late}");
        }
        catch (Exception e) when (e is HttpRequestException or IOException)
        {
            return new HttpOutcome(false, 0, "", $"Get \"{uri.OriginalString}\": {Dialing(uri, e)}");
        }
    }

    private static HttpRequestMessage Request(Uri uri, List<HTTPHeader>? headers)
    {
        var request = new HttpRequestMessage(HttpMethod.Get, uri) { Version = HttpVersion.Version11 };
        request.Headers.ConnectionClose = true;
        foreach (var header in headers.OrEmpty())
        {
            if (header.Name.Equals("Host", StringComparison.OrdinalIgnoreCase))
                request.Headers.Host = header.Value;
            else
                request.Headers.TryAddWithoutValidation(header.Name, header.Value);
        }

        if (!request.Headers.Contains("User-Agent"))
            request.Headers.TryAddWithoutValidation("User-Agent", "kube-probe/1.36");
        if (!request.Headers.Contains("Accept"))
            request.Headers.TryAddWithoutValidation("Accept", "*/*");
        return request;
    }

    private static Uri? NextHop(Uri from, HttpResponseMessage response)
    {
        var isRedirect = (int)response.StatusCode is 301 or 302 or 303 or 307 or 308;
        return isRedirect && response.Headers.Location is { } location ? new Uri(from, location) : null;
    }

    private static async Task<HttpOutcome> OutcomeAsync(HttpResponseMessage response, CancellationToken cancellation)
    {
        var stream = await response.Content.ReadAsStreamAsync(cancellation).ConfigureAwait(false);
        var buffer = new byte[MaxBodyBytes];
        var length = await stream.ReadAtLeastAsync(buffer, MaxBodyBytes, throwOnEndOfStream: false, cancellation)
            .ConfigureAwait(false);
        var body = System.Text.Encoding.UTF8.GetString(buffer, 0, length);
        return new HttpOutcome(true, (int)response.StatusCode, body, "");
    }

    private static string Dialing(Uri uri, Exception failure) =>
        failure.GetBaseException() is SocketException socket ? Dial.Failure(uri.Host, uri.Port, socket) : failure.Message;
}

/// <summary>Go's words for connections that fail.</summary>
internal static class Dial
{
    public static string Failure(string host, int port, SocketException failure)
    {
        var bracketed = host.Contains(':', StringComparison.Ordinal) && !host.StartsWith('[') ? $"[{host}]" : host;
        var why = failure.SocketErrorCode switch
        {
            SocketError.ConnectionRefused => "connect: connection refused",
            SocketError.HostUnreachable => "connect: no route to host",
            SocketError.NetworkUnreachable => "connect: network is unreachable",
            SocketError.TimedOut => "i/o timeout",
            SocketError.ConnectionReset => "read: connection reset by peer",
            SocketError.HostNotFound => "lookup: no such host",
            _ => failure.Message,
        };
        return $"dial tcp {bracketed}:{port}: {why}";
    }
}
