using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Cybernetes.ApiServer.Admission;
using Cybernetes.ApiServer.Registry;
using Cybernetes.Foundation;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Cybernetes.ApiServer.Server;

/// <summary>How an API server is set up. The defaults are upstream's flags' defaults unless a line says otherwise.</summary>
public sealed record ApiServerOptions
{
    /// <summary>Address to listen on (<c>--bind-address</c>). Default: all.</summary>
    public IPAddress BindAddress { get; init; } = IPAddress.Any;

    /// <summary>Port to listen on (<c>--secure-port</c>), 0 for a free one, null for none: in-process clients only. Default 6443.</summary>
    public int? SecurePort { get; init; } = 6443;

    /// <summary>
    /// Whether each thread goes on by itself as far as it can: those that wait for sockets answer (Linux only; elsewhere the pool does), and who writes
    /// takes the change over into the watch caches. It spares each request some changes of threads. Default: no, all is done by the pool of
    /// threads, whose work a virtual clock can wait for.
    /// </summary>
    public bool AnswersOnSocketThreads { get; init; }

    /// <summary>The serving certificate with its key, asked at each handshake. Needed when <see cref="SecurePort"/> is not null.</summary>
    public Func<X509Certificate2?> ServingCertificate { get; init; } = () => null;

    /// <summary>
    /// Authorities of client certificates (<c>--client-ca-file</c>); a new collection when they change. Empty: no certificate is trusted.
    /// </summary>
    public Func<X509Certificate2Collection> ClientAuthorities { get; init; } = () => NoCertificates;

    /// <summary>Address that clients inside the cluster reach this server at (<c>--advertise-address</c>).</summary>
    public IPAddress AdvertiseAddress { get; init; } = IPAddress.Loopback;

    /// <summary>Certificate shown to kubelets (<c>--kubelet-client-certificate</c> and key); null for none.</summary>
    public Func<X509Certificate2?> KubeletClientCertificate { get; init; } = () => null;

    /// <summary>Authorities of kubelets' serving certificates (<c>--kubelet-certificate-authority</c>); empty: not verified, as upstream.</summary>
    public Func<X509Certificate2Collection> KubeletAuthorities { get; init; } = () => NoCertificates;

    /// <summary>How proxied pods, services and nodes are connected to; null: by TCP.</summary>
    internal Func<DnsEndPoint, CancellationToken, ValueTask<Stream>>? ProxyConnect { get; init; }

    /// <summary>Range of service addresses (<c>--service-cluster-ip-range</c>).</summary>
    public IPNetwork ServiceClusterIPRange { get; init; } = IPNetwork.Parse("10.96.0.0/12");

    /// <summary>
    /// Range of services' second addresses, of the other family (the second of <c>--service-cluster-ip-range</c>). Default null: one family only.
    /// </summary>
    public IPNetwork? SecondaryServiceClusterIPRange { get; init; }

    /// <summary>First node port (<c>--service-node-port-range</c>).</summary>
    public int FirstNodePort { get; init; } = 30000;

    /// <summary>Last node port.</summary>
    public int LastNodePort { get; init; } = 32767;

    /// <summary>How long events are kept (<c>--event-ttl</c>). Default: one hour.</summary>
    public TimeSpan EventTimeToLive { get; init; } = TimeSpan.FromHours(1);

    /// <summary>Key that signs service account tokens (<c>--service-account-signing-key-file</c>): RSA or ECDSA. Null: no tokens.</summary>
    public AsymmetricAlgorithm? ServiceAccountKey { get; init; }

    /// <summary>Issuer of service account tokens (<c>--service-account-issuer</c>).</summary>
    public string ServiceAccountIssuer { get; init; } = "https://kubernetes.default.svc.cluster.local";

    /// <summary>Which API versions and resources are served (<c>--runtime-config</c>).</summary>
    public ApiEnablement Enablement { get; init; } = ApiEnablement.Default;

    /// <summary>Which admission plugins run (<c>--enable-admission-plugins</c>, <c>--disable-admission-plugins</c>).</summary>
    public AdmissionSelection Admission { get; init; } = AdmissionSelection.Default;

    /// <summary>Which features are on (<c>--feature-gates</c>).</summary>
    public FeatureGates FeatureGates { get; init; } = FeatureGates.Default;

    /// <summary>Most requests under way that change nothing (<c>--max-requests-inflight</c>).</summary>
    public int MaxRequestsInFlight { get; init; } = 400;

    /// <summary>Most requests under way that change something (<c>--max-mutating-requests-inflight</c>).</summary>
    public int MaxMutatingRequestsInFlight { get; init; } = 200;

    /// <summary>Other API servers may work on the same store: then each keeps itself among the endpoints of the service kubernetes.</summary>
    public bool SharesStore { get; init; }

    /// <summary>How often the system's namespaces and other objects are looked after, in case one was deleted. Default: upstream's minute.</summary>
    public TimeSpan SystemObjectsPeriod { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>How often all services are held against the addresses and ports that they have. Default: upstream's three minutes.</summary>
    public TimeSpan ServiceRepairPeriod { get; init; } = TimeSpan.FromMinutes(3);

    /// <summary>How often watches that want bookmarks get one, about (a tenth more or less). Default: upstream's minute.</summary>
    public TimeSpan BookmarkPeriod { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>The machine's name, as events name the one that reports. Default: that of this machine.</summary>
    public string HostName { get; init; } = Environment.MachineName;

    /// <summary>The clock.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>Makes uids and name suffixes.</summary>
    public IdentitySource Identities { get; init; } = IdentitySource.System;

    /// <summary>Chance for jitter and allocation.</summary>
    public IRandomSource Random { get; init; } = Chance.Cryptographic;

    /// <summary>Logs.</summary>
    public ILoggerFactory Loggers { get; init; } = NullLoggerFactory.Instance;

    private static readonly X509Certificate2Collection NoCertificates = [];
}
