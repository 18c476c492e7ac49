using Cybernetes.Objects.Discovery.V1;
using Old = Cybernetes.Objects.Discovery.V1beta1;

namespace Cybernetes.ApiServer.Registry.Discovery;

/// <summary>discovery.k8s.io/v1beta1 to v1 and back: the map <c>topology</c> became <c>zone</c>, <c>nodeName</c> and <c>deprecatedTopology</c>.</summary>
internal static class EndpointSliceConversion
{
    private const string ZoneLabel = "topology.kubernetes.io/zone";

    public static ReshapedVersion<Old.EndpointSlice, EndpointSlice> Version { get; } = new(ToStored, FromStored)
    {
        IsOlder = true,
        DeprecationWarning = "discovery.k8s.io/v1beta1 EndpointSlice is deprecated in v1.21+, unavailable in v1.25+; "
            + "use discovery.k8s.io/v1 EndpointSlice",
    };

    private static void ToStored(Old.EndpointSlice served, EndpointSlice stored)
    {
        for (var i = 0; i < (served.Endpoints?.Count ?? 0); i++)
        {
            if (served.Endpoints![i].Topology is not { } topology)
                continue;
            var rest = new Dictionary<string, string>(topology, StringComparer.Ordinal);
            if (rest.Remove(ZoneLabel, out var zone))
                stored.Endpoints![i].Zone = zone;
            // A map of nothing but the zone is all said by the zone.
            stored.Endpoints![i].DeprecatedTopology = rest.Count > 0 || topology.Count == 0 ? rest : null;
        }
    }

    private static void FromStored(EndpointSlice stored, Old.EndpointSlice served)
    {
        for (var i = 0; i < (stored.Endpoints?.Count ?? 0); i++)
        {
            var endpoint = stored.Endpoints![i];
            if (endpoint.DeprecatedTopology is null && endpoint.Zone is null)
                continue;
            var topology = new Dictionary<string, string>(endpoint.DeprecatedTopology ?? [], StringComparer.Ordinal);
            if (endpoint.Zone is { } zone)
                topology[ZoneLabel] = zone;
            served.Endpoints![i].Topology = topology;
        }
    }
}
