using Cybernetes.Objects.Authentication.V1;
using Cybernetes.Objects.Coordination.V1;
using Cybernetes.Objects.Core.V1;

namespace Cybernetes.Node.Agent;

/// <summary>
/// What the node agent asks of the API server, and nothing else: the exact list of a node's needs. Getters give null for what
/// is not
/// there; all other failures are the client's exceptions. <see cref="ClusterNodeApi"/> is the real one.
/// </summary>
public interface INodeApi
{
    Task<ConfigMap?> GetConfigMapAsync(string podNamespace, string name, CancellationToken cancellation);

    Task<Secret?> GetSecretAsync(string podNamespace, string name, CancellationToken cancellation);

    Task<PersistentVolumeClaim?> GetPersistentVolumeClaimAsync(string podNamespace, string name, CancellationToken cancellation);

    Task<PersistentVolume?> GetPersistentVolumeAsync(string name, CancellationToken cancellation);

    /// <summary>Asks for a token of a service account (its token subresource).</summary>
    Task<TokenRequest> CreateTokenAsync(
        string podNamespace, string serviceAccount, TokenRequest request, CancellationToken cancellation);

    Task<Pod?> GetPodAsync(string podNamespace, string name, CancellationToken cancellation);

    /// <summary>Patches a pod's status by strategic merge. Null when the pod is gone or, by the patch's uid, is another
    /// one.</summary>
    Task<Pod?> PatchPodStatusAsync(string podNamespace, string name, ReadOnlyMemory<byte> patch, CancellationToken cancellation);

    /// <summary>Removes the pod object at once (grace 0) if it still has the uid. Gone already is no error.</summary>
    Task RemovePodAsync(string podNamespace, string name, string uid, CancellationToken cancellation);

    Task<NodeObject?> GetNodeAsync(string name, CancellationToken cancellation);

    Task<NodeObject> CreateNodeAsync(NodeObject node, CancellationToken cancellation);

    Task<NodeObject> UpdateNodeAsync(NodeObject node, CancellationToken cancellation);

    Task<NodeObject> PatchNodeStatusAsync(string name, ReadOnlyMemory<byte> patch, CancellationToken cancellation);

    Task<Lease?> GetNodeLeaseAsync(string name, CancellationToken cancellation);

    Task<Lease> CreateNodeLeaseAsync(Lease lease, CancellationToken cancellation);

    Task<Lease> UpdateNodeLeaseAsync(Lease lease, CancellationToken cancellation);
}

/// <summary>Where the node agent's events go. Never fails and never waits.</summary>
public interface INodeEvents
{
    /// <param name="fieldPath">The container's place (<c>spec.containers{name}</c>); empty for the pod itself.</param>
    void Record(Pod pod, string fieldPath, string type, string reason, string message);

    /// <summary>An event about the node itself.</summary>
    void RecordNode(string type, string reason, string message);
}

/// <summary>The services of the cluster, for environment variables. Null while they are not known yet.</summary>
public interface IServiceLister
{
    IReadOnlyList<Service>? List(string serviceNamespace);
}
