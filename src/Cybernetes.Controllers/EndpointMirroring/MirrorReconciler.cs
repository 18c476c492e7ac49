using System.Net;
using System.Net.Sockets;
using Cybernetes.Controllers.ServiceEndpoints;
using Cybernetes.Objects;
using Cybernetes.Objects.Core.V1;
using Cybernetes.Objects.Discovery.V1;
using Cybernetes.Objects.Meta.V1;
using EndpointPort = Cybernetes.Objects.Discovery.V1.EndpointPort;

namespace Cybernetes.Controllers.EndpointMirroring;

/// <summary>What is to be done for one Endpoints object.</summary>
internal sealed record MirrorPlan(List<EndpointSlice> Create, List<EndpointSlice> Update, List<EndpointSlice> Delete)
{
    /// <summary>Addresses beyond the limit of a subset, and addresses that are none.</summary>
    public int Skipped { get; set; }

    public int Invalid { get; set; }
}

/// <summary>Decides the slices that mirror an Endpoints object which somebody made by hand. Pure (KEP-752).</summary>
internal static class MirrorReconciler
{
    public const string Controller = "endpointslicemirroring-controller.k8s.io";
    private const string SkipLabel = "endpointslice.kubernetes.io/skip-mirror";
    private const string LeaderAnnotation = "control-plane.alpha.kubernetes.io/leader";
    private const string LastApplied = "kubectl.kubernetes.io/last-applied-configuration";

    /// <summary>Whether the object is mirrored: not one of a selector's, not one of an old leader election, not told otherwise.</summary>
    public static bool IsMirrored(Endpoints? endpoints, Service? service) =>
        endpoints is { Metadata.DeletionTimestamp: null } && service is not null && service.Spec.Selector is not { Count: > 0 }
        && endpoints.Metadata.Labels.OrEmpty().GetValueOrDefault(SkipLabel) != "true"
        && !endpoints.Metadata.Annotations.OrEmpty().ContainsKey(LeaderAnnotation);

    /// <param name="endpoints">A mirrored object.</param>
    /// <param name="existing">The slices this controller made for it.</param>
    /// <param name="maximum">Addresses of one subset at most.</param>
    public static MirrorPlan Reconcile(Endpoints endpoints, IReadOnlyList<EndpointSlice> existing, int maximum)
    {
        var plan = new MirrorPlan([], [], []);
        var standing = existing.Where(s => s.Metadata.DeletionTimestamp is null)
            .GroupBy(s => KeyOf(s.AddressType, s.Ports.OrEmpty())).ToDictionary(g => g.Key, g => new Queue<EndpointSlice>(g), StringComparer.Ordinal);
        foreach (var subset in endpoints.Subsets.OrEmpty())
        {
            foreach (var (family, found) in Split(subset, maximum, plan))
            {
                var desired = Slice(endpoints, family, Ports(subset), found);
                if (!standing.TryGetValue(KeyOf(family, desired.Ports.OrEmpty()), out var have) || !have.TryDequeue(out var slice))
                {
                    plan.Create.Add(desired);
                    continue;
                }
                var copy = slice.DeepClone();
                (copy.Endpoints, copy.Ports) = (desired.Endpoints, desired.Ports);
                (copy.Metadata.Labels, copy.Metadata.Annotations) = (desired.Metadata.Labels, desired.Metadata.Annotations);
                if (!copy.SemanticEquals(slice))
                    plan.Update.Add(copy);
            }
        }
        plan.Delete.AddRange(standing.Values.SelectMany(s => s));
        return plan;
    }

    private static Dictionary<string, List<Endpoint>> Split(EndpointSubset subset, int maximum, MirrorPlan plan)
    {
        var families = new Dictionary<string, List<Endpoint>>(StringComparer.Ordinal);
        var count = 0;
        foreach (var (address, isReady) in subset.Addresses.OrEmpty().Select(a => (a, true)).Concat(subset.NotReadyAddresses.OrEmpty().Select(a => (a, false))))
        {
            if (count == maximum)
            {
                plan.Skipped++;
                continue;
            }
            if (!IPAddress.TryParse(address.IP, out var ip))
            {
                plan.Invalid++;
                continue;
            }
            count++;
            var family = ip.AddressFamily == AddressFamily.InterNetworkV6 ? "IPv6" : "IPv4";
            if (!families.TryGetValue(family, out var list))
                families[family] = list = [];
            list.Add(new Endpoint
            {
                Addresses = [address.IP], Conditions = new() { Ready = isReady }, TargetRef = address.TargetRef,
                NodeName = string.IsNullOrEmpty(address.NodeName) ? null : address.NodeName,
                Hostname = address.Hostname.Length > 0 ? address.Hostname : null,
            });
        }
        return families;
    }

    private static EndpointSlice Slice(Endpoints endpoints, string family, List<EndpointPort> ports, List<Endpoint> found)
    {
        var labels = new Dictionary<string, string>(endpoints.Metadata.Labels ?? [], StringComparer.Ordinal)
        {
            [EndpointSliceReconciler.ServiceName] = endpoints.Metadata.Name, [EndpointSliceReconciler.ManagedBy] = Controller,
        };
        var annotations = endpoints.Metadata.Annotations.OrEmpty().Where(a => a.Key != LastApplied).ToDictionary(a => a.Key, a => a.Value);
        return new()
        {
            Metadata =
            {
                GenerateName = endpoints.Metadata.Name + "-", Namespace = endpoints.Metadata.Namespace, Labels = labels,
                Annotations = annotations.Count == 0 ? null : annotations,
                OwnerReferences =
                [
                    new OwnerReference
                    {
                        APIVersion = "v1", Kind = "Endpoints", Name = endpoints.Metadata.Name, UID = endpoints.Metadata.UID,
                        Controller = true, BlockOwnerDeletion = true,
                    },
                ],
            },
            AddressType = family,
            Ports = ports,
            Endpoints = found,
        };
    }

    private static List<EndpointPort> Ports(EndpointSubset subset) => [.. subset.Ports.OrEmpty().Select(p => new EndpointPort
    {
        Name = p.Name, Protocol = p.Protocol.Length == 0 ? "TCP" : p.Protocol, Port = p.Port, AppProtocol = p.AppProtocol,
    })];

    private static string KeyOf(string family, IEnumerable<EndpointPort> ports) => family + "|" + EndpointSliceReconciler.KeyOf(ports);
}
