using System.Globalization;
using Cybernetes.Controllers.Ownership;
using Cybernetes.Objects;
using Cybernetes.Objects.Batch.V1;
using Cybernetes.Objects.Core.V1;

namespace Cybernetes.Controllers.Jobs;

/// <summary>One pod to make.</summary>
/// <param name="Index">Its completion index; null for jobs that are not indexed.</param>
/// <param name="Replaced">The failed pod of that index whose failures it takes over; null where there is none.</param>
internal sealed record JobPodRequest(int? Index, Pod? Replaced);

/// <summary>The pods of a job: how one is made, and what is read off it. Pure.</summary>
internal static class JobPods
{
    /// <summary>Keeps a pod until it is counted.</summary>
    public const string Finalizer = "batch.kubernetes.io/job-tracking";

    private const string IndexKey = "batch.kubernetes.io/job-completion-index";
    private const string FailureCountKey = "batch.kubernetes.io/job-index-failure-count";
    private const string IgnoredCountKey = "batch.kubernetes.io/job-index-ignored-failure-count";
    private const string IndexVariable = "JOB_COMPLETION_INDEX";
    private const int LongestPrefix = 58;

    public static bool IsIndexed(Job job) => job.Spec.CompletionMode == CompletionMode.IndexedCompletion;

    public static bool IsSuspended(Job job) => job.Spec.Suspend == true;

    public static bool HasFinalizer(Pod pod) => pod.Metadata.Finalizers?.Contains(Finalizer) == true;

    public static bool IsTerminating(Pod pod) => pod.Metadata.DeletionTimestamp is not null && !PodState.IsFinished(pod);

    /// <summary>Pods on their way out hold their place until they are gone.</summary>
    public static bool ReplacesFailedOnly(Job job) => job.Spec.PodReplacementPolicy == "Failed" || job.Spec.PodFailurePolicy is not null;

    /// <summary>Whether the pod counts as failed: deleted ones do too, lest they hang for ever on a node that is lost.</summary>
    public static bool IsFailed(Job job, Pod pod)
    {
        if (pod.Status.Phase == PodPhase.Failed)
            return true;
        return !ReplacesFailedOnly(job) && pod.Metadata.DeletionTimestamp is not null && pod.Status.Phase != PodPhase.Succeeded;
    }

    /// <summary>The pod's completion index; null when it has none, or none of this job's.</summary>
    public static int? IndexOf(Job job, Pod pod) =>
        pod.Metadata.Annotations.OrEmpty().TryGetValue(IndexKey, out var text)
        && int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var index) && index < (job.Spec.Completions ?? 0) ? index : null;

    /// <summary>How often the index failed before this pod.</summary>
    public static int FailuresBefore(Pod pod) => Count(pod, FailureCountKey);

    /// <summary>As <see cref="FailuresBefore"/>, with those that the failure policy passes over.</summary>
    public static int AllFailuresBefore(Pod pod) => Count(pod, FailureCountKey) + Count(pod, IgnoredCountKey);

    /// <summary>The job's template with what every pod of it has.</summary>
    public static PodTemplateSpec Template(Job job)
    {
        var template = job.Spec.Template.DeepClone();
        var finalizers = template.Metadata.Finalizers ??= [];
        if (!finalizers.Contains(Finalizer))
            finalizers.Add(Finalizer);
        if (!IsIndexed(job))
            return template;
        foreach (var container in template.Spec.InitContainers.OrEmpty().Concat(template.Spec.Containers.OrEmpty()))
        {
            if (container.Env?.Any(e => e.Name == IndexVariable) == true)
                continue;
            (container.Env ??= []).Add(new()
            {
                Name = IndexVariable,
                ValueFrom = new() { FieldRef = new() { FieldPath = $"metadata.labels['{IndexKey}']" } },
            });
        }
        return template;
    }

    /// <param name="template">As <see cref="Template"/> gives it.</param>
    public static Pod For(Job job, PodTemplateSpec template, JobPodRequest request)
    {
        var pod = PodControl.FromTemplate(job, template);
        if (request.Index is not { } index)
            return pod;
        var number = index.ToString(CultureInfo.InvariantCulture);
        (pod.Metadata.Labels ??= new(StringComparer.Ordinal))[IndexKey] = number;
        var annotations = pod.Metadata.Annotations ??= new(StringComparer.Ordinal);
        annotations[IndexKey] = number;
        pod.Spec.Hostname = $"{job.Metadata.Name}-{number}";
        var suffix = $"-{number}-";
        var name = job.Metadata.Name;
        pod.Metadata.GenerateName = name.Length + suffix.Length > LongestPrefix ? name[..(LongestPrefix - suffix.Length)] + suffix : name + suffix;
        if (job.Spec.BackoffLimitPerIndex is null)
            return pod;
        var (failures, ignored) = FailuresAfter(job, request.Replaced);
        annotations[FailureCountKey] = failures.ToString(CultureInfo.InvariantCulture);
        if (ignored > 0)
            annotations[IgnoredCountKey] = ignored.ToString(CultureInfo.InvariantCulture);
        return pod;
    }

    /// <summary>When the pod ended, as near as its status tells.</summary>
    public static DateTimeOffset EndOf(Pod pod, DateTimeOffset now)
    {
        var ends = pod.Status.ContainerStatuses.OrEmpty().Select(c => c.State.Terminated?.FinishedAt).ToList();
        if (ends.Count > 0 && ends.All(e => e is not null))
            return ends.Max()!.Value;
        if (PodState.Condition(pod, "Ready") is { Status: "False", LastTransitionTime: { } since })
            return since;
        if (pod.Metadata.DeletionTimestamp is { } deleted)
            return deleted.AddSeconds(-(pod.Metadata.DeletionGracePeriodSeconds ?? 0));
        return pod.Metadata.CreationTimestamp ?? now;
    }

    private static (int Counted, int Ignored) FailuresAfter(Job job, Pod? replaced)
    {
        if (replaced is null)
            return (0, 0);
        var (counted, ignored) = (Count(replaced, FailureCountKey), Count(replaced, IgnoredCountKey));
        return FailurePolicy.Match(job, replaced).Counts ? (counted + 1, ignored) : (counted, ignored + 1);
    }

    private static int Count(Pod pod, string key) =>
        pod.Metadata.Annotations.OrEmpty().TryGetValue(key, out var text)
        && int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var count) ? count : 0;
}
