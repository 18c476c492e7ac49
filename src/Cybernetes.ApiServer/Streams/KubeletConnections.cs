using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using Cybernetes.ApiServer.Failures;
using Cybernetes.ApiServer.Registry;
using Cybernetes.Objects;
using Cybernetes.Objects.Core.V1;

namespace Cybernetes.ApiServer.Streams;

/// <summary>Where a node's kubelet listens.</summary>
/// <param name="Host">Address or host name.</param>
/// <param name="Port">Port.</param>
/// <param name="NodeName">The node's name.</param>
internal readonly record struct KubeletAddress(string Host, int Port, string NodeName);

/// <summary>
/// TLS connections to kubelets, under the API server's own client certificate. The kubelet's certificate is verified when authorities are set
/// (upstream's default is not to).
/// </summary>
public sealed class KubeletConnections(Func<X509Certificate2?> clientCertificate, Func<X509Certificate2Collection> authorities)
{
    // Upstream's --kubelet-preferred-address-types.
    private static readonly string[] PreferredTypes = ["Hostname", "InternalDNS", "InternalIP", "ExternalDNS", "ExternalIP"];
    private const int DefaultPort = 10250;

    /// <summary>Finds the kubelet of a node.</summary>
    /// <exception cref="RequestFailure">500 with upstream's words when the node is not there or has no address.</exception>
    internal static async ValueTask<KubeletAddress> FindAsync(string nodeName, RegistryServices services, CancellationToken cancellation)
    {
        var node = await services.FindAsync<Objects.Core.V1.Node>("", "nodes", "", nodeName, cancellation)
            ?? throw Failure.Internal($"node {JsonText.Quote(nodeName)} not found");
        // A host name works only where it resolves; addresses come first here because cluster machines rarely know each other's names.
        var addresses = node.Status.Addresses.OrEmpty();
        var address = addresses.FirstOrDefault(a => a.Type == "InternalIP")
            ?? PreferredTypes.Select(t => addresses.FirstOrDefault(a => a.Type == t)).FirstOrDefault(a => a is not null)
            ?? throw Failure.Internal($"no preferred addresses found; known addresses: []");
        var port = node.Status.DaemonEndpoints.KubeletEndpoint.Port;
        return new(address.Address, port == 0 ? DefaultPort : port, nodeName);
    }

    /// <summary>How TLS with any kubelet begins.</summary>
    internal SslClientAuthenticationOptions TlsOptions() => new()
    {
        LocalCertificateSelectionCallback = (_, _, _, _, _) => clientCertificate()!,
        RemoteCertificateValidationCallback = (_, certificate, _, errors) => Verify(certificate, errors),
    };

    /// <summary>Opens a connection. The stream owns the socket.</summary>
    internal async Task<SslStream> ConnectAsync(KubeletAddress kubelet, CancellationToken cancellation)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        SslStream? tls = null;
        try
        {
            await socket.ConnectAsync(kubelet.Host, kubelet.Port, cancellation);
            tls = new SslStream(new NetworkStream(socket, ownsSocket: true));
            await tls.AuthenticateAsClientAsync(new SslClientAuthenticationOptions
            {
                TargetHost = kubelet.Host,
                ClientCertificates = clientCertificate() is { } certificate ? [certificate] : null,
                RemoteCertificateValidationCallback = (_, certificate, _, errors) => Verify(certificate, errors),
            }, cancellation);
            return tls;
        }
        catch (Exception e) when (e is SocketException or IOException or System.Security.Authentication.AuthenticationException)
        {
            if (tls is not null)
                await tls.DisposeAsync();
            socket.Dispose();
            throw Failure.Internal($"error dialing backend: dial tcp {kubelet.Host}:{kubelet.Port}: {e.Message}");
        }
    }

    private bool Verify(X509Certificate? certificate, SslPolicyErrors errors)
    {
        var trusted = authorities();
        if (trusted.Count == 0)
            return true;
        if (certificate is null || errors.HasFlag(SslPolicyErrors.RemoteCertificateNameMismatch))
            return false;
        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.AddRange(trusted);
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        return chain.Build((X509Certificate2)certificate);
    }
}
