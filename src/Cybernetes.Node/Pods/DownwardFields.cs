using System.Globalization;
using Cybernetes.Objects;
using Cybernetes.Objects.Core.V1;

namespace Cybernetes.Node.Pods;

/// <summary>What a pod can learn of itself: fieldRef and resourceFieldRef, for variables and files. Pure.</summary>
internal static class DownwardFields
{
    /// <param name="addresses">The pod's, which its own object may not show yet.</param>
    /// <exception cref="PodConfigException">The field is not supported.</exception>
    public static string Field(Pod pod, string path, IReadOnlyList<string> addresses, IReadOnlyList<string> hostAddresses)
    {
        if (Subscript(path, "metadata.labels") is { } label)
            return pod.Metadata.Labels.OrEmpty().GetValueOrDefault(label, "");
        if (Subscript(path, "metadata.annotations") is { } annotation)
            return pod.Metadata.Annotations.OrEmpty().GetValueOrDefault(annotation, "");
        return path switch
        {
            "metadata.name" => pod.Metadata.Name,
            "metadata.namespace" => pod.Metadata.Namespace,
            "metadata.uid" => pod.Metadata.UID,
            "metadata.labels" => Lines(pod.Metadata.Labels),
            "metadata.annotations" => Lines(pod.Metadata.Annotations),
            "spec.nodeName" => pod.Spec.NodeName,
            "spec.serviceAccountName" => pod.Spec.ServiceAccountName,
            "status.hostIP" => hostAddresses.Count > 0 ? hostAddresses[0] : "",
            "status.hostIPs" => string.Join(',', hostAddresses),
            "status.podIP" => addresses.Count > 0 ? addresses[0] : "",
            "status.podIPs" => string.Join(',', addresses),
            _ => throw new PodConfigException($"unsupported fieldPath: {path}"),
        };
    }

    /// <param name="allocatable">The node's: what an absent limit means.</param>
    /// <exception cref="PodConfigException">The container or the resource is not known.</exception>
    public static string Resource(
        Pod pod, Container? own, ResourceFieldSelector selector, IReadOnlyDictionary<string, Quantity> allocatable)
    {
        var container = selector.ContainerName.Length > 0 ? Find(pod, selector.ContainerName) : own;
        if (container is null)
            throw new PodConfigException($"container {selector.ContainerName} not found");
        var dot = selector.Resource.IndexOf('.', StringComparison.Ordinal);
        var (kind, name) = dot < 0 ? ("", "") : (selector.Resource[..dot], selector.Resource[(dot + 1)..]);
        var isKnown = name is "cpu" or "memory" or "ephemeral-storage" || name.StartsWith("hugepages-", StringComparison.Ordinal);
        if (kind is not ("limits" or "requests") || !isKnown)
            throw new PodConfigException($"unsupported container resource : {selector.Resource}");

        var list = kind == "limits" ? container.Resources.Limits : container.Resources.Requests;
        var value = list.OrEmpty().GetValueOrDefault(name);
        if (value.IsZero && kind == "limits")
            value = allocatable.GetValueOrDefault(name);
        var divisor = selector.Divisor.IsZero ? Quantity.FromInt64(1) : selector.Divisor;
        var (amount, unit) = name == "cpu" ? (value.MilliValue(), divisor.MilliValue()) : (value.Value(), divisor.Value());
        return Math.Ceiling((double)amount / unit).ToString("0", CultureInfo.InvariantCulture);
    }

    private static Container? Find(Pod pod, string name) =>
        pod.Spec.Containers?.Find(container => container.Name == name)
        ?? pod.Spec.InitContainers?.Find(container => container.Name == name);

    /// <summary>KEY of <c>metadata.labels['KEY']</c>.</summary>
    private static string? Subscript(string path, string field)
    {
        if (!path.StartsWith(field + "['", StringComparison.Ordinal) || !path.EndsWith("']", StringComparison.Ordinal))
            return null;
        return path[(field.Length + 2)..^2];
    }

    private static string Lines(Dictionary<string, string>? map)
    {
        var sorted = map.OrEmpty().OrderBy(entry => entry.Key, StringComparer.Ordinal);
        return string.Join('\n', sorted.Select(entry => $"{entry.Key}={GoText.Quote(entry.Value)}"));
    }
}

/// <summary>The pod asks for something that cannot be made as its spec says. The message is for events and the waiting
/// state.</summary>
internal sealed class PodConfigException(string message) : Exception(message);
