using Cybernetes.ApiServer.Registry.Allocation;

namespace Cybernetes.ApiServer.Registry;

/// <summary>What some kinds need beside their objects. Handed to their constructors in <see cref="BuiltInKinds"/>.</summary>
internal sealed class KindServices
{
    /// <summary>Which features are on, for defaults and checks; strategies find them in <see cref="WriteContext.Gates"/>.</summary>
    public FeatureGates Gates { get; init; } = FeatureGates.Default;

    /// <summary>Cluster IPs and node ports, for Service.</summary>
    public required ServiceAddresses ServiceAddresses { get; init; }

    /// <summary>Signs service account tokens, for the token subresource of ServiceAccount.</summary>
    public required Authentication.ServiceAccountTokens Tokens { get; init; }

    /// <summary>The way to kubelets, for logs, exec, attach and port-forward of Pod.</summary>
    public required Streams.KubeletConnections Kubelets { get; init; }

    /// <summary>The way to what is proxied, for Pod, Service and Node.</summary>
    public required Streams.ProxyConnections Proxies { get; init; }

    /// <summary>How long events are kept.</summary>
    public TimeSpan EventTimeToLive { get; init; } = TimeSpan.FromHours(1);
}
