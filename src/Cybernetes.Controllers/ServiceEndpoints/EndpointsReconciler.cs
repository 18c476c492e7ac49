using Cybernetes.Controllers.Ownership;
using Cybernetes.Objects;
using Cybernetes.Objects.Core.V1;

namespace Cybernetes.Controllers.ServiceEndpoints;

/// <summary>Decides the (older) Endpoints object of one service. Pure.</summary>
internal static class EndpointsReconciler
{
    public const string ManagedBy = "endpoints.kubernetes.io/managed-by";
    public const string OverCapacity = "endpoints.kubernetes.io/over-capacity";
    private const string Headless = "service.kubernetes.io/headless";
    private const int MaximumAddresses = 1000;

    /// <summary>The object as it should be; labels and annotations of an existing one are kept as far as they are not ours.</summary>
    public static Objects.Core.V1.Endpoints Desired(Service service, IEnumerable<Pod> pods, Objects.Core.V1.Endpoints? existing)
    {
        var desired = existing?.DeepClone() ?? new() { Metadata = { Namespace = service.Metadata.Namespace, Name = service.Metadata.Name } };
        var labels = new Dictionary<string, string>(service.Metadata.Labels ?? [], StringComparer.Ordinal) { [ManagedBy] = "endpoint-controller" };
        if (service.Spec.ClusterIP == "None") labels[Headless] = "";
        else labels.Remove(Headless);
        desired.Metadata.Labels = labels;
        desired.Subsets = Subsets(service, pods, out var truncated);
        if (truncated) (desired.Metadata.Annotations ??= [])[OverCapacity] = "truncated";
        else desired.Metadata.Annotations?.Remove(OverCapacity);
        return desired;
    }

    private static List<EndpointSubset>? Subsets(Service service, IEnumerable<Pod> pods, out bool truncated)
    {
        var family = PodEndpoints.Families(service)[0];
        var everReady = service.Spec.PublishNotReadyAddresses;
        // Ready ones first: what must be left out is what serves least.
        var candidates = pods.Where(p => PodEndpoints.IsCandidate(p, everReady) && PodEndpoints.Address(p, family).Length > 0)
            .OrderByDescending(PodState.IsReady).ThenBy(p => PodEndpoints.Address(p, family), StringComparer.Ordinal)
            .ThenBy(p => p.Metadata.UID, StringComparer.Ordinal).ToList();
        truncated = candidates.Count > MaximumAddresses;
        var subsets = new SortedDictionary<string, EndpointSubset>(StringComparer.Ordinal);
        foreach (var pod in candidates.Take(MaximumAddresses))
        {
            var ports = PodEndpoints.Ports(service, pod);
            // A pod that lacks every port stands behind none; a service without ports (headless) still lists its pods.
            if (ports.Count == 0 && service.Spec.Ports.OrEmpty().Count > 0)
                continue;
            var key = string.Join(';', ports);
            if (!subsets.TryGetValue(key, out var subset))
                subsets[key] = subset = new() { Ports = ports.Count == 0 ? null : Ports(ports) };
            var address = Of(service, pod, PodEndpoints.Address(pod, family));
            if (PodState.IsReady(pod) || everReady)
                (subset.Addresses ??= []).Add(address);
            else
                (subset.NotReadyAddresses ??= []).Add(address);
        }
        return subsets.Count == 0 ? null : [.. subsets.Values];
    }

    private static List<EndpointPort> Ports(IReadOnlyList<ResolvedPort> ports) =>
        [.. ports.Select(p => new EndpointPort { Name = p.Name, Port = p.Number, Protocol = p.Protocol, AppProtocol = p.AppProtocol })];

    private static EndpointAddress Of(Service service, Pod pod, string address) => new()
    {
        IP = address,
        Hostname = PodEndpoints.Hostname(service, pod) ?? "",
        NodeName = pod.Spec.NodeName.Length > 0 ? pod.Spec.NodeName : null,
        TargetRef = new ObjectReference { Kind = "Pod", Namespace = pod.Metadata.Namespace, Name = pod.Metadata.Name, UID = pod.Metadata.UID },
    };
}
