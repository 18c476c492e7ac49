using System.Globalization;
using Cybernetes.ApiServer.Registry.Core.Services;
using Cybernetes.Objects;
using Cybernetes.Objects.Discovery.V1;

namespace Cybernetes.ApiServer.Registry.Discovery;

/// <summary>Endpoint slices.</summary>
internal sealed class EndpointSliceKind : KindDefinition<EndpointSlice>
{
    private const int Shown = 3;
    private const int MaximumEndpoints = 1000;
    private const int MaximumAddresses = 100;
    private const int MaximumPorts = 100;
    private const int MaximumTopology = 16;
    private const int MaximumHints = 8;
    private const string ZoneLabel = "topology.kubernetes.io/zone";

    public override IReadOnlyList<Column<EndpointSlice>> Columns { get; } =
    [
        Column<EndpointSlice>.Name,
        Column<EndpointSlice>.Text("AddressType", "Kind of the addresses.", s => s.AddressType),
        Column<EndpointSlice>.Text("Ports", "Ports, the first few.", s => List(s.Ports.OrEmpty().Select(PortText))),
        Column<EndpointSlice>.Text("Endpoints", "Addresses, the first few.", s =>
            List(s.Endpoints.OrEmpty().SelectMany(e => e.Addresses.OrEmpty()))),
        Column<EndpointSlice>.Age,
    ];

    protected override IReadOnlyList<ServedVersion> OtherVersions { get; } = [EndpointSliceConversion.Version];

    protected override void Default(EndpointSlice obj)
    {
        foreach (var port in obj.Ports.OrEmpty())
        {
            port.Name ??= "";
            port.Protocol ??= "TCP";
        }
    }

    protected override void PrepareForCreate(EndpointSlice obj, WriteContext context) => obj.Metadata.Generation = 1;

    protected override void PrepareForUpdate(EndpointSlice obj, EndpointSlice old, WriteContext context)
    {
        var before = old.DeepClone();
        before.Metadata = obj.Metadata;
        before.APIVersion = obj.APIVersion;
        before.Kind = obj.Kind;
        obj.Metadata.Generation = old.Metadata.Generation;
        if (!obj.SemanticEquals(before) || !SameLabels(obj, old))
            obj.Metadata.Generation++;
    }

    protected override void Validate(EndpointSlice obj, FieldErrorList errors)
    {
        if (obj.AddressType.Length == 0)
            errors.Required(FieldPath.Of("addressType"));
        else if (obj.AddressType is not ("FQDN" or "IPv4" or "IPv6"))
            errors.NotSupported(FieldPath.Of("addressType"), obj.AddressType, "FQDN", "IPv4", "IPv6");
        var endpoints = obj.Endpoints.OrEmpty();
        if (endpoints.Count > MaximumEndpoints)
            errors.TooMany(FieldPath.Of("endpoints"), endpoints.Count, MaximumEndpoints);
        else
        {
            for (var i = 0; i < endpoints.Count; i++)
                OneEndpoint(endpoints[i], obj.AddressType, FieldPath.Of("endpoints").Index(i), errors);
        }
        Ports(obj.Ports, FieldPath.Of("ports"), errors);
    }

    protected override void ValidateUpdate(EndpointSlice obj, EndpointSlice old, FieldErrorList errors) =>
        FieldChecks.Immutable(obj.AddressType, old.AddressType, FieldPath.Of("addressType"), errors);

    private static void OneEndpoint(Endpoint endpoint, string type, FieldPath path, FieldErrorList errors)
    {
        var addresses = endpoint.Addresses.OrEmpty();
        if (addresses.Count == 0)
            errors.Required(path.Child("addresses"), "must contain at least 1 address");
        else if (addresses.Count > MaximumAddresses)
            errors.TooMany(path.Child("addresses"), addresses.Count, MaximumAddresses);
        for (var i = 0; i < addresses.Count; i++)
            Address(addresses[i], type, path.Child("addresses").Index(i), errors);
        if (endpoint.NodeName is { } node)
            FieldChecks.Subdomain(node, path, "nodeName", errors);
        var topology = endpoint.DeprecatedTopology;
        if (topology?.Count > MaximumTopology)
            errors.TooMany(path.Child("deprecatedTopology"), topology.Count, MaximumTopology);
        FieldRules.Labels(topology, path.Child("deprecatedTopology"), errors);
        if (topology?.ContainsKey(ZoneLabel) == true)
            errors.Invalid(path.Child("deprecatedTopology").Key(ZoneLabel), ZoneLabel, "reserved and cannot be set in endpoint topology");
        if (endpoint.Hostname is { } host)
            FieldChecks.DnsLabel(host, path, "hostname", errors);
        if (endpoint.Hints is { } hints)
            Hints(hints, path.Child("hints"), errors);
    }

