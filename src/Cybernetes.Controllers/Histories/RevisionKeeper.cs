using System.Collections.Concurrent;
using Cybernetes.Client.Informers;
using Cybernetes.Client.Transport;
using Cybernetes.Controllers.Ownership;
using Cybernetes.Objects;
using Cybernetes.Objects.Apps.V1;
using Cybernetes.Objects.Core.V1;

namespace Cybernetes.Controllers.Histories;

/// <summary>The revisions of an owner after the present template has its own.</summary>
/// <param name="Present">The present template's.</param>
/// <param name="All">All, the present one included.</param>
/// <param name="CollisionCount">How often another template had the same hash; to be kept in the owner's status.</param>
internal sealed record KeptRevisions(ControllerRevision Present, IReadOnlyList<ControllerRevision> All, int? CollisionCount);

/// <summary>Carries out what <see cref="RevisionHistory"/> decides.</summary>
/// <param name="hashLabel">The label under which a revision carries its hash.</param>
internal sealed class RevisionKeeper(ApiClient client, ObjectStore<ControllerRevision> store, string hashLabel)
{
    // By owner, the last that was written: a history without it would count its numbers anew, and take an old template for the present one.
    private readonly ConcurrentDictionary<string, ControllerRevision> _last = new(StringComparer.Ordinal);

    /// <summary>To be called when the owner is gone.</summary>
    public void Forget(string ownerUid) => _last.TryRemove(ownerUid, out _);

    /// <summary>Adopts what matches, and makes or renumbers the present template's revision.</summary>
    public async Task<KeptRevisions> KeepAsync<TOwner>(
        TOwner owner, LabelMatcher selector, PodTemplateSpec template, int? collisionCount, CancellationToken cancellation)
        where TOwner : class, IKubernetesObject<TOwner>
    {
        var revisions = await Claiming.ClaimAsync(client, owner, selector, store, null, cancellation).ConfigureAwait(false);
        await CatchUpAsync(owner.Metadata.UID, revisions, cancellation).ConfigureAwait(false);
        while (true)
        {
            var plan = RevisionHistory.Plan(owner, template, revisions, collisionCount, hashLabel);
            if (!plan.Create && !plan.Renumber)
                return new(plan.Revision, revisions, collisionCount);
            if (plan.Renumber)
            {
                var written = await client.For<ControllerRevision>().UpdateAsync(plan.Revision, cancellation: cancellation).ConfigureAwait(false);
                _last[owner.Metadata.UID] = written;
                return new(written, [.. revisions.Where(r => r.Metadata.UID != written.Metadata.UID), written], collisionCount);
            }
            if (await IsLeavingAsync(owner, cancellation).ConfigureAwait(false))
                return new(plan.Revision, revisions, collisionCount);
            if (await CreateAsync(owner, template, plan.Revision, cancellation).ConfigureAwait(false) is { } made)
            {
                _last[owner.Metadata.UID] = made;
                return new(made, [.. revisions.Where(r => r.Metadata.UID != made.Metadata.UID), made], collisionCount);
            }
            collisionCount = (collisionCount ?? 0) + 1;
        }
    }

    /// <summary>
    /// Whether the owner goes, whatever the informer shows: the garbage collector would take what is made now, and that would bring the owner
    /// here again, without end as long as its own watch is behind.
    /// </summary>
    private async Task<bool> IsLeavingAsync<TOwner>(TOwner owner, CancellationToken cancellation)
        where TOwner : class, IKubernetesObject<TOwner>
    {
        var live = await client.For<TOwner>().FindAsync(owner.Metadata.Namespace, owner.Metadata.Name, cancellation).ConfigureAwait(false);
        return live is null || live.Metadata.UID != owner.Metadata.UID || live.Metadata.DeletionTimestamp is not null;
    }

    /// <summary>Puts the last write in where the informer does not show it yet.</summary>
    private async Task CatchUpAsync(string owner, List<ControllerRevision> revisions, CancellationToken cancellation)
    {
        if (!_last.TryGetValue(owner, out var last))
            return;
        var shown = revisions.FindIndex(r => r.Metadata.UID == last.Metadata.UID);
        if (shown >= 0)
        {
            if (revisions[shown].Revision < last.Revision)
                revisions[shown] = last;
            return;
        }
        var live = await client.For<ControllerRevision>().FindAsync(last.Metadata.Namespace, last.Metadata.Name, cancellation).ConfigureAwait(false);
        if (live is not null && live.Metadata.UID == last.Metadata.UID && OwnerReferences.ControllerOf(live)?.UID == owner)
            revisions.Add(live);
        else
            Forget(owner);
    }

    /// <summary>Deletes the revisions beyond the limit that nothing is made of.</summary>
    public async Task TruncateAsync(
        IEnumerable<ControllerRevision> old, Func<ControllerRevision, bool> isLive, int limit, CancellationToken cancellation)
    {
        foreach (var surplus in RevisionHistory.Surplus([.. old], isLive, limit))
        {
            await client.IgnoreNotFoundAsync(c => c.For<ControllerRevision>().DeleteAsync(
                surplus.Metadata.Namespace, surplus.Metadata.Name, cancellation: cancellation)).ConfigureAwait(false);
        }
    }

    /// <returns>Null when another template has the same name.</returns>
    private async Task<ControllerRevision?> CreateAsync<TOwner>(
        TOwner owner, PodTemplateSpec template, ControllerRevision revision, CancellationToken cancellation)
        where TOwner : class, IKubernetesObject<TOwner>
    {
        var revisions = client.For<ControllerRevision>();
        try
        {
            return await revisions.CreateAsync(revision, cancellation: cancellation).ConfigureAwait(false);
        }
        catch (ApiStatusException failure) when (failure.IsAlreadyExists)
        {
            var there = await revisions.FindAsync(revision.Metadata.Namespace, revision.Metadata.Name, cancellation).ConfigureAwait(false);
            if (there is null)
                throw;
            // Made by this controller a moment ago, and the informer does not show it yet.
            var own = OwnerReferences.ControllerOf(there)?.UID == owner.Metadata.UID && RevisionHistory.Holds(there, template);
            return own ? there : null;
        }
    }
}
