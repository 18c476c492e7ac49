using Cybernetes.Objects;
using Cybernetes.Objects.Core.V1;
using Cybernetes.Objects.Discovery.V1;

namespace Cybernetes.Controllers.ServiceEndpoints;

/// <summary>
/// Topology-aware routing (KEP-2433): endpoints are dealt out to zones by the zones' shares of the nodes' CPUs, so that traffic may stay in its zone
/// and no endpoint gets much more than its part. Pure.
/// </summary>
internal sealed class ZoneShares
{
    private const string Annotation = "service.kubernetes.io/topology-mode";
    private const string OldAnnotation = "service.kubernetes.io/topology-aware-hints";
    private const double MostOverload = 0.20;

    private readonly SortedDictionary<string, double> _shares;

    private ZoneShares(SortedDictionary<string, double> shares) => _shares = shares;

    /// <summary>Whether the service asks for it.</summary>
    public static bool IsWanted(Service service)
    {
        var annotations = service.Metadata.Annotations.OrEmpty();
        return annotations.GetValueOrDefault(OldAnnotation, annotations.GetValueOrDefault(Annotation, "")) is "Auto" or "auto";
    }

    /// <summary>The shares of the zones that the ready nodes make.</summary>
    /// <returns>Null where they cannot be told: a node has no zone or no CPUs, or there are fewer than two zones; then the reason.</returns>
    public static (ZoneShares? Shares, string Problem) Of(IEnumerable<Node> nodes)
    {
        var cpus = new SortedDictionary<string, double>(StringComparer.Ordinal);
        foreach (var node in nodes)
        {
            if (IsExcluded(node) || !node.Status.Conditions.OrEmpty().Any(c => c is { Type: "Ready", Status: "True" }))
                continue;
            var cpu = node.Status.Allocatable is { } allocatable && allocatable.TryGetValue("cpu", out var quantity) ? quantity.ToDouble() : 0;
            var zone = EndpointSliceReconciler.ZoneOf(node);
            if (cpu <= 0 || zone.Length == 0)
                return (null, "Nodes do not provide the topology and CPU information needed");
            cpus[zone] = cpus.GetValueOrDefault(zone) + cpu;
        }
        if (cpus.Count < 2)
            return (null, "Nodes only ready in one zone");
        var all = cpus.Values.Sum();
        return (new(new(cpus.ToDictionary(c => c.Key, c => c.Value / all), StringComparer.Ordinal)), "");
    }

    /// <summary>Gives every ready endpoint its zone's hint.</summary>
    /// <returns>Why none has one; empty when they have.</returns>
    public string Deal(IReadOnlyCollection<Endpoint> endpoints)
    {
        var ready = endpoints.Where(e => e.Conditions.Ready != false).ToList();
        if (ready.Any(e => string.IsNullOrEmpty(e.Zone)))
            return "One or more endpoints do not have a zone specified";
        if (ready.Count < _shares.Count || Deserved(ready.Count) is not { } deserved)
            return $"Insufficient number of endpoints ({ready.Count}), impossible to safely allocate proportionally";
        foreach (var endpoint in endpoints)
            endpoint.Hints = null;
        // What a zone has itself stays there; what is beyond its share goes to zones that lack some.
        var surplus = new Queue<Endpoint>();
        foreach (var group in ready.OrderBy(e => e.Addresses![0], StringComparer.Ordinal).GroupBy(e => e.Zone!, StringComparer.Ordinal)
            .OrderBy(g => g.Key, StringComparer.Ordinal))
        {
            var keep = deserved.GetValueOrDefault(group.Key);
            foreach (var (endpoint, index) in group.Select((e, i) => (e, i)))
            {
                if (index >= keep)
                    surplus.Enqueue(endpoint);
                else
                    Hint(endpoint, group.Key);
            }
            deserved[group.Key] = Math.Max(0, keep - group.Count());
        }
        foreach (var (zone, lacking) in deserved.ToList())
        {
            for (var n = 0; n < lacking && surplus.TryDequeue(out var endpoint); n++)
                Hint(endpoint, zone);
        }
        return "";
    }

    private static bool IsExcluded(Node node) =>
        node.Metadata.Labels.OrEmpty().Keys.Any(l => l is "node-role.kubernetes.io/control-plane" or "node-role.kubernetes.io/master");

    private static void Hint(Endpoint endpoint, string zone) => endpoint.Hints = new() { ForZones = [new() { Name = zone }] };

    /// <summary>
    /// How many endpoints each zone gets: its share, rounded so that all are given. Null where some zone's endpoints would be overloaded.
    /// </summary>
    private SortedDictionary<string, int>? Deserved(int endpoints)
    {
        var exact = _shares.ToDictionary(s => s.Key, s => s.Value * endpoints, StringComparer.Ordinal);
        var deserved = new SortedDictionary<string, int>(StringComparer.Ordinal);
        foreach (var (zone, desired) in exact)
        {
            // The fewest with which no endpoint of the zone gets more than the overload allowed.
            var least = (int)Math.Ceiling(desired / (1 + MostOverload));
            deserved[zone] = Math.Max(least, (int)Math.Floor(desired));
        }
        var left = endpoints - deserved.Values.Sum();
        if (left < 0)
            return null;
        foreach (var zone in exact.OrderByDescending(e => e.Value - deserved[e.Key]).ThenBy(e => e.Key, StringComparer.Ordinal).Select(e => e.Key).Take(left))
            deserved[zone]++;
        return deserved.Values.Any(v => v == 0) ? null : deserved;
    }
}
