using System.Net;
using System.Net.Http.Headers;
using Cybernetes.Client.Kubeconfig;
using Cybernetes.Foundation;
using Cybernetes.Objects;

namespace Cybernetes.Client.Transport;

/// <summary>
/// Calls an API server as one user. The transport decides where it is: HTTPS by a kubeconfig (<see cref="Connect"/>), or any
/// handler, such as the
/// API server's in-process one. Safe for concurrent use. Failures the server reports are <see cref="ApiStatusException"/>; a
/// server that cannot be
/// reached is <see cref="HttpRequestException"/>; a call that took too long is <see cref="TimeoutException"/>.
/// </summary>
public sealed class ApiClient : IDisposable
{
    private readonly HttpMessageInvoker _transport;
    private readonly Uri _server;
    private readonly bool _ownsTransport = true;
    private readonly Func<string?>? _refusal;

    /// <param name="transport">Owned by this client from now on.</param>
    /// <param name="server">What request paths are relative to; a path in it is kept as a prefix.</param>
    public ApiClient(HttpMessageHandler transport, Uri server, ApiClientOptions? options = null)
    {
        _transport = new HttpMessageInvoker(transport, disposeHandler: true);
        _server = server;
        Options = options ?? new ApiClientOptions();
    }

    private ApiClient(ApiClient other, Func<string?> refusal)
    {
        (_transport, _server, Options) = (other._transport, other._server, other.Options);
        (_ownsTransport, _refusal) = (false, refusal);
    }

    public ApiClientOptions Options { get; }

    public TimeProvider Time => Options.Time;

    /// <summary>A client over HTTPS (HTTP/2 where the server speaks it) with the identity that the access holds.</summary>
    public static ApiClient Connect(ClusterAccess access, ApiClientOptions? options = null)
    {
        options ??= new ApiClientOptions();
        (HttpMessageHandler handler, Uri address) = HttpsTransport.Create(access, options.Time);
        return new ApiClient(handler, address, options);
    }

    /// <summary>
    /// A client over this one's transport, which stays this one's, whose writes are not sent when the guard, asked right before each, says why.
    /// They fail with <see cref="WriteFencedException"/>.
    /// </summary>
    public ApiClient GuardedBy(Func<string?> refusal) => new(this, refusal);

    /// <summary>The typed calls of one kind.</summary>
    public KindClient<T> For<T>()
        where T : class, IKubernetesObject<T> => new(this);

    /// <summary>Sends a request and reads the whole answer.</summary>
    /// <exception cref="ApiStatusException">The answer's code is 400 or above.</exception>
    public async Task<ApiAnswer> SendAsync(ApiCall call, CancellationToken cancellation = default)
    {
        using var deadline = new CancellationTokenSource(Options.CallTimeout, Options.Time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(cancellation, deadline.Token);
        try
        {
            using HttpResponseMessage response = await OpenAsync(call, both.Token).ConfigureAwait(false);
            await response.Content.LoadIntoBufferAsync(Options.MaxResponseBytes, both.Token).ConfigureAwait(false);
            byte[] body = await response.Content.ReadAsByteArrayAsync(both.Token).ConfigureAwait(false);
            return new ApiAnswer((int)response.StatusCode, response.Content.Headers.ContentType?.MediaType ?? "", body)
            {
                ETag = response.Headers.ETag?.ToString() ?? "",
            };
        }
        catch (OperationCanceledException) when (deadline.IsCancellationRequested && !cancellation.IsCancellationRequested)
        {
            throw new TimeoutException($"{call.Method} {call.PathAndQuery}: no answer within {Options.CallTimeout}");
        }
    }

    /// <summary>
    /// Sends a request and returns once the answer's headers are there; the body streams. The caller disposes the response.
    /// </summary>
    /// <exception cref="ApiStatusException">The answer's code is 400 or above.</exception>
    public async Task<HttpResponseMessage> OpenAsync(ApiCall call, CancellationToken cancellation)
    {
        var backoff = new Backoff(Options.Backoff, Options.Random);
        int connectFailures = 0;
        for (int retries = 0; ; retries++)
        {
            HttpResponseMessage? response = null;
            if (_refusal is not null && call.Method != HttpMethod.Get && _refusal() is { } refused)
                throw new WriteFencedException($"{call.Method} {call.PathAndQuery}: {refused}");
            try
            {
                response = await _transport.SendAsync(ToMessage(call), cancellation).ConfigureAwait(false);
            }
            catch (HttpRequestException failure) when (NeverSent(failure) && connectFailures++ < Options.MaxConnectRetries)
            {
                // No byte of the request reached the server: to try again is safe for every method.
            }

            if (response is { StatusCode: < HttpStatusCode.BadRequest })
                return response;
            TimeSpan wait = backoff.Next();
            if (response is not null)
            {
                TimeSpan? asked = response.Headers.RetryAfter?.Delta;
                bool mayRetry = asked is not null && MayRepeat(response.StatusCode) && retries < Options.MaxRetries;
                if (!mayRetry)
                    throw await FailureOfAsync(call, response, cancellation).ConfigureAwait(false);
                response.Dispose();
                wait = asked!.Value > wait ? asked.Value : wait;
            }
            await Task.Delay(wait, Options.Time, cancellation).ConfigureAwait(false);
        }
    }

    public void Dispose()
    {
        if (_ownsTransport)
            _transport.Dispose();
    }

    private HttpRequestMessage ToMessage(ApiCall call)
    {
        string prefix = _server.AbsolutePath.TrimEnd('/');
        var message = new HttpRequestMessage(call.Method, new Uri(_server, prefix + call.PathAndQuery))
        {
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionOrLower,
        };
        message.Headers.TryAddWithoutValidation("Accept", call.Accept);
        message.Headers.TryAddWithoutValidation("User-Agent", Options.UserAgent);
        if (call.IfNoneMatch.Length > 0)
            message.Headers.TryAddWithoutValidation("If-None-Match", call.IfNoneMatch);
        if (!call.Body.IsEmpty)
        {
            message.Content = new ReadOnlyMemoryContent(call.Body);
            message.Content.Headers.ContentType = new MediaTypeHeaderValue(call.ContentType);
        }
        return message;
    }

    private static bool NeverSent(HttpRequestException failure) =>
        failure.HttpRequestError
            is HttpRequestError.ConnectionError or HttpRequestError.NameResolutionError or HttpRequestError.ProxyTunnelError;

    // With Retry-After the server says that it did not begin the work.
    private static bool MayRepeat(HttpStatusCode code) => code == HttpStatusCode.TooManyRequests || (int)code >= 500;

    private static async Task<ApiStatusException> FailureOfAsync(
        ApiCall call, HttpResponseMessage response, CancellationToken cancellation)
    {
        using (response)
        {
            const int mostOfAnError = 4 << 20;
            await response.Content.LoadIntoBufferAsync(mostOfAnError, cancellation).ConfigureAwait(false);
            byte[] body = await response.Content.ReadAsByteArrayAsync(cancellation).ConfigureAwait(false);
            return new ApiStatusException(StatusReading.FromAnswer(call, response, body));
        }
    }
}

/// <summary>A write was held back: who asked for it may not write any more. The server has not seen it.</summary>
public sealed class WriteFencedException(string message) : Exception(message);
