using System.Globalization;
using Cybernetes.Objects;
using Cybernetes.Objects.Batch.V1;
using Cybernetes.Objects.Meta.V1;
using Cybernetes.Simulator.World;

namespace Cybernetes.Simulator.Invariants;

/// <summary>A cron job runs once at each of its times, and never beside itself where it forbids that.</summary>
internal sealed class CronRuns(ClusterModel model) : IInvariant
{
    private readonly HashSet<string> _runs = new(StringComparer.Ordinal);

    public string? See(Change change)
    {
        if (change.Object is not Job job || OwnerReferences.ControllerOf(job) is not { Kind: "CronJob" } owner)
            return null;
        var cron = model.In<CronJob>(job.Metadata.Namespace).FirstOrDefault(c => c.Metadata.UID == owner.UID);
        // A job that a user deletes before its run is noted anywhere else leaves nothing behind by which one could know of it.
        if (change.New is null && !IsNoted(cron, job))
            _runs.Remove(RunOf(owner, job));
        if (!change.IsNew)
            return null;
        if (!_runs.Add(RunOf(owner, job)))
            return $"{ClusterFacts.NameOf(job)} ran twice";
        if (cron?.Spec.ConcurrencyPolicy != "Forbid")
            return null;
        var other = model.In<Job>(job.Metadata.Namespace)
            .FirstOrDefault(j => j.Metadata.UID != job.Metadata.UID && j.Metadata.DeletionTimestamp is null && !ClusterFacts.IsFinished(j)
                && OwnerReferences.IsControlledBy(j, cron));
        return other is null ? null
            : $"{ClusterFacts.NameOf(job)} was begun beside {ClusterFacts.NameOf(other)}, which {ClusterFacts.NameOf(cron)} forbids";
    }

    private static string RunOf(OwnerReference owner, Job job) => $"{owner.UID}/{job.Metadata.Name}";

    private static bool IsNoted(CronJob? cron, Job job) => cron?.Status.LastScheduleTime is { } last
        && long.TryParse(job.Metadata.Name.AsSpan(job.Metadata.Name.LastIndexOf('-') + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var minutes)
        && last.ToUnixTimeSeconds() >= minutes * 60;
}
