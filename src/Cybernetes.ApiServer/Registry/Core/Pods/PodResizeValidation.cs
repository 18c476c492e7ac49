using Cybernetes.Objects;
using Cybernetes.Objects.Core.V1;

namespace Cybernetes.ApiServer.Registry.Core.Pods;

/// <summary>What a resize may change: CPU and memory of containers that can take it, and not so far that the pod's quality of service changes.</summary>
internal static class PodResizeValidation
{
    private static readonly FieldPath SpecPath = FieldPath.Of("spec");

    /// <summary><see cref="PodValidation.Validate"/> has run.</summary>
    public static void Validate(Pod pod, Pod old, FieldErrorList errors)
    {
        if (old.Metadata.Annotations?.ContainsKey(PodAnnotationsValidation.Mirror) == true)
        {
            Only("static pods cannot be resized", errors);
            return;
        }
        if (old.Spec.OS?.Name == "windows")
        {
            Only("windows pods cannot be resized", errors);
            return;
        }
        var quality = old.Status.QOSClass.Length > 0 ? old.Status.QOSClass : PodQuality.Of(old.Spec);
        var wanted = PodQuality.Of(pod.Spec);
        if (quality != wanted)
            errors.Invalid(SpecPath, wanted, "Pod QOS Class may not change as a result of resizing");
        if (old.Status.ContainerStatuses.OrEmpty().FirstOrDefault(s => s.State.Running is not null) is { Resources: null })
            errors.Forbidden(SpecPath, "Pod running on node without support for resize");
        if (!SameOrder(pod.Spec.Containers, old.Spec.Containers, SpecPath.Child("containers"), errors)
            || !SameOrder(pod.Spec.InitContainers, old.Spec.InitContainers, SpecPath.Child("initContainers"), errors))
            return;
        Removed(pod.Spec.Containers, old.Spec.Containers, SpecPath.Child("containers"), errors);
        Removed(pod.Spec.InitContainers, old.Spec.InitContainers, SpecPath.Child("initContainers"), errors);
        OnlyProcessorAndMemory(pod, old, errors);
    }

    private static void Only(string detail, FieldErrorList errors)
    {
        errors.Clear();
        errors.Forbidden(FieldPath.Of(""), detail);
    }

    private static bool SameOrder(List<Container>? containers, List<Container>? old, FieldPath path, FieldErrorList errors)
    {
        if ((containers?.Count ?? 0) != (old?.Count ?? 0))
        {
            errors.Forbidden(path, "containers may not be added or removed on resize");
            return false;
        }
        for (var i = 0; i < (containers?.Count ?? 0); i++)
        {
            if (containers![i].Name == old![i].Name)
                continue;
            errors.Forbidden(path, "containers may not be renamed or reordered on resize");
            return false;
        }
        return true;
    }

    private static void Removed(List<Container>? containers, List<Container>? old, FieldPath path, FieldErrorList errors)
    {
        for (var i = 0; i < (containers?.Count ?? 0); i++)
        {
            var (now, before) = (containers![i].Resources, old![i].Resources);
            if (Lacks(now.Requests, before.Requests))
                errors.Forbidden(path.Index(i).Child("resources", "requests"), "resource requests cannot be removed");
            if (Lacks(now.Limits, before.Limits))
                errors.Forbidden(path.Index(i).Child("resources", "limits"), "resource limits cannot be removed");
        }
    }

    private static bool Lacks(Dictionary<string, Quantity>? now, Dictionary<string, Quantity>? before) =>
        before is not null && before.Keys.Any(name => now?.ContainsKey(name) != true);

    private static void OnlyProcessorAndMemory(Pod pod, Pod old, FieldErrorList errors)
    {
        var spec = pod.Spec.DeepClone();
        for (var i = 0; i < (spec.Containers?.Count ?? 0); i++)
            Restore(spec.Containers![i].Resources, old.Spec.Containers![i].Resources);
        for (var i = 0; i < (spec.InitContainers?.Count ?? 0); i++)
        {
            // Init containers that end before the others start cannot be resized; those that run beside them can.
            if (spec.InitContainers![i].RestartPolicy == "Always")
                Restore(spec.InitContainers[i].Resources, old.Spec.InitContainers![i].Resources);
        }
        if (spec.Resources is { } resources && old.Spec.Resources is { } before)
            Restore(resources, before);
        if (!spec.SemanticEquals(old.Spec))
            errors.Forbidden(SpecPath, $"only cpu and memory resources are mutable\n{ObjectDifference.Of(old.Spec.WriteJson, spec.WriteJson)}");
    }

    private static void Restore(ResourceRequirements resources, ResourceRequirements old)
    {
        resources.Requests = Restored(resources.Requests, old.Requests);
        resources.Limits = Restored(resources.Limits, old.Limits);
    }

    private static Dictionary<string, Quantity>? Restored(Dictionary<string, Quantity>? now, Dictionary<string, Quantity>? before)
    {
        var restored = new Dictionary<string, Quantity>(now ?? [], StringComparer.Ordinal);
        foreach (var name in (string[])["cpu", "memory"])
        {
            if (before is not null && before.TryGetValue(name, out var value))
                restored[name] = value;
            else
                restored.Remove(name);
        }
        return restored.Count == 0 ? null : restored;
    }
}
