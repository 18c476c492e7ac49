using Cybernetes.ApiServer.Registry.Core.Pods;
using Cybernetes.Objects;
using Cybernetes.Objects.Batch.V1;

namespace Cybernetes.ApiServer.Registry.Batch;

/// <summary>What jobs and the templates of jobs get without being asked.</summary>
internal static class JobDefaults
{
    public const string ControllerUid = "batch.kubernetes.io/controller-uid";
    public const string JobName = "batch.kubernetes.io/job-name";
    public const string OldControllerUid = "controller-uid";
    public const string OldJobName = "job-name";

    /// <summary>What is filled into the jobs of cron jobs too, as they stand in the cron job.</summary>
    public static void ApplyToTemplate(JobSpec spec)
    {
        PodDefaults.Apply(spec.Template);
        foreach (var pattern in spec.PodFailurePolicy?.Rules.OrEmpty().SelectMany(r => r.OnPodConditions.OrEmpty()) ?? [])
        {
            if (pattern.Status.Length == 0)
                pattern.Status = "True";
        }
    }

    /// <summary>
    /// Marks the pods with the job's own uid and name, and selects them by the uid. Labels that are there already stay: when they say something
    /// else, validation refuses the job.
    /// </summary>
    public static void GenerateSelector(Job job)
    {
        if (job.Spec.ManualSelector == true)
            return;
        var labels = job.Spec.Template.Metadata.Labels ??= [];
        labels.TryAdd(OldJobName, job.Metadata.Name);
        labels.TryAdd(JobName, job.Metadata.Name);
        labels.TryAdd(OldControllerUid, job.Metadata.UID);
        labels.TryAdd(ControllerUid, job.Metadata.UID);
        var selector = job.Spec.Selector ??= new();
        (selector.MatchLabels ??= []).TryAdd(ControllerUid, job.Metadata.UID);
        if (job.Metadata.Labels is not { Count: > 0 })
            job.Metadata.Labels = new(labels, StringComparer.Ordinal);
    }
}
