using Cybernetes.Controllers.Ownership;
using Cybernetes.Objects;
using Cybernetes.Objects.Apps.V1;
using Cybernetes.Objects.Core.V1;

namespace Cybernetes.Controllers.ReplicaSets;

/// <summary>Keeps each replica set at its number of pods.</summary>
internal sealed class ReplicaSetController(ControllerContext context)
    : ReplicaController<ReplicaSet>(context, "replicaset-controller", context.Options.ConcurrentReplicaSetSyncs)
{
    protected override ReplicaSet View(ReplicaSet obj) => obj;

    protected override ReplicaSet WithStatus(ReplicaSet obj, ReplicaSetStatus status)
    {
        var copy = obj.DeepClone();
        copy.Status = status;
        return copy;
    }

    /// <summary>Active pods of all replica sets under the same controller: during a rollout they share nodes.</summary>
    protected override List<Pod> Related(ReplicaSet obj, List<Pod> own)
    {
        if (OwnerReferences.ControllerOf(obj) is not { } owner)
            return own;
        return [.. Sets.OwnedBy(owner.UID).SelectMany(s => Pods.OwnedBy(s.Metadata.UID)).Where(PodState.IsActive)];
    }
}