    private static void Address(string address, string type, FieldPath path, FieldErrorList errors)
    {
        switch (type)
        {
            case "IPv4" or "IPv6":
                var before = errors.Count;
                IpRules.LegacyIp(address, path, errors);
                if (errors.Count == before && address.Contains(':') != (type == "IPv6"))
                    errors.Invalid(path, address, $"must be a valid {type} address");
                ServiceValidation.NotSpecial(address, path, errors);
                return;
            case "FQDN":
                FieldRules.FullyQualifiedDomainName(address, path, errors);
                return;
        }
    }

    private static void Hints(EndpointHints hints, FieldPath path, FieldErrorList errors)
    {
        var zones = hints.ForZones.OrEmpty();
        if (zones.Count > MaximumHints)
            errors.TooMany(path.Child("forZones"), zones.Count, MaximumHints);
        for (var i = 0; i < zones.Count; i++)
        {
            var at = path.Child("forZones").Index(i).Child("name");
            if (zones.Take(i).Any(z => z.Name == zones[i].Name))
                errors.Duplicate(at, zones[i].Name);
            errors.AddInvalid(at, zones[i].Name, Names.LabelValue(zones[i].Name));
        }
        var nodes = hints.ForNodes.OrEmpty();
        if (nodes.Count > MaximumHints)
            errors.TooMany(path.Child("forNodes"), nodes.Count, MaximumHints);
        for (var i = 0; i < nodes.Count; i++)
        {
            var at = path.Child("forNodes").Index(i).Child("name");
            if (nodes.Take(i).Any(n => n.Name == nodes[i].Name))
                errors.Duplicate(at, nodes[i].Name);
            errors.AddInvalid(at, nodes[i].Name, Names.Dns1123Subdomain(nodes[i].Name));
        }
    }

    private static void Ports(List<EndpointPort>? ports, FieldPath path, FieldErrorList errors)
    {
        if (ports?.Count > MaximumPorts)
        {
            errors.TooMany(path, ports.Count, MaximumPorts);
            return;
        }
        for (var i = 0; i < (ports?.Count ?? 0); i++)
        {
            var port = ports![i];
            var at = path.Index(i);
            if (port.Name is { Length: > 0 } name)
                FieldChecks.DnsLabel(name, at, "name", errors);
            if (ports.FindIndex(p => p.Name == port.Name) < i)
                errors.Duplicate(at.Child("name"), port.Name);
            if (port.Protocol is null)
                errors.Required(at.Child("protocol"));
            else if (port.Protocol is not ("TCP" or "UDP" or "SCTP"))
                errors.NotSupported(at.Child("protocol"), port.Protocol, "SCTP", "TCP", "UDP");
            if (port.AppProtocol is { } application)
                errors.InvalidChild(at, "appProtocol", application, Names.QualifiedName(application));
        }
    }

    private static bool SameLabels(EndpointSlice obj, EndpointSlice old)
    {
        var (now, before) = (obj.Metadata.Labels.OrEmpty(), old.Metadata.Labels.OrEmpty());
        return now.Count == before.Count && now.All(l => before.TryGetValue(l.Key, out var value) && value == l.Value);
    }

    private static string PortText(EndpointPort port) => port.Port?.ToString(CultureInfo.InvariantCulture) ?? port.Name ?? "*";

    private static string List(IEnumerable<string> items)
    {
        var all = items.ToList();
        if (all.Count == 0)
            return "<unset>";
        var text = string.Join(',', all.Take(Shown));
        return all.Count > Shown ? string.Create(CultureInfo.InvariantCulture, $"{text} + {all.Count - Shown} more...") : text;
    }
}
