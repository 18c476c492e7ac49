namespace Cybernetes.Network.ServiceProxy;

/// <summary>One port of one service, as the proxy serves it.</summary>
internal sealed record ServicePort
{
    public required string Namespace { get; init; }

    public required string Service { get; init; }

    /// <summary>The port's name; empty for a service's only, unnamed port.</summary>
    public required string Port { get; init; }

    /// <summary>Lower case: tcp, udp, sctp.</summary>
    public required string Protocol { get; init; }

    public required string ClusterIP { get; init; }

    public required int Number { get; init; }

    /// <summary>0 where the service has none.</summary>
    public int NodePort { get; init; }

    public IReadOnlyList<string> ExternalIPs { get; init; } = [];

    public IReadOnlyList<string> LoadBalancerIPs { get; init; } = [];

    /// <summary>Empty: everyone may use the load balancer's addresses.</summary>
    public IReadOnlyList<string> LoadBalancerSourceRanges { get; init; } = [];

    /// <summary>Seconds a client stays with its endpoint; 0 without session affinity.</summary>
    public int AffinitySeconds { get; init; }

    /// <summary>externalTrafficPolicy Local: traffic from outside stays on this node and keeps its source.</summary>
    public bool ExternalLocal { get; init; }

    /// <summary>internalTrafficPolicy Local.</summary>
    public bool InternalLocal { get; init; }

    public IReadOnlyList<ServiceEndpoint> Endpoints { get; init; } = [];

    /// <summary>What rules and logs call it: <c>namespace/service:port</c>, without the colon when the port has no name.</summary>
    public string Name => Port.Length == 0 ? $"{Namespace}/{Service}" : $"{Namespace}/{Service}:{Port}";

    public bool HasExternalAddress => NodePort > 0 || ExternalIPs.Count > 0 || LoadBalancerIPs.Count > 0;

    /// <summary>Endpoints for traffic that may go to any node: the ready ones, or else those that still serve while they terminate (KEP-1669).</summary>
    public IReadOnlyList<ServiceEndpoint> ClusterEndpoints => Usable(Endpoints);

    /// <summary>Endpoints on this node, by the same rule.</summary>
    public IReadOnlyList<ServiceEndpoint> LocalEndpoints => Usable([.. Endpoints.Where(e => e.IsLocal)]);

    private static IReadOnlyList<ServiceEndpoint> Usable(IReadOnlyList<ServiceEndpoint> endpoints)
    {
        IReadOnlyList<ServiceEndpoint> ready = [.. endpoints.Where(e => e.Ready)];
        return ready.Count > 0 ? ready : [.. endpoints.Where(e => e.Serving)];
    }
}

/// <summary>Where a service's traffic may go.</summary>
/// <param name="Serving">Answers, though it may be terminating.</param>
/// <param name="IsLocal">Runs on this node.</param>
internal readonly record struct ServiceEndpoint(string Address, int Port, bool Ready, bool Serving, bool IsLocal)
{
    public override string ToString() => $"{Address}:{Port}";
}
