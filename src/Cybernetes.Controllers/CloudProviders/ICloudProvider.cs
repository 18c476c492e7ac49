using Cybernetes.Objects.Core.V1;

namespace Cybernetes.Controllers.CloudProviders;

/// <summary>
/// What a cluster stands on, as controllers ask for it: upstream's cloud-provider interface. What a provider does not do is null, and the
/// controllers of it do not run. Calls may take long and fail: an exception is told in an event and tried again. Safe for concurrent use.
/// </summary>
public interface ICloudProvider
{
    /// <summary>The name in <c>--cloud-provider</c>, and the scheme of provider ids.</summary>
    string Name { get; }

    /// <summary>Knows machines.</summary>
    ICloudInstances? Instances { get; }

    /// <summary>Brings pods' packets to their nodes.</summary>
    ICloudRoutes? Routes { get; }

    /// <summary>Makes load balancers of services.</summary>
    ICloudLoadBalancers? LoadBalancers { get; }
}

/// <summary>The machines behind nodes (upstream's InstancesV2). A node is told as it stands: by its provider id, or by its name while it has none.</summary>
public interface ICloudInstances
{
    /// <summary>Whether the machine is there, in whatever state. False lets the node be deleted: in doubt, throw.</summary>
    Task<bool> ExistsAsync(Node node, CancellationToken cancellation);

    /// <summary>Whether the machine is there and shut down.</summary>
    Task<bool> IsShutDownAsync(Node node, CancellationToken cancellation);

    Task<InstanceMetadata> DescribeAsync(Node node, CancellationToken cancellation);
}

/// <summary>What a provider tells of a machine; what it does not know is empty.</summary>
public sealed record InstanceMetadata
{
    /// <summary><c>provider://machine</c>.</summary>
    public required string ProviderId { get; init; }

    public string InstanceType { get; init; } = "";

    public IReadOnlyList<NodeAddress> Addresses { get; init; } = [];

    public string Zone { get; init; } = "";

    public string Region { get; init; } = "";

    /// <summary>Further labels for the node.</summary>
    public IReadOnlyDictionary<string, string> AdditionalLabels { get; init; } = new Dictionary<string, string>();
}

/// <summary>A route to the pods of a node.</summary>
/// <param name="Name">The provider's own name; empty before it is made.</param>
/// <param name="TargetNode">The node's name.</param>
/// <param name="DestinationCidr">The addresses of its pods.</param>
/// <param name="IsBlackhole">Leads to a machine that is gone.</param>
public sealed record CloudRoute(string Name, string TargetNode, string DestinationCidr, bool IsBlackhole = false);

/// <summary>The routes of a cluster's pods.</summary>
public interface ICloudRoutes
{
    Task<IReadOnlyList<CloudRoute>> ListAsync(string clusterName, CancellationToken cancellation);

    /// <param name="clusterName">Whose route it is.</param>
    /// <param name="nameHint">May serve for the route's name: the node's uid.</param>
    /// <param name="route">What is wanted.</param>
    /// <param name="cancellation">Ends the call.</param>
    Task CreateAsync(string clusterName, string nameHint, CloudRoute route, CancellationToken cancellation);

    Task DeleteAsync(string clusterName, CloudRoute route, CancellationToken cancellation);
}

/// <summary>Load balancers of services of type LoadBalancer.</summary>
public interface ICloudLoadBalancers
{
    /// <summary>The balancer's addresses; null when there is none.</summary>
    Task<LoadBalancerStatus?> FindAsync(string clusterName, Service service, CancellationToken cancellation);

    /// <summary>Makes the balancer, or makes it as the service wants it. May be called again at any time.</summary>
    Task<LoadBalancerStatus> EnsureAsync(string clusterName, Service service, IReadOnlyList<Node> nodes, CancellationToken cancellation);

    /// <summary>Only the nodes changed.</summary>
    Task UpdateAsync(string clusterName, Service service, IReadOnlyList<Node> nodes, CancellationToken cancellation);

    /// <summary>Takes the balancer away; that there is none is as good.</summary>
    Task EnsureDeletedAsync(string clusterName, Service service, CancellationToken cancellation);
}

/// <summary>The providers that <c>--cloud-provider</c> names.</summary>
public static class CloudProviderCatalog
{
    /// <summary>Upstream's word for a provider whose controllers run in a process of their own.</summary>
    public const string External = "external";

    /// <summary>Whether the name is one that may stand in the flag: none of our own is built yet.</summary>
    public static bool IsKnown(string name) => name is "" or External;
}
