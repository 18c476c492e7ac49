using Cybernetes.Objects;
using Cybernetes.Objects.Core.V1;

namespace Cybernetes.ApiServer.Registry.Core.Pods;

/// <summary>What is legal in a pod or template and yet hardly meant; answered in Warning headers, worded as upstream.</summary>
internal static class PodWarnings
{
    private static readonly (string Old, string New, string Since)[] s_oldLabels =
    [
        ("beta.kubernetes.io/arch", "kubernetes.io/arch", "v1.14"),
        ("beta.kubernetes.io/os", "kubernetes.io/os", "v1.14"),
        ("failure-domain.beta.kubernetes.io/region", "topology.kubernetes.io/region", "v1.17"),
        ("failure-domain.beta.kubernetes.io/zone", "topology.kubernetes.io/zone", "v1.17"),
        ("beta.kubernetes.io/instance-type", "node.kubernetes.io/instance-type", "v1.17"),
    ];

    public static void Warn(PodSpec spec, FieldPath path, WriteContext context)
    {
        OldLabels(spec, path, context);
        for (var i = 0; i < (spec.ImagePullSecrets?.Count ?? 0); i++)
        {
            var name = spec.ImagePullSecrets![i].Name;
            if (name.Length == 0)
                context.Warn($"{path.Child("imagePullSecrets").Index(i)}: invalid empty name \"\"");
            else if (spec.ImagePullSecrets.FindIndex(s => s.Name == name) < i)
                context.Warn($"{path.Child("imagePullSecrets").Index(i).Child("name")}: duplicate name {GoText.Quote(name)}");
        }
        for (var i = 0; i < (spec.TopologySpreadConstraints?.Count ?? 0); i++)
        {
            if (spec.TopologySpreadConstraints![i].LabelSelector is null)
            {
                context.Warn(
                    $"{path.Child("topologySpreadConstraints").Index(i).Child("labelSelector")}: a null labelSelector results in matching no pod");
            }
        }
        if (spec.TerminationGracePeriodSeconds < 0)
            context.Warn($"{path.Child("terminationGracePeriodSeconds")}: must be >= 0; negative values are invalid and will be treated as 1");
        for (var i = 0; i < (spec.Volumes?.Count ?? 0); i++)
            OldVolumes(spec.Volumes![i], path.Child("volumes").Index(i), context);
        for (var i = 0; i < (spec.InitContainers?.Count ?? 0); i++)
            OfContainer(spec.InitContainers![i], path.Child("initContainers").Index(i), context);
        for (var i = 0; i < (spec.Containers?.Count ?? 0); i++)
            OfContainer(spec.Containers![i], path.Child("containers").Index(i), context);
    }

    /// <summary>What there is to say of a label that got another name; null for all others.</summary>
    public static string? OldLabel(string key)
    {
        foreach (var (old, replacement, since) in s_oldLabels)
        {
            if (old == key)
                return $"deprecated since {since}; use \"{replacement}\" instead";
        }
        return null;
    }

    private static void OldLabels(PodSpec spec, FieldPath path, WriteContext context)
    {
        if (spec.NodeSelector is not { Count: > 0 } selector)
            return;
        foreach (var (old, _, _) in s_oldLabels)
        {
            if (selector.ContainsKey(old))
                context.Warn($"{path.Child("nodeSelector").Key(old)}: {OldLabel(old)}");
        }
    }

    private static void OldVolumes(Volume volume, FieldPath path, WriteContext context)
    {
        if (volume.GitRepo is not null)
            context.Warn($"{path.Child("gitRepo")}: deprecated in v1.11, and disabled by default in v1.33+");
        if (volume.CephFS is not null)
            context.Warn($"{path.Child("cephfs")}: deprecated in v1.28, non-functional in v1.31+");
        if (volume.RBD is not null)
            context.Warn($"{path.Child("rbd")}: deprecated in v1.28, non-functional in v1.31+");
        if (volume.Glusterfs is not null)
            context.Warn($"{path.Child("glusterfs")}: deprecated in v1.25, this feature will be removed completely after v1.26");
        if (volume.ScaleIO is not null)
            context.Warn($"{path.Child("scaleIO")}: deprecated in v1.16, non-functional in v1.22+");
        if (volume.Flocker is not null)
            context.Warn($"{path.Child("flocker")}: deprecated in v1.22, non-functional in v1.25+");
        if (volume.StorageOS is not null)
            context.Warn($"{path.Child("storageOS")}: deprecated in v1.22, non-functional in v1.25+");
        if (volume.Quobyte is not null)
            context.Warn($"{path.Child("quobyte")}: deprecated in v1.22, non-functional in v1.25+");
    }

    private static void OfContainer(Container container, FieldPath path, WriteContext context)
    {
        for (var i = 1; i < (container.Env?.Count ?? 0); i++)
        {
            var name = container.Env![i].Name;
            if (container.Env.FindIndex(e => e.Name == name) < i)
            {
                context.Warn(
                    $"{path.Child("env").Index(i)}: hides previous definition of {GoText.Quote(name)}, which may be dropped when using apply");
            }
        }
        Fractions(container.Resources.Limits, path, "limits", context);
        Fractions(container.Resources.Requests, path, "requests", context);
        for (var i = 1; i < (container.Ports?.Count ?? 0); i++)
            Port(container.Ports!, i, path, context);
    }

    private static void Port(List<ContainerPort> ports, int index, FieldPath path, WriteContext context)
    {
        var port = ports[index];
        var first = ports.FindIndex(p => p.ContainerPortValue == port.ContainerPortValue && p.Protocol == port.Protocol
            && p.HostPort == port.HostPort && p.HostIP == port.HostIP);
        if (first < index)
            context.Warn($"{path.Child("ports").Index(index)}: duplicate port definition with {path.Child("ports").Index(first)}");
    }

    private static void Fractions(Dictionary<string, Quantity>? resources, FieldPath path, string list, WriteContext context)
    {
        foreach (var name in (string[])["memory", "ephemeral-storage"])
        {
            if (resources is not null && resources.TryGetValue(name, out var value) && !value.IsWhole)
            {
                context.Warn(
                    $"{path.Child("resources").Child(list).Key(name)}: fractional byte value {GoText.Quote(value.ToString())} is invalid, must be an integer");
            }
        }
    }
}
