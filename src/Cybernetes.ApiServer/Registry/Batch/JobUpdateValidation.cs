using Cybernetes.ApiServer.Registry.Apps;
using Cybernetes.Objects;
using Cybernetes.Objects.Batch.V1;
using Cybernetes.Objects.Core.V1;

namespace Cybernetes.ApiServer.Registry.Batch;

/// <summary>What may change in a job that exists: while it is suspended, where and with what its pods run.</summary>
internal static class JobUpdateValidation
{
    public static void Validate(JobSpec spec, Job before, FeatureGates gates, FieldPath path, FieldErrorList errors)
    {
        var old = before.Spec;
        Completions(spec, old, path.Child("completions"), errors);
        WorkloadValidation.Immutable(spec.Selector, old.Selector, path, "selector", errors);
        var isStopped = before.Status.Active == 0 && JobStatusValidation.IsTrue(before.Status.Conditions, "Suspended");
        var isNew = before.Status.StartTime is null;
        var mayMove = old.Suspend == true && (isNew || (isStopped && gates.IsEnabled("MutableSchedulingDirectivesForSuspendedJobs")));
        var mayResize = old.Suspend == true && (isNew || isStopped) && gates.IsEnabled("MutablePodResourcesForSuspendedJobs");
        var wanted = old.Template.DeepClone();
        if (mayMove)
            Move(wanted, spec.Template);
        if (mayResize)
            Resize(wanted.Spec, spec.Template.Spec);
        if (!spec.Template.SemanticEquals(wanted))
            errors.Invalid(path.Child("template"), spec.Template, FieldChecks.Immutability);
        if (spec.CompletionMode != old.CompletionMode)
            errors.Invalid(path.Child("completionMode"), spec.CompletionMode, FieldChecks.Immutability);
        WorkloadValidation.Immutable(spec.PodFailurePolicy, old.PodFailurePolicy, path, "podFailurePolicy", errors);
        if (spec.BackoffLimitPerIndex != old.BackoffLimitPerIndex)
            errors.Invalid(path.Child("backoffLimitPerIndex"), spec.BackoffLimitPerIndex, FieldChecks.Immutability);
        if (spec.ManagedBy != old.ManagedBy)
            errors.Invalid(path.Child("managedBy"), spec.ManagedBy, FieldChecks.Immutability);
        WorkloadValidation.Immutable(spec.SuccessPolicy, old.SuccessPolicy, path, "successPolicy", errors);
    }

    // An indexed job may grow and shrink, all of it at once.
    private static void Completions(JobSpec spec, JobSpec old, FieldPath path, FieldErrorList errors)
    {
        if (spec.Completions == old.Completions)
            return;
        if (spec.CompletionMode != "Indexed")
            errors.Invalid(path, spec.Completions, FieldChecks.Immutability);
        else if (spec.Completions is not null && spec.Completions != spec.Parallelism)
            errors.Invalid(path, spec.Completions, "can only be modified in tandem with spec.parallelism");
    }

    /// <summary>Gives the old template the parts of the new one that decide where pods run.</summary>
    private static void Move(PodTemplateSpec template, PodTemplateSpec wanted)
    {
        var (to, from) = (template.Spec, wanted.Spec);
        if (from.Affinity is null && to.Affinity is not null)
        {
            to.Affinity.NodeAffinity = null;
            if (to.Affinity is { PodAffinity: null, PodAntiAffinity: null })
                to.Affinity = null;
        }
        else if (from.Affinity is not null)
        {
            (to.Affinity ??= new Affinity()).NodeAffinity = from.Affinity.NodeAffinity;
        }
        to.NodeSelector = from.NodeSelector;
        to.Tolerations = from.Tolerations;
        to.SchedulingGates = from.SchedulingGates;
        template.Metadata.Annotations = wanted.Metadata.Annotations;
        template.Metadata.Labels = wanted.Metadata.Labels;
    }

    /// <summary>Gives the old template's containers what those of the new one ask for and may use.</summary>
    private static void Resize(PodSpec to, PodSpec from)
    {
        CopyResources(to.Containers, from.Containers);
        CopyResources(to.InitContainers, from.InitContainers);
    }

    private static void CopyResources(List<Container>? to, List<Container>? from)
    {
        foreach (var container in to.OrEmpty())
        {
            if (from.OrEmpty().FirstOrDefault(c => c.Name == container.Name) is { } wanted)
                container.Resources = wanted.Resources;
        }
    }
}
