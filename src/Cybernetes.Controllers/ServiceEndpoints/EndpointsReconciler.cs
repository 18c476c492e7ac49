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
        var groups = new SortedDictionary<string, (List<EndpointPort> Ports, SortedDictionary<string, EndpointAddress> Ready, SortedDictionary<string, EndpointAddress> NotReady)>(StringComparer.Ordinal);
        var count = 0;
        truncated = false;
        foreach (var pod in pods.Where(p => PodEndpoints.IsCandidate(p, service.Spec.PublishNotReadyAddresses)).OrderBy(p => !PodState.IsReady(p)))
        {
            if (count++ >= MaximumAddresses)
            {
                truncated = true;
                break;
            }
            var ports = PodEndpoints.Ports(service, pod);
            // A service without ports (headless) still lists its pods.
            if (ports.Count == 0 && service.Spec.Ports.OrEmpty().Count > 0)
                continue;
            var key = string.Join(';', ports);
            if (!groups.TryGetValue(key, out var group))
                groups[key] = group = (Ports(ports), new(StringComparer.Ordinal), new(StringComparer.Ordinal));
            var ready = PodState.IsReady(pod) || service.Spec.PublishNotReadyAddresses;
            (ready ? group.Ready : group.NotReady)[PodEndpoints.Address(pod)] = Of(service, pod);
        }
        if (groups.Count == 0)
            return null;
        return
        [
            .. groups.Values.Select(g => new EndpointSubset
            {
                Addresses = g.Ready.Count == 0 ? null : [.. g.Ready.Values],
                NotReadyAddresses = g.NotReady.Count == 0 ? null : [.. g.NotReady.Values],
                Ports = g.Ports.Count == 0 ? null : g.Ports,
            }),
        ];
    }

    private static List<EndpointPort> Ports(IReadOnlyList<ResolvedPort> ports) =>
        [.. ports.Select(p => new EndpointPort { Name = p.Name, Port = p.Number, Protocol = p.Protocol, AppProtocol = p.AppProtocol })];

    private static EndpointAddress Of(Service service, Pod pod) => new()
    {
        IP = PodEndpoints.Address(pod),
        Hostname = PodEndpoints.Hostname(service, pod) ?? "",
        NodeName = pod.Spec.NodeName.Length > 0 ? pod.Spec.NodeName : null,
        TargetRef = new ObjectReference { Kind = "Pod", Namespace = pod.Metadata.Namespace, Name = pod.Metadata.Name, UID = pod.Metadata.UID },
    };
}
