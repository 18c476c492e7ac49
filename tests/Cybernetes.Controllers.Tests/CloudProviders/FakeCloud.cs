using System.Collections.Concurrent;
using Cybernetes.Controllers.CloudProviders;
using Cybernetes.Objects.Core.V1;
using ClusterNode = Cybernetes.Objects.Core.V1.Node;

namespace Cybernetes.Controllers.Tests.CloudProviders;

/// <summary>A provider that only remembers: it proves the seam.</summary>
internal sealed class FakeCloud : ICloudProvider, ICloudInstances, ICloudRoutes, ICloudLoadBalancers
{
    private int _made;

    public string Name => "fake";

    public ICloudInstances Instances => this;

    public ICloudRoutes Routes => this;

    public ICloudLoadBalancers LoadBalancers => this;

    /// <summary>Machines by the names of their nodes; true: shut down.</summary>
    public ConcurrentDictionary<string, bool> Machines { get; } = new(StringComparer.Ordinal);

    public ConcurrentDictionary<string, CloudRoute> Made { get; } = new(StringComparer.Ordinal);

    /// <summary>Load balancers by service, with the nodes they send to.</summary>
    public ConcurrentDictionary<string, string> Balancers { get; } = new(StringComparer.Ordinal);

    /// <summary>How many calls fail from now on.</summary>
    public int Failures { get; set; }

    public Task<bool> ExistsAsync(ClusterNode node, CancellationToken cancellation) => Task.FromResult(Machines.ContainsKey(node.Metadata.Name));

    public Task<bool> IsShutDownAsync(ClusterNode node, CancellationToken cancellation) =>
        Task.FromResult(Machines.TryGetValue(node.Metadata.Name, out var isDown) && isDown);

    public Task<InstanceMetadata> DescribeAsync(ClusterNode node, CancellationToken cancellation) => Task.FromResult(new InstanceMetadata
    {
        ProviderId = "fake://" + node.Metadata.Name, InstanceType = "large", Zone = "west-1", Region = "west",
        Addresses = [new() { Type = "InternalIP", Address = "192.0.2.7" }],
    });

    public Task<IReadOnlyList<CloudRoute>> ListAsync(string clusterName, CancellationToken cancellation) =>
        Task.FromResult<IReadOnlyList<CloudRoute>>([.. Made.Values]);

    public Task CreateAsync(string clusterName, string nameHint, CloudRoute route, CancellationToken cancellation)
    {
        var name = $"{clusterName}-{nameHint}-{Interlocked.Increment(ref _made)}";
        Made[name] = route with { Name = name };
        return Task.CompletedTask;
    }

    public Task DeleteAsync(string clusterName, CloudRoute route, CancellationToken cancellation)
    {
        Made.TryRemove(route.Name, out _);
        return Task.CompletedTask;
    }

    public Task<LoadBalancerStatus?> FindAsync(string clusterName, Service service, CancellationToken cancellation) =>
        Task.FromResult(Balancers.ContainsKey(service.Metadata.Name) ? Address : null);

    public Task<LoadBalancerStatus> EnsureAsync(string clusterName, Service service, IReadOnlyList<ClusterNode> nodes, CancellationToken cancellation)
    {
        if (Failures-- > 0)
            throw new InvalidOperationException("the provider is on strike");
        Balancers[service.Metadata.Name] = string.Join(',', nodes.Select(n => n.Metadata.Name));
        return Task.FromResult(Address);
    }

    public Task UpdateAsync(string clusterName, Service service, IReadOnlyList<ClusterNode> nodes, CancellationToken cancellation)
    {
        Balancers[service.Metadata.Name] = string.Join(',', nodes.Select(n => n.Metadata.Name));
        return Task.CompletedTask;
    }

    public Task EnsureDeletedAsync(string clusterName, Service service, CancellationToken cancellation)
    {
        Balancers.TryRemove(service.Metadata.Name, out _);
        return Task.CompletedTask;
    }

    private static LoadBalancerStatus Address => new() { Ingress = [new() { IP = "203.0.113.9" }] };
}
