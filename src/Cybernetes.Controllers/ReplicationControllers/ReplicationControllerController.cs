using Cybernetes.Controllers.ReplicaSets;
using Cybernetes.Objects;
using Cybernetes.Objects.Apps.V1;
using Cybernetes.Objects.Core.V1;

namespace Cybernetes.Controllers.ReplicationControllers;

/// <summary>Keeps each replication controller at its number of pods, by the rules of replica sets.</summary>
internal sealed class ReplicationControllerController(ControllerContext context)
    : ReplicaController<ReplicationController>(
        context, "replicationcontroller-controller", context.Options.ConcurrentReplicationControllerSyncs)
{
    protected override ReplicaSet View(ReplicationController obj) => ReplicationControllerConversion.ToReplicaSet(obj);

    protected override ReplicationController WithStatus(ReplicationController obj, ReplicaSetStatus status)
    {
        var copy = obj.DeepClone();
        copy.Status = ReplicationControllerConversion.FromStatus(status);
        return copy;
    }
}

/// <summary>The old kind and the new one say the same in other words. Pure.</summary>
internal static class ReplicationControllerConversion
{
    /// <summary>The replica set that a replication controller amounts to. Metadata and template are shared with it.</summary>
    public static ReplicaSet ToReplicaSet(ReplicationController from) => new()
    {
        Metadata = from.Metadata,
        Spec =
        {
            Replicas = from.Spec.Replicas,
            MinReadySeconds = from.Spec.MinReadySeconds,
            // None at all would match every pod: such a controller takes none.
            Selector = from.Spec.Selector is { Count: > 0 } labels ? new() { MatchLabels = labels } : null,
            Template = from.Spec.Template ?? new(),
        },
        Status = new()
        {
            Replicas = from.Status.Replicas,
            FullyLabeledReplicas = from.Status.FullyLabeledReplicas,
            ReadyReplicas = from.Status.ReadyReplicas,
            AvailableReplicas = from.Status.AvailableReplicas,
            ObservedGeneration = from.Status.ObservedGeneration,
            Conditions = from.Status.Conditions is null ? null : [.. from.Status.Conditions.Select(c => new ReplicaSetCondition
            {
                Type = c.Type, Status = c.Status, LastTransitionTime = c.LastTransitionTime, Reason = c.Reason, Message = c.Message,
            })],
        },
    };

    /// <summary>The status; what the old kind has no field for is left out.</summary>
    public static ReplicationControllerStatus FromStatus(ReplicaSetStatus from) => new()
    {
        Replicas = from.Replicas,
        FullyLabeledReplicas = from.FullyLabeledReplicas,
        ReadyReplicas = from.ReadyReplicas,
        AvailableReplicas = from.AvailableReplicas,
        ObservedGeneration = from.ObservedGeneration,
        Conditions = from.Conditions is null ? null : [.. from.Conditions.Select(c => new ReplicationControllerCondition
        {
            Type = c.Type, Status = c.Status, LastTransitionTime = c.LastTransitionTime, Reason = c.Reason, Message = c.Message,
        })],
    };
}
