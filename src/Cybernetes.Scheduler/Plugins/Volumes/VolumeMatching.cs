using Cybernetes.Objects;
using Cybernetes.Objects.Core.V1;
using Cybernetes.Objects.Storage.V1;
using Cybernetes.Scheduler.Plugins.NodeAffinity;
using Cybernetes.Scheduler.Snapshot;

namespace Cybernetes.Scheduler.Plugins.Volumes;

/// <summary>Which volume may serve a claim on a node, and where a class can make one.</summary>
internal static class VolumeMatching
{
    /// <summary>The nodes from which a volume can be reached.</summary>
    public static NodeBits NodesOf(ClusterColumns columns, PersistentVolume volume) =>
        volume.Spec.NodeAffinity?.Required is { } required
            ? NodeSelection.Matching(columns, required.NodeSelectorTerms.OrEmpty())
            : NodeBits.Copy(columns.Live);

    /// <summary>The smallest free volume that fits the claim and is reached from the node; one made for the claim comes first.</summary>
    /// <param name="columns">The nodes.</param>
    /// <param name="claim">Not bound yet.</param>
    /// <param name="candidates">The volumes of the claim's class.</param>
    /// <param name="slot">The node.</param>
    /// <param name="taken">Volumes that other decisions have taken.</param>
    public static PersistentVolume? Smallest(
        ClusterColumns columns, PersistentVolumeClaim claim, IEnumerable<PersistentVolume> candidates, int slot, Func<string, bool> taken)
    {
        PersistentVolume? best = null;
        foreach (var volume in candidates)
        {
            if (volume.Metadata.DeletionTimestamp is not null || taken(volume.Metadata.Name) || !IsFreeFor(volume, claim) || !Fits(volume, claim))
                continue;
            if (volume.Spec.NodeAffinity is not null && !NodesOf(columns, volume)[slot])
                continue;
            if (volume.Spec.ClaimRef is not null)
                return volume;
            if (best is null || CapacityOf(volume) < CapacityOf(best))
                best = volume;
        }
        return best;
    }

    /// <summary>The nodes on which a class may make volumes: all, or those its allowedTopologies name.</summary>
    public static NodeBits AllowedBy(ClusterColumns columns, StorageClass @class)
    {
        if (@class.AllowedTopologies is not { Count: > 0 } topologies)
            return NodeBits.Copy(columns.Live);
        var allowed = new NodeBits(columns.Capacity);
        foreach (var term in topologies)
        {
            var nodes = NodeBits.Copy(columns.Live);
            foreach (var expression in term.MatchLabelExpressions.OrEmpty())
            {
                var any = new NodeBits(columns.Capacity);
                foreach (var value in expression.Values.OrEmpty())
                    any.UnionWith(columns.Labels.WithPair(expression.Key, value));
                nodes.IntersectWith(any);
            }
            allowed.UnionWith(nodes);
        }
        return allowed;
    }

    /// <summary>Whether the driver has told of room for the claim in the node's part of the cluster.</summary>
    public static bool HasRoom(IVolumeObjects objects, StorageClass @class, PersistentVolumeClaim claim, IReadOnlyDictionary<string, string> nodeLabels)
    {
        if (objects.Driver(@class.Provisioner) is not { Spec.StorageCapacity: true })
            return true;
        var wanted = RequestOf(claim);
        var labels = nodeLabels as Dictionary<string, string> ?? new Dictionary<string, string>(nodeLabels);
        return objects.CapacitiesOf(@class.Metadata.Name).Any(c =>
            c.NodeTopology is not null && LabelMatcher.For(c.NodeTopology).Matches(labels)
            && (c.MaximumVolumeSize ?? c.Capacity) is { } room && room >= wanted);
    }

    private static bool IsFreeFor(PersistentVolume volume, PersistentVolumeClaim claim)
    {
        if (volume.Spec.ClaimRef is not { } reference)
            return volume.Status.Phase is "Available" or "" or "Pending";
        return reference.Namespace == claim.Metadata.Namespace && reference.Name == claim.Metadata.Name
            && (reference.UID.Length == 0 || reference.UID == claim.Metadata.UID);
    }

    private static bool Fits(PersistentVolume volume, PersistentVolumeClaim claim)
    {
        if ((volume.Spec.VolumeMode ?? "Filesystem") != (claim.Spec.VolumeMode ?? "Filesystem") || CapacityOf(volume) < RequestOf(claim))
            return false;
        if (claim.Spec.Selector is not null && !LabelMatcher.For(claim.Spec.Selector).Matches(volume.Metadata.Labels))
            return false;
        if ((claim.Spec.VolumeAttributesClassName ?? "") != (volume.Spec.VolumeAttributesClassName ?? ""))
            return false;
        return claim.Spec.AccessModes.OrEmpty().All(mode => volume.Spec.AccessModes.OrEmpty().Contains(mode));
    }

    private static Quantity CapacityOf(PersistentVolume volume) => volume.Spec.Capacity.OrEmpty().TryGetValue("storage", out var size) ? size : Quantity.Zero;

    private static Quantity RequestOf(PersistentVolumeClaim claim) =>
        claim.Spec.Resources.Requests.OrEmpty().TryGetValue("storage", out var size) ? size : Quantity.Zero;
}
