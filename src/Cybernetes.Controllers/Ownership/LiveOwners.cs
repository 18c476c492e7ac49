using System.Collections.Concurrent;
using Cybernetes.Client.Informers;
using Cybernetes.Client.Transport;
using Cybernetes.Objects;
using Cybernetes.Objects.Core.V1;

namespace Cybernetes.Controllers.Ownership;

/// <summary>
/// Doubts about owners that an informer shows. Where the owner's watch trails while the pods' is up to date, an owner that is gone has its pods
/// collected as fast as they are made, without end. So who lost a pod before it ran is asked for at the API server before it gets another one.
/// Safe for concurrent use.
/// </summary>
internal sealed class LiveOwners<TOwner>(ApiClient client) where TOwner : class, IKubernetesObject<TOwner>
{
    private readonly ConcurrentDictionary<string, ObjectKey> _doubted = new(StringComparer.Ordinal);

    /// <summary>Notes that a pod of the owner goes.</summary>
    public void Lost(TOwner owner, Pod pod)
    {
        if (pod.Status.Phase is "" or PodPhase.Pending)
            _doubted[owner.Metadata.UID] = ObjectKey.Of(owner);
    }

    /// <summary>Whether pods may be made for the owner. Where not, the informer's own event of it is on the way and brings it here again.</summary>
    /// <exception cref="ApiStatusException">The API server does not say.</exception>
    public async Task<bool> IsLiveAsync(TOwner owner, CancellationToken cancellation)
    {
        if (!_doubted.TryRemove(owner.Metadata.UID, out var key))
            return true;
        var isLive = false;
        try
        {
            return isLive = await Claiming.IsStillThereAsync(client, owner, cancellation).ConfigureAwait(false);
        }
        finally
        {
            if (!isLive)
                _doubted[owner.Metadata.UID] = key;
        }
    }

    /// <summary>The informer knows that the owner is gone.</summary>
    public void Forget(TOwner owner) => _doubted.TryRemove(owner.Metadata.UID, out _);
}
