using Cybernetes.Objects.Core.V1;

namespace Cybernetes.Node.Pods;

/// <summary>A container's place in its pod, as events' involvedObject.fieldPath has it.</summary>
internal static class ContainerFields
{
    public static string Of(Pod pod, string name)
    {
        if (pod.Spec.InitContainers?.Exists(container => container.Name == name) == true)
            return $"spec.initContainers{{{name}}}";
        return pod.Spec.EphemeralContainers?.Exists(container => container.Name == name) == true
            ? $"spec.ephemeralContainers{{{name}}}"
            : $"spec.containers{{{name}}}";
    }
}
