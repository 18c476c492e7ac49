using System.Collections.Concurrent;
using Cybernetes.Client.Informers;
using Cybernetes.Client.Transport;
using Cybernetes.Objects;

namespace Cybernetes.Controllers.Ownership;

/// <summary>
/// Doubts about owners that an informer shows. Where the owner's watch trails while that of its pods or sets is up to date, an owner that is gone
/// has them collected as fast as they are made, without end. So who lost one is asked for at the API server before it gets another one.
/// Safe for concurrent use.
/// </summary>
internal sealed class LiveOwners<TOwner>(ApiClient client) where TOwner : class, IKubernetesObject<TOwner>
{
    // By key the uid, so that an owner of the same name is not held to its forerunner's loss.
    private readonly ConcurrentDictionary<ObjectKey, string> _doubted = new();

    /// <summary>Notes that something of the owner goes.</summary>
    public void Lost(TOwner owner) => _doubted[ObjectKey.Of(owner)] = owner.Metadata.UID;

    /// <summary>Whether anything may be made for the owner. Where not, the informer's own event of it is on the way and brings it here again.</summary>
    /// <exception cref="ApiStatusException">The API server does not say.</exception>
    public async Task<bool> IsLiveAsync(TOwner owner, CancellationToken cancellation)
    {
        var key = ObjectKey.Of(owner);
        if (!_doubted.TryRemove(key, out var uid) || uid != owner.Metadata.UID)
            return true;
        var isLive = false;
        try
        {
            return isLive = await Claiming.IsStillThereAsync(client, owner, cancellation).ConfigureAwait(false);
        }
        finally
        {
            if (!isLive)
                _doubted.TryAdd(key, uid);
        }
    }

    /// <summary>The informer knows that the owner is gone.</summary>
    public void Forget(ObjectKey key) => _doubted.TryRemove(key, out _);
}
