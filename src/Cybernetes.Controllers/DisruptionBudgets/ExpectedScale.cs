using Cybernetes.Client.Discovery;
using Cybernetes.Client.Informers;
using Cybernetes.Client.Transport;
using Cybernetes.Controllers.Ownership;
using Cybernetes.Objects;
using Cybernetes.Objects.Apps.V1;
using Cybernetes.Objects.Core.V1;
using OwnerReference = Cybernetes.Objects.Meta.V1.OwnerReference;

namespace Cybernetes.Controllers.DisruptionBudgets;

/// <summary>How many pods the controllers of a set of pods want.</summary>
/// <param name="Replicas">Their sum.</param>
/// <param name="Unmanaged">Pods that nobody controls.</param>
internal sealed record ScaleSum(int Replicas, IReadOnlyList<string> Unmanaged);

/// <summary>Asks the controllers of pods for their replicas: those of apps by informers, any other through its scale subresource.</summary>
internal sealed class ExpectedScale(
    ApiClient client, ObjectStore<ReplicaSet> replicaSets, ObjectStore<Deployment> deployments, ObjectStore<StatefulSet> statefulSets)
{
    private static readonly TimeSpan s_discoveryAge = TimeSpan.FromMinutes(5);

    private IReadOnlyList<ServedResource> _served = [];
    private DateTimeOffset _servedUntil;

    /// <exception cref="ReconcileFailedException">A controller does not tell how many pods it wants.</exception>
    public async Task<ScaleSum> OfAsync(IReadOnlyList<Pod> pods, CancellationToken cancellation)
    {
        var known = new Dictionary<string, int>(StringComparer.Ordinal);
        var unmanaged = new List<string>();
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (var pod in pods)
        {
            if (OwnerReferences.ControllerOf(pod) is not { } owner)
                unmanaged.Add(pod.Metadata.Name);
            else if (seen.Add(owner.UID) && await FindAsync(pod.Metadata.Namespace, owner, cancellation).ConfigureAwait(false) is var (uid, replicas))
                known[uid] = replicas;
        }
        return new((int)Math.Min(int.MaxValue, known.Values.Sum(v => (long)v)), unmanaged);
    }

    /// <returns>The uid and replicas of whoever decides, which for a deployment's replica set is the deployment; null when it is gone.</returns>
    private async Task<(string Uid, int Replicas)?> FindAsync(string ns, OwnerReference owner, CancellationToken cancellation)
    {
        var group = owner.APIVersion.Contains('/') ? owner.APIVersion[..owner.APIVersion.IndexOf('/')] : "";
        if (owner.Kind == "ReplicaSet" && group is "apps" or "extensions" && replicaSets.Get(ns, owner.Name) is { } set && set.Metadata.UID == owner.UID)
        {
            return OwnerReferences.ControllerOf(set) is { Kind: "Deployment" } top && deployments.Get(ns, top.Name) is { } deployment
                && deployment.Metadata.UID == top.UID
                ? (deployment.Metadata.UID, deployment.Spec.Replicas ?? 1) : (set.Metadata.UID, set.Spec.Replicas ?? 1);
        }
        if (owner.Kind == "StatefulSet" && group == "apps" && statefulSets.Get(ns, owner.Name) is { } stateful && stateful.Metadata.UID == owner.UID)
            return (stateful.Metadata.UID, stateful.Spec.Replicas ?? 1);
        return await AskAsync(ns, owner, group, cancellation).ConfigureAwait(false);
    }

    private async Task<(string Uid, int Replicas)?> AskAsync(string ns, OwnerReference owner, string group, CancellationToken cancellation)
    {
        if (await ResourceAsync(group, owner.Kind, cancellation).ConfigureAwait(false) is not { } resource)
            throw new ReconcileFailedException($"no matches for kind \"{owner.Kind}\" in version \"{owner.APIVersion}\"");
        try
        {
            var scale = await client.GetScaleAsync(resource, ns, owner.Name, cancellation).ConfigureAwait(false);
            return scale.Metadata.UID == owner.UID ? (owner.UID, scale.Spec.Replicas) : null;
        }
        catch (ApiStatusException failure) when (failure.IsNotFound)
        {
            // The object may be gone, or its kind has no scale: only the latter is a mistake of the budget.
            var there = await new MetadataClient(client, resource).FindAsync(ns, owner.Name, cancellation).ConfigureAwait(false);
            if (there is null)
                return null;
            var name = resource.Group.Length == 0 ? resource.Plural : $"{resource.Plural}.{resource.Group}";
            throw new ReconcileFailedException($"{name} does not implement the scale subresource");
        }
    }

    private async Task<ServedResource?> ResourceAsync(string group, string kind, CancellationToken cancellation)
    {
        var found = _served.FirstOrDefault(r => r.Group == group && r.Kind == kind);
        if (found is not null || client.Time.GetUtcNow() < _servedUntil)
            return found;
        _served = await ServerResources.ListAsync(client, new List<string>(), cancellation).ConfigureAwait(false);
        _servedUntil = client.Time.GetUtcNow() + s_discoveryAge;
        return _served.FirstOrDefault(r => r.Group == group && r.Kind == kind);
    }
}
