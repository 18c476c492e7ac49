using Cybernetes.Objects;
using Cybernetes.Objects.Core.V1;
using Cybernetes.Objects.Meta.V1;

namespace Cybernetes.ApiServer.Registry.Core.Pods;

/// <summary>What the checks of a pod's spec share while they run.</summary>
/// <param name="Spec">The spec checked.</param>
/// <param name="Metadata">The pod's metadata; null for a template.</param>
/// <param name="Errors">Where complaints go.</param>
internal sealed record PodCheck(PodSpec Spec, ObjectMeta? Metadata, FieldErrorList Errors)
{
    /// <summary>False for templates, which are checked less.</summary>
    public bool IsPod => Metadata is not null;

    /// <summary>Volumes without errors, by name; null when there are none.</summary>
    public Dictionary<string, Volume>? Volumes { get; set; }

    /// <summary>Names of the pod's resource claims; null when there are none.</summary>
    public HashSet<string>? ClaimNames { get; set; }

    /// <summary>Whether the pod runs in the host's user namespace.</summary>
    public bool HostUsers => Spec.HostUsers ?? true;

    /// <summary>All containers with their paths, in upstream's order: init, regular, ephemeral.</summary>
    public static IEnumerable<(ContainerView Container, FieldPath Path)> Containers(PodSpec spec, FieldPath path)
    {
        for (var i = 0; i < (spec.InitContainers?.Count ?? 0); i++)
            yield return (ContainerView.Of(spec.InitContainers![i]), path.Child("initContainers").Index(i));
        for (var i = 0; i < (spec.Containers?.Count ?? 0); i++)
            yield return (ContainerView.Of(spec.Containers![i]), path.Child("containers").Index(i));
        for (var i = 0; i < (spec.EphemeralContainers?.Count ?? 0); i++)
            yield return (ContainerView.Of(spec.EphemeralContainers![i]), path.Child("ephemeralContainers").Index(i));
    }
}

/// <summary>The name and security context of a container of any sort.</summary>
internal readonly record struct ContainerView(string Name, SecurityContext? Security)
{
    public static ContainerView Of(Container container) => new(container.Name, container.SecurityContext);

    public static ContainerView Of(EphemeralContainer container) => new(container.Name, container.SecurityContext);
}
