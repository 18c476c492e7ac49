using Cybernetes.Objects;
using Cybernetes.Objects.Batch.V1;
using Cybernetes.Simulator.World;

namespace Cybernetes.Simulator.Invariants;

/// <summary>A cron job runs once at each of its times, and never beside itself where it forbids that.</summary>
internal sealed class CronRuns(ClusterModel model) : IInvariant
{
    private readonly HashSet<string> _runs = new(StringComparer.Ordinal);

    public string? See(Change change)
    {
        if (!change.IsNew || change.New is not Job job || OwnerReferences.ControllerOf(job) is not { Kind: "CronJob" } owner)
            return null;
        if (!_runs.Add(owner.UID + "/" + job.Metadata.Name))
            return $"{ClusterFacts.NameOf(job)} ran twice";
        var cron = model.In<CronJob>(job.Metadata.Namespace).FirstOrDefault(c => c.Metadata.UID == owner.UID);
        if (cron?.Spec.ConcurrencyPolicy != "Forbid")
            return null;
        var other = model.In<Job>(job.Metadata.Namespace)
            .FirstOrDefault(j => j.Metadata.UID != job.Metadata.UID && j.Metadata.DeletionTimestamp is null && !ClusterFacts.IsFinished(j)
                && OwnerReferences.IsControlledBy(j, cron));
        return other is null ? null
            : $"{ClusterFacts.NameOf(job)} was begun beside {ClusterFacts.NameOf(other)}, which {ClusterFacts.NameOf(cron)} forbids";
    }
}
