using Cybernetes.Objects;
using Cybernetes.Objects.Batch.V1;
using Cybernetes.Objects.Core.V1;
using Cybernetes.Simulator.World;

namespace Cybernetes.Simulator.Invariants;

/// <summary>A job counts each of its pods once, through crashes of its controller, and never counts back.</summary>
internal sealed class JobCounts(ClusterModel model) : IInvariant
{
    private const string Tracking = "batch.kubernetes.io/job-tracking";
    private readonly Dictionary<string, HashSet<string>> _succeeded = new(StringComparer.Ordinal);
    private readonly Dictionary<string, HashSet<string>> _others = new(StringComparer.Ordinal);
    private readonly Dictionary<string, HashSet<string>> _deletedAfter = new(StringComparer.Ordinal);

    public string? See(Change change) => change switch
    {
        { Object: Pod pod } => Note(change, pod),
        { Old: Job old, New: Job now } when old.Status.Succeeded > now.Status.Succeeded || old.Status.Failed > now.Status.Failed =>
            $"{ClusterFacts.NameOf(now)} counted back: succeeded {old.Status.Succeeded} to {now.Status.Succeeded}, failed {old.Status.Failed} to "
                + $"{now.Status.Failed}",
        { New: Job job } => TooMany(job),
        _ => null,
    };

    public IEnumerable<string> AtRest()
    {
        foreach (var job in model.All<Job>().Where(ClusterFacts.IsFinished))
        {
            var isComplete = job.Status.Conditions.OrEmpty().Any(c => c is { Type: "Complete", Status: "True" });
            var truth = CountOf(_succeeded, job);
            if (isComplete && job.Spec.Completions is { } wanted && job.Status.Succeeded < wanted)
                yield return $"{ClusterFacts.NameOf(job)} is complete with {job.Status.Succeeded} of {wanted}";
            if (job.Spec.CompletionMode != "Indexed" && (job.Status.Succeeded > truth || job.Status.Succeeded < truth - EitherOf(job)))
                yield return $"{ClusterFacts.NameOf(job)} says {job.Status.Succeeded} pods succeeded, {truth} did";
        }
    }

    private string? Note(Change change, Pod pod)
    {
        if (OwnerReferences.ControllerOf(pod) is not { Kind: "Job", UID: var job })
            return null;
        if (pod.Status.Phase == "Succeeded")
        {
            // One that is let go before its end does not count.
            if (pod.Metadata.Finalizers?.Contains(Tracking) == true)
            {
                SetOf(_succeeded, job).Add(pod.Metadata.UID);
                if (pod.Metadata.DeletionTimestamp is not null)
                    SetOf(_deletedAfter, job).Add(pod.Metadata.UID);
            }
        }
        // Deleted before its end: the controller may count it as failed. So it may when it is seen to be deleted and then succeeds.
        else if (pod.Status.Phase == "Failed" || change.New is null || pod.Metadata.DeletionTimestamp is not null)
            SetOf(_others, job).Add(pod.Metadata.UID);
        return null;
    }

    private string? TooMany(Job job)
    {
        var (succeeded, others) = (CountOf(_succeeded, job), CountOf(_others, job) + EitherOf(job, but: _others));
        if (job.Status.Succeeded > succeeded)
            return $"{ClusterFacts.NameOf(job)} says {job.Status.Succeeded} pods succeeded, {succeeded} have";
        if (job.Status.Failed > others)
            return $"{ClusterFacts.NameOf(job)} says {job.Status.Failed} pods failed, {others} have";
        return null;
    }

    // A job that fails counts the pods it ends as failed, as it sees them (upstream does so, too): one that succeeded in that moment is told as either.
    private int EitherOf(Job job, Dictionary<string, HashSet<string>>? but = null) =>
        job.Status.Conditions.OrEmpty().Any(c => c is { Type: "FailureTarget" or "Failed", Status: "True" })
            ? _deletedAfter.GetValueOrDefault(job.Metadata.UID)?.Count(pod => but?.GetValueOrDefault(job.Metadata.UID)?.Contains(pod) != true) ?? 0
            : 0;

    private static int CountOf(Dictionary<string, HashSet<string>> sets, Job job) => sets.TryGetValue(job.Metadata.UID, out var set) ? set.Count : 0;

    private static HashSet<string> SetOf(Dictionary<string, HashSet<string>> sets, string job)
    {
        if (!sets.TryGetValue(job, out var set))
            sets[job] = set = new(StringComparer.Ordinal);
        return set;
    }
}
