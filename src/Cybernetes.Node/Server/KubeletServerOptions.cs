using System.Net;
using System.Security.Cryptography.X509Certificates;

namespace Cybernetes.Node.Server;

/// <summary>Who sent a request to the kubelet.</summary>
public sealed record KubeletUser(string Name, IReadOnlyList<string> Groups);

/// <summary>What a request to the kubelet needs: a verb on the node's subresource (nodes/log, nodes/stats, nodes/metrics,
/// nodes/proxy …).</summary>
/// <param name="Subresources">Any of them is enough, the finest first (KEP-2862).</param>
public readonly record struct KubeletRequestAttributes(
    KubeletUser User, string Verb, string Path, IReadOnlyList<string> Subresources);

/// <summary>Says whether the request may go on, as a rule by a SubjectAccessReview.</summary>
public delegate ValueTask<bool> KubeletAuthorizer(KubeletRequestAttributes attributes, CancellationToken cancellation);

/// <summary>Says whose bearer token it is, as a rule by a TokenReview; null when nobody's.</summary>
public delegate ValueTask<KubeletUser?> KubeletTokenReviewer(string token, CancellationToken cancellation);

public sealed class KubeletServerOptions
{
    /// <summary>--address. Default: all addresses, as upstream.</summary>
    public IPAddress Address { get; init; } = IPAddress.IPv6Any;

    /// <summary>--port. Default 10250; 0 lets the system choose (<see cref="KubeletServer.Port"/>).</summary>
    public int Port { get; init; } = 10250;

    /// <summary>The certificate with its key; asked at every handshake, so that it can be renewed.</summary>
    public required Func<X509Certificate2> ServerCertificate { get; init; }

    /// <summary>--client-ca-file: who signs certificates of clients. Asked for every new connection.</summary>
    public required Func<X509Certificate2Collection> ClientAuthorities { get; init; }

    public required KubeletAuthorizer Authorize { get; init; }

    /// <summary>Null: no bearer tokens (--authentication-token-webhook=false).</summary>
    public KubeletTokenReviewer? ReviewToken { get; init; }

    /// <summary>--healthz-port on 127.0.0.1, without TLS or authentication. Upstream's is 10248; default here null:
    /// off.</summary>
    public int? HealthzPort { get; init; }
}
