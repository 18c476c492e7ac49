using Cybernetes.Client.Informers;
using Cybernetes.Client.Transport;
using Cybernetes.Objects;

namespace Cybernetes.Controllers.Ownership;

/// <summary>Carries out what <see cref="Claims"/> decides: adopts matching orphans and lets go of what no longer matches.</summary>
internal static class Claiming
{
    /// <summary>The objects that the owner has after it. The store must have the owner index.</summary>
    /// <param name="mayAdopt">Which orphans are worth having; null: all.</param>
    /// <param name="finalizer">A finalizer that comes and goes with the ownership.</param>
    public static async Task<List<TChild>> ClaimAsync<TOwner, TChild>(
        ApiClient client, TOwner owner, LabelMatcher selector, ObjectStore<TChild> children, Func<TChild, bool>? mayAdopt,
        CancellationToken cancellation, string? finalizer = null)
        where TOwner : class, IKubernetesObject<TOwner>
        where TChild : class, IKubernetesObject<TChild>
    {
        var ns = owner.Metadata.Namespace;
        var claims = Claims.Decide(owner.Metadata, selector, [.. children.OwnedBy(owner.Metadata.UID), .. children.Orphans(ns, selector)]);
        var adopt = claims.Adopt.Where(c => mayAdopt?.Invoke(c) != false).ToList();
        if (adopt.Count > 0 && await IsStillThereAsync(client, owner, cancellation).ConfigureAwait(false))
        {
            foreach (var child in adopt)
            {
                var patch = Claims.Adoption(OwnerReferences.ToController(owner), child.Metadata.UID, finalizer);
                if (await PatchAsync(client, child, patch, cancellation).ConfigureAwait(false) is { } adopted)
                    claims.Owned.Add(adopted);
            }
        }
        foreach (var child in claims.Release)
            await PatchAsync(client, child, Claims.Release(owner.Metadata.UID, child.Metadata.UID, finalizer), cancellation).ConfigureAwait(false);
        return claims.Owned;
    }

    // The informer may not know yet that the owner is being deleted: what it adopted or made then would be deleted with it.
    internal static async Task<bool> IsStillThereAsync<TOwner>(ApiClient client, TOwner owner, CancellationToken cancellation)
        where TOwner : class, IKubernetesObject<TOwner>
    {
        var live = await client.For<TOwner>().FindAsync(owner.Metadata.Namespace, owner.Metadata.Name, cancellation).ConfigureAwait(false);
        return live is not null && live.Metadata.UID == owner.Metadata.UID && live.Metadata.DeletionTimestamp is null;
    }

    /// <returns>Null when the object is gone, or another has its name now.</returns>
    private static async Task<TChild?> PatchAsync<TChild>(ApiClient client, TChild child, ObjectPatch patch, CancellationToken cancellation)
        where TChild : class, IKubernetesObject<TChild>
    {
        try
        {
            return await client.For<TChild>()
                .PatchAsync(child.Metadata.Namespace, child.Metadata.Name, patch, cancellation: cancellation).ConfigureAwait(false);
        }
        catch (ApiStatusException failure) when (failure.IsNotFound || failure.IsInvalid)
        {
            return null;
        }
    }
}
