using Cybernetes.Objects;
using Cybernetes.Objects.Core.V1;
using Cybernetes.Objects.Meta.V1;

namespace Cybernetes.ApiServer.Registry.Core.Pods;

/// <summary>What a client may not set in a pod, and what the server writes into it at its creation and at updates.</summary>
internal static class PodStrategy
{
    public static void PrepareForCreate(Pod pod, FeatureGates gates)
    {
        pod.Metadata.Generation = 1;
        pod.Status = new PodStatus { Phase = "Pending", QOSClass = PodQuality.Of(pod.Spec) };
        DisabledPodFields.Drop(pod.Spec, null, gates);
        if (pod.Spec.SchedulingGates is { Count: > 0 })
            pod.Status.Conditions = [Gated()];
        MergeLabelKeys(pod);
    }

    public static void PrepareForUpdate(Pod pod, Pod old, FeatureGates gates)
    {
        pod.Status = old.Status;
        DisabledPodFields.Drop(pod.Spec, old.Spec, gates);
        CountGeneration(pod, old);
    }

    /// <summary>Only the status comes from the client.</summary>
    public static void PrepareForStatusUpdate(Pod pod, Pod old)
    {
        pod.Spec = old.Spec;
        // The status of a pod may not touch who owns it.
        pod.Metadata.OwnerReferences = old.Metadata.OwnerReferences;
        if (pod.Status.QOSClass.Length == 0)
            pod.Status.QOSClass = old.Status.QOSClass;
        // Kubelets that do not know the field must not take it away.
        if (pod.Status.ObservedGeneration == 0)
            pod.Status.ObservedGeneration = old.Status.ObservedGeneration;
    }

    /// <summary>Only the list of ephemeral containers comes from the client.</summary>
    public static void PrepareForEphemeralUpdate(Pod pod, Pod old)
    {
        var wanted = pod.Spec.EphemeralContainers;
        pod.Spec = old.Spec.DeepClone();
        pod.Spec.EphemeralContainers = wanted;
        pod.Status = old.Status;
        MetadataRules.ResetForStatus(pod.Metadata, old.Metadata);
        CountGeneration(pod, old);
    }

    /// <summary>Only the containers' resources and what a change of them does come from the client.</summary>
    public static void PrepareForResize(Pod pod, Pod old)
    {
        // What adds, drops or moves containers is left as it is, for validation to refuse.
        if (!SameNames(pod.Spec.Containers, old.Spec.Containers) || !SameNames(pod.Spec.InitContainers, old.Spec.InitContainers))
            return;
        var wanted = pod.Spec;
        MetadataRules.ResetForStatus(pod.Metadata, old.Metadata);
        pod.Spec = old.Spec.DeepClone();
        pod.Status = old.Status;
        TakeResources(pod.Spec.Containers, wanted.Containers);
        TakeResources(pod.Spec.InitContainers, wanted.InitContainers);
        pod.Spec.Resources = wanted.Resources;
        CountGeneration(pod, old);
    }

    /// <summary>
    /// Seconds that a deleted pod is given: what the delete asks for, else what its spec says; none when it never ran or is done.
    /// </summary>
    public static long GraceSeconds(Pod pod, DeleteOptions options)
    {
        if (pod.Spec.NodeName.Length == 0 || pod.Status.Phase is "Failed" or "Succeeded")
            return 0;
        var seconds = options.GracePeriodSeconds ?? pod.Spec.TerminationGracePeriodSeconds ?? 0;
        // A negative period in an old pod's spec means: as soon as possible, but in order.
        return seconds < 0 ? 1 : seconds;
    }

    private static bool SameNames(List<Container>? containers, List<Container>? old) =>
        containers.OrEmpty().Select(c => c.Name).SequenceEqual(old.OrEmpty().Select(c => c.Name));

    private static void TakeResources(List<Container>? containers, List<Container>? wanted)
    {
        foreach (var (container, from) in containers.OrEmpty().Zip(wanted.OrEmpty()))
        {
            container.Resources = from.Resources;
            container.ResizePolicy = from.ResizePolicy;
        }
    }

    private static void CountGeneration(Pod pod, Pod old)
    {
        pod.Metadata.Generation = old.Metadata.Generation;
        if (!pod.Spec.SemanticEquals(old.Spec))
            pod.Metadata.Generation++;
    }

    private static PodCondition Gated() => new()
    {
        Type = "PodScheduled",
        Status = "False",
        Reason = "SchedulingGated",
        Message = "Scheduling is blocked due to non-empty scheduling gates",
    };

    /// <summary>Turns matchLabelKeys and mismatchLabelKeys into expressions with this pod's own label values.</summary>
    private static void MergeLabelKeys(Pod pod)
    {
        var labels = pod.Metadata.Labels;
        if (labels is null)
            return;
        var affinity = pod.Spec.Affinity;
        foreach (var term in affinity?.PodAffinity?.RequiredDuringSchedulingIgnoredDuringExecution.OrEmpty() ?? [])
            Merge(term, labels);
        foreach (var term in affinity?.PodAffinity?.PreferredDuringSchedulingIgnoredDuringExecution.OrEmpty() ?? [])
            Merge(term.PodAffinityTerm, labels);
        foreach (var term in affinity?.PodAntiAffinity?.RequiredDuringSchedulingIgnoredDuringExecution.OrEmpty() ?? [])
            Merge(term, labels);
        foreach (var term in affinity?.PodAntiAffinity?.PreferredDuringSchedulingIgnoredDuringExecution.OrEmpty() ?? [])
            Merge(term.PodAffinityTerm, labels);
        foreach (var constraint in pod.Spec.TopologySpreadConstraints.OrEmpty())
            Merge(constraint.LabelSelector, constraint.MatchLabelKeys, "In", labels);
    }

    private static void Merge(PodAffinityTerm term, Dictionary<string, string> labels)
    {
        Merge(term.LabelSelector, term.MatchLabelKeys, "In", labels);
        Merge(term.LabelSelector, term.MismatchLabelKeys, "NotIn", labels);
    }

    private static void Merge(LabelSelector? selector, List<string>? keys, string @operator, Dictionary<string, string> labels)
    {
        if (selector is null)
            return;
        foreach (var key in keys.OrEmpty())
        {
            if (labels.TryGetValue(key, out var value))
                (selector.MatchExpressions ??= []).Add(new LabelSelectorRequirement { Key = key, Operator = @operator, Values = [value] });
        }
    }
}
