using System.Net;

namespace Cybernetes.Cluster.Pki;

/// <summary>What the certificates of a cluster's control plane and of its own node are made for.</summary>
public sealed record ClusterPkiOptions
{
    /// <summary>The directory of the files, laid out as kubeadm's <c>/etc/kubernetes/pki</c>; made (0700) when missing.</summary>
    public required string Directory { get; init; }

    /// <summary>The name under which this machine's node registers.</summary>
    public required string NodeName { get; init; }

    /// <summary>The address of the <c>kubernetes</c> service: the first of the service range.</summary>
    public required IPAddress ServiceAddress { get; init; }

    /// <summary>The addresses under which clients reach this machine; wildcard addresses are passed over.</summary>
    public IReadOnlyList<IPAddress> Addresses { get; init; } = [];

    /// <summary>Further DNS names of the API server, such as a balancer's.</summary>
    public IReadOnlyList<string> ExtraNames { get; init; } = [];

    /// <summary>Default: cluster.local, as everywhere in Kubernetes.</summary>
    public string ClusterDomain { get; init; } = "cluster.local";

    /// <summary>Life of the authorities. Default: ten years, as kubeadm's.</summary>
    public TimeSpan AuthorityLifetime { get; init; } = TimeSpan.FromDays(3650);

    /// <summary>Life of every other certificate. Default: one year, as kubeadm's.</summary>
    public TimeSpan LeafLifetime { get; init; } = TimeSpan.FromDays(365);

    /// <summary>
    /// A certificate is renewed when less than this part of its life is left. Range: 0 to 1. Default: 0.25, so that a server that
    /// is started
    /// once a season never serves an expired one.
    /// </summary>
    public double RenewWhenLeft { get; init; } = 0.25;
}

/// <summary>The certificates of a cluster cannot be made or used; the message names the file and the way out.</summary>
public sealed class ClusterPkiException(string message, Exception? cause = null) : Exception(message, cause);
