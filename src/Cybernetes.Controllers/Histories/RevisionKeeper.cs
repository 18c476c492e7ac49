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
    /// <summary>Adopts what matches, and makes or renumbers the present template's revision.</summary>
    public async Task<KeptRevisions> KeepAsync<TOwner>(
        TOwner owner, LabelMatcher selector, PodTemplateSpec template, int? collisionCount, CancellationToken cancellation)
        where TOwner : class, IKubernetesObject<TOwner>
    {
        var revisions = await Claiming.ClaimAsync(client, owner, selector, store, null, cancellation).ConfigureAwait(false);
        while (true)
        {
            var plan = RevisionHistory.Plan(owner, template, revisions, collisionCount, hashLabel);
            if (!plan.Create && !plan.Renumber)
                return new(plan.Revision, revisions, collisionCount);
            if (plan.Renumber)
            {
                var written = await client.For<ControllerRevision>().UpdateAsync(plan.Revision, cancellation: cancellation).ConfigureAwait(false);
                return new(written, [.. revisions.Where(r => r.Metadata.UID != written.Metadata.UID), written], collisionCount);
            }
            if (await CreateAsync(owner, template, plan.Revision, cancellation).ConfigureAwait(false) is { } made)
                return new(made, [.. revisions, made], collisionCount);
            collisionCount = (collisionCount ?? 0) + 1;
        }
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
            var own = Claims.ControllerOf(there.Metadata)?.UID == owner.Metadata.UID && RevisionHistory.Holds(there, template);
            return own ? there : null;
        }
    }
}
