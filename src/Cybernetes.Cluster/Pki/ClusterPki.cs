using System.Net;
using Cybernetes.Foundation.Files;

namespace Cybernetes.Cluster.Pki;

/// <summary>
/// The certificates and keys of a cluster: authorities, the API server's, and one client certificate for each component. File
/// names and
/// subjects are kubeadm's; client certificates that kubeadm keeps only inside kubeconfigs lie here as files too, the kubeconfigs
/// are made
/// from them.
/// </summary>
public sealed class ClusterPki : IDisposable
{
    /// <summary>ca.crt: signs all serving and client certificates of the cluster.</summary>
    public required CertificateFiles Authority { get; init; }

    /// <summary>
    /// front-proxy-ca.crt: signs the certificate by which the API server's aggregator proves itself to extension servers.
    /// </summary>
    public required CertificateFiles FrontProxyAuthority { get; init; }

    public required CertificateFiles FrontProxyClient { get; init; }

    /// <summary>apiserver.crt: what the API server serves with.</summary>
    public required CertificateFiles ApiServer { get; init; }

    /// <summary>apiserver-kubelet-client.crt: the API server as client of node agents (logs, exec, port-forward).</summary>
    public required CertificateFiles ApiServerKubeletClient { get; init; }

    /// <summary>kubelet.crt: what this machine's node agent serves with.</summary>
    public required CertificateFiles KubeletServing { get; init; }

    public required CertificateFiles KubeletClient { get; init; }
    public required CertificateFiles Admin { get; init; }
    public required CertificateFiles ControllerManager { get; init; }
    public required CertificateFiles Scheduler { get; init; }
    public required CertificateFiles Proxy { get; init; }

    /// <summary>sa.key: signs service-account tokens (ECDSA P-256, so ES256).</summary>
    public required string ServiceAccountKeyPath { get; init; }

    /// <summary>sa.pub: checks service-account tokens.</summary>
    public required string ServiceAccountPublicKeyPath { get; init; }

    /// <summary>
    /// Makes what is missing, renews what is near its end, keeps the rest. May be called again at any time; two processes must
    /// not do so at once
    /// on one directory.
    /// </summary>
    /// <exception cref="ClusterPkiException">An authority's key is lost or does not fit.</exception>
    /// <exception cref="IOException">The directory cannot be written.</exception>
    public static ClusterPki Ensure(ClusterPkiOptions options, TimeProvider time)
    {
        if (OperatingSystem.IsWindows())
            Directory.CreateDirectory(options.Directory);
        else
            Directory.CreateDirectory(options.Directory, AtomicFile.OwnerOnly | UnixFileMode.UserExecute);

        var files = new PkiDirectory(options.Directory, options.RenewWhenLeft, time);
        CertificateFiles authority = files.Authority("ca", "kubernetes", options.AuthorityLifetime);
        CertificateFiles frontProxy = files.Authority("front-proxy-ca", "front-proxy-ca", options.AuthorityLifetime);
        (string privateKey, string publicKey) = files.SigningKey("sa");
        CertificateFiles Client(string name, string user, string group = "") => files.Leaf(
            name, authority, new LeafRequest { CommonName = user, Organization = group, ForClient = true }, options.LeafLifetime);

        return new ClusterPki
        {
            Authority = authority,
            FrontProxyAuthority = frontProxy,
            FrontProxyClient = files.Leaf(
                "front-proxy-client",
                frontProxy,
                new LeafRequest { CommonName = "front-proxy-client", ForClient = true },
                options.LeafLifetime),
            ApiServer = files.Leaf("apiserver", authority, ApiServerRequest(options), options.LeafLifetime),
            ApiServerKubeletClient = Client("apiserver-kubelet-client", "kube-apiserver-kubelet-client", "system:masters"),
            KubeletServing = files.Leaf("kubelet", authority, KubeletRequest(options), options.LeafLifetime),
            KubeletClient = Client("kubelet-client", "system:node:" + options.NodeName, "system:nodes"),
            Admin = Client("admin", "kubernetes-admin", "system:masters"),
            ControllerManager = Client("controller-manager", "system:kube-controller-manager"),
            Scheduler = Client("scheduler", "system:kube-scheduler"),
            Proxy = Client("kube-proxy", "system:kube-proxy"),
            ServiceAccountKeyPath = privateKey,
            ServiceAccountPublicKeyPath = publicKey,
        };
    }

    public void Dispose()
    {
        CertificateFiles[] all =
        [
            Authority, FrontProxyAuthority, FrontProxyClient, ApiServer, ApiServerKubeletClient, KubeletServing,
            KubeletClient, Admin, ControllerManager, Scheduler, Proxy,
        ];
        foreach (CertificateFiles files in all)
            files.Dispose();
    }

    private static LeafRequest ApiServerRequest(ClusterPkiOptions options) => new()
    {
        CommonName = "kube-apiserver",
        ForServer = true,
        Names =
        [
            "kubernetes", "kubernetes.default", "kubernetes.default.svc", "kubernetes.default.svc." + options.ClusterDomain,
            "localhost", options.NodeName, .. options.ExtraNames,
        ],
        Addresses = Distinct([options.ServiceAddress, IPAddress.Loopback, IPAddress.IPv6Loopback, .. options.Addresses]),
    };

    private static LeafRequest KubeletRequest(ClusterPkiOptions options) => new()
    {
        CommonName = "system:node:" + options.NodeName,
        Organization = "system:nodes",
        ForServer = true,
        Names = [options.NodeName, "localhost"],
        Addresses = Distinct([IPAddress.Loopback, IPAddress.IPv6Loopback, .. options.Addresses]),
    };

    private static List<IPAddress> Distinct(IEnumerable<IPAddress> addresses) =>
        addresses.Where(address => !address.Equals(IPAddress.Any) && !address.Equals(IPAddress.IPv6Any)).Distinct().ToList();
}
