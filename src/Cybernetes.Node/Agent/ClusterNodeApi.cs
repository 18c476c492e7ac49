using Cybernetes.Client.Transport;
using Cybernetes.Objects;
using Cybernetes.Objects.Authentication.V1;
using Cybernetes.Objects.Coordination.V1;
using Cybernetes.Objects.Core.V1;
using Cybernetes.Objects.Meta.V1;
using Preconditions = Cybernetes.Objects.Meta.V1.Preconditions;

namespace Cybernetes.Node.Agent;

/// <summary>The API server as the node agent's <see cref="INodeApi"/>.</summary>
public sealed class ClusterNodeApi(ApiClient client) : INodeApi
{
    private const string LeaseNamespace = "kube-node-lease";

    public Task<ConfigMap?> GetConfigMapAsync(string podNamespace, string name, CancellationToken cancellation) =>
        client.For<ConfigMap>().FindAsync(podNamespace, name, cancellation);

    public Task<Secret?> GetSecretAsync(string podNamespace, string name, CancellationToken cancellation) =>
        client.For<Secret>().FindAsync(podNamespace, name, cancellation);

    public Task<PersistentVolumeClaim?> GetPersistentVolumeClaimAsync(string podNamespace, string name, CancellationToken cancellation) =>
        client.For<PersistentVolumeClaim>().FindAsync(podNamespace, name, cancellation);

    public Task<PersistentVolume?> GetPersistentVolumeAsync(string name, CancellationToken cancellation) =>
        client.For<PersistentVolume>().FindAsync(null, name, cancellation);

    public async Task<TokenRequest> CreateTokenAsync(
        string podNamespace, string serviceAccount, TokenRequest request, CancellationToken cancellation)
    {
        request.APIVersion = "authentication.k8s.io/v1";
        request.Kind = "TokenRequest";
        return await client.CreateTokenAsync(podNamespace, serviceAccount, request, cancellation).ConfigureAwait(false);
    }

    public Task<Pod?> GetPodAsync(string podNamespace, string name, CancellationToken cancellation) =>
        client.For<Pod>().FindAsync(podNamespace, name, cancellation);

    public async Task<Pod?> PatchPodStatusAsync(
        string podNamespace, string name, ReadOnlyMemory<byte> patch, CancellationToken cancellation)
    {
        try
        {
            return await client.For<Pod>().PatchAsync(
                podNamespace, name, ObjectPatch.Strategic(patch), subresource: "status", cancellation: cancellation)
                    .ConfigureAwait(false);
        }
        catch (ApiStatusException e) when (e.IsNotFound || e.IsConflict)
        {
            // The patch has no version, so a conflict is one of uids: another pod has the name now.
            return null;
        }
    }

    public async Task RemovePodAsync(string podNamespace, string name, string uid, CancellationToken cancellation)
    {
        try
        {
            var options = new DeleteOptions { GracePeriodSeconds = 0, Preconditions = new Preconditions { UID = uid } };
            await client.For<Pod>().DeleteAsync(podNamespace, name, options, cancellation).ConfigureAwait(false);
        }
        catch (ApiStatusException e) when (e.IsNotFound || e.IsConflict)
        {
            // Gone, or replaced by another of the name.
        }
    }

    public Task<NodeObject?> GetNodeAsync(string name, CancellationToken cancellation) =>
        client.For<NodeObject>().FindAsync(null, name, cancellation);

    public Task<NodeObject> CreateNodeAsync(NodeObject node, CancellationToken cancellation) =>
        client.For<NodeObject>().CreateAsync(node, cancellation: cancellation);

    public Task<NodeObject> UpdateNodeAsync(NodeObject node, CancellationToken cancellation) =>
        client.For<NodeObject>().UpdateAsync(node, cancellation: cancellation);

    public Task<NodeObject> PatchNodeStatusAsync(string name, ReadOnlyMemory<byte> patch, CancellationToken cancellation) =>
        client.For<NodeObject>().PatchAsync(
            null, name, ObjectPatch.Strategic(patch), subresource: "status", cancellation: cancellation);

    public Task<Lease?> GetNodeLeaseAsync(string name, CancellationToken cancellation) =>
        client.For<Lease>().FindAsync(LeaseNamespace, name, cancellation);

    public Task<Lease> CreateNodeLeaseAsync(Lease lease, CancellationToken cancellation) =>
        client.For<Lease>().CreateAsync(lease, cancellation: cancellation);

    public Task<Lease> UpdateNodeLeaseAsync(Lease lease, CancellationToken cancellation) =>
        client.For<Lease>().UpdateAsync(lease, cancellation: cancellation);
}
