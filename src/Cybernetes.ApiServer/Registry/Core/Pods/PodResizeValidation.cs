using Cybernetes.Objects;
using Cybernetes.Objects.Core.V1;

namespace Cybernetes.ApiServer.Registry.Core.Pods;

/// <summary>What a resize may change: CPU and memory, and not so far that the pod's quality of service changes.</summary>
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
        if (quality != PodQuality.Of(pod.Spec))
            errors.Invalid(SpecPath, pod.Status.QOSClass, "Pod QOS Class may not change as a result of resizing");
        if (old.Status.ContainerStatuses.OrEmpty().FirstOrDefault(s => s.State.Running is not null) is { Resources: null })
            errors.Forbidden(SpecPath, "Pod running on node without support for resize");
        OfPodLevel(pod.Spec.Resources, old.Spec.Resources, SpecPath.Child("resources"), errors);
        var ordered = SameOrder(pod.Spec.Containers, old.Spec.Containers, "containers", errors);
        if (!SameOrder(pod.Spec.InitContainers, old.Spec.InitContainers, "initContainers", errors) || !ordered)
            return;
        Removed(pod.Spec.InitContainers, old.Spec.InitContainers, SpecPath.Child("initContainers"), errors);
        Removed(pod.Spec.Containers, old.Spec.Containers, SpecPath.Child("containers"), errors);
        for (var i = 0; i < (pod.Spec.Containers?.Count ?? 0); i++)
        {
            if (!Restored(pod.Spec.Containers![i], old.Spec.Containers![i]).SemanticEquals(old.Spec.Containers[i]))
                errors.Forbidden(SpecPath, "only cpu and memory resources are mutable");
        }
        for (var i = 0; i < (pod.Spec.InitContainers?.Count ?? 0); i++)
            OfInitContainer(pod.Spec.InitContainers![i], old.Spec.InitContainers![i], SpecPath.Child("initContainers").Index(i), errors);
    }

    private static void Only(string detail, FieldErrorList errors)
    {
        errors.Clear();
        errors.Forbidden(FieldPath.Of(""), detail);
    }

    private static void OfPodLevel(ResourceRequirements? resources, ResourceRequirements? old, FieldPath path, FieldErrorList errors)
    {
        if (resources is null)
        {
            if (old is not null)
                errors.Forbidden(path, "pod-level resources cannot be removed");
            return;
        }
        if (Lacks(resources.Requests, old?.Requests))
            errors.Forbidden(path.Child("requests"), "pod-level resource requests cannot be removed");
        if (Lacks(resources.Limits, old?.Limits))
            errors.Forbidden(path.Child("limits"), "pod-level resource limits cannot be removed");
        if (!Restored(resources, old).SemanticEquals(old ?? new ResourceRequirements()))
            errors.Forbidden(SpecPath, "only cpu and memory resources are mutable at pod-level");
    }

    private static void OfInitContainer(Container container, Container old, FieldPath path, FieldErrorList errors)
    {
        var restored = Restored(container, old);
        if (!restored.SemanticEquals(old))
            errors.Forbidden(path, "only cpu and memory resources for init or sidecar containers are mutable");
        if (container.RestartPolicy != "Always" && !container.SemanticEquals(old)
            && restored.ResizePolicy.OrEmpty().Any(p => p.RestartPolicy == "RestartContainer"))
            errors.Forbidden(path, "non-sidecar init containers with a resize policy of RestartContainer cannot be resized");
    }

    private static bool SameOrder(List<Container>? containers, List<Container>? old, string field, FieldErrorList errors)
    {
        if ((containers?.Count ?? 0) != (old?.Count ?? 0))
        {
            errors.Forbidden(SpecPath.Child(field), $"{field} may not be added or removed on resize");
            return false;
        }
        var same = true;
        for (var i = 0; i < (containers?.Count ?? 0); i++)
        {
            if (containers![i].Name == old![i].Name)
                continue;
            errors.Forbidden(SpecPath.Child(field).Index(i).Child("name"), $"{field} may not be renamed or reordered on resize");
            same = false;
        }
        return same;
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

    /// <summary>The container with the old CPU and memory: what is left of the change must be nothing.</summary>
    private static Container Restored(Container container, Container old)
    {
        var restored = container.DeepClone();
        restored.Resources = Restored(container.Resources, old.Resources);
        return restored;
    }

    private static ResourceRequirements Restored(ResourceRequirements resources, ResourceRequirements? old)
    {
        var restored = resources.DeepClone();
        restored.Requests = Restored(resources.Requests, old?.Requests);
        restored.Limits = Restored(resources.Limits, old?.Limits);
        return restored;
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
