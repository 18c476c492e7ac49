using System.Net;
using System.Net.Security;
using System.Net.Sockets;

namespace Cybernetes.ApiServer.Streams;

/// <summary>
/// HTTP to pods, services' endpoints and nodes on behalf of clients. As upstream the certificates of pods and services are not verified;
/// kubelets' are, where authorities are set.
/// </summary>
/// <param name="kubelets">Certificates for kubelets.</param>
/// <param name="connect">Opens the byte stream to a place; null: by TCP.</param>
internal sealed class ProxyConnections(KubeletConnections kubelets, Func<DnsEndPoint, CancellationToken, ValueTask<Stream>>? connect) : IDisposable
{
    private static readonly TimeSpan ConnectTimeout = TimeSpan.FromSeconds(30); // upstream's dialer

    private readonly HttpMessageInvoker _any = Make(connect, new() { RemoteCertificateValidationCallback = (_, _, _, _) => true });
    private readonly HttpMessageInvoker _kubelets = Make(connect, kubelets.TlsOptions());

    /// <summary>Sends a request to a place. Failures to connect are <see cref="HttpRequestException"/>s.</summary>
    public Task<HttpResponseMessage> SendAsync(ProxyPlace place, HttpRequestMessage request, CancellationToken cancellation) =>
        (place.IsKubelet ? _kubelets : _any).SendAsync(request, cancellation);

    public void Dispose()
    {
        _any.Dispose();
        _kubelets.Dispose();
    }

    private static HttpMessageInvoker Make(
        Func<DnsEndPoint, CancellationToken, ValueTask<Stream>>? connect, SslClientAuthenticationOptions tls) => new(new SocketsHttpHandler
        {
            UseProxy = false,
            UseCookies = false,
            AllowAutoRedirect = false,
            AutomaticDecompression = DecompressionMethods.None,
            ActivityHeadersPropagator = null,
            ConnectTimeout = ConnectTimeout,
            SslOptions = tls,
            ConnectCallback = async (context, cancellation) => connect is null
                ? await ConnectAsync(context.DnsEndPoint, cancellation)
                : await connect(context.DnsEndPoint, cancellation),
        });

    private static async Task<Stream> ConnectAsync(DnsEndPoint place, CancellationToken cancellation)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(place, cancellation);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}
