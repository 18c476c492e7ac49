using System.Globalization;
using Cybernetes.Objects;
using Cybernetes.Objects.Core.V1;

namespace Cybernetes.ApiServer.Registry.Core.Services;

/// <summary>Endpoints: the old form of what is behind a service.</summary>
internal sealed class EndpointsKind : KindDefinition<Endpoints>
{
    private const int Shown = 3;

    public override string StoragePath => "services/endpoints";

    public override IReadOnlyList<string> ShortNames => ["ep"];

    public override bool AllowCreateOnUpdate => true;

    public override IReadOnlyList<Column<Endpoints>> Columns { get; } =
    [
        Column<Endpoints>.Name,
        Column<Endpoints>.Text("Endpoints", "Addresses and ports, the first few.", Text),
        Column<Endpoints>.Age,
    ];

    protected override string Deprecation => "v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice";

    protected override void Default(Endpoints obj)
    {
        foreach (var port in obj.Subsets.OrEmpty().SelectMany(s => s.Ports.OrEmpty()))
        {
            if (port.Protocol.Length == 0)
                port.Protocol = "TCP";
        }
    }

    protected override void Validate(Endpoints obj, FieldErrorList errors)
    {
        for (var i = 0; i < (obj.Subsets?.Count ?? 0); i++)
            Subset(obj.Subsets![i], FieldPath.Of("subsets").Index(i), errors);
    }

    private static void Subset(EndpointSubset subset, FieldPath path, FieldErrorList errors)
    {
        if (subset.Addresses is not { Count: > 0 } && subset.NotReadyAddresses is not { Count: > 0 })
            errors.Required(path, "must specify `addresses` or `notReadyAddresses`");
        for (var i = 0; i < (subset.Addresses?.Count ?? 0); i++)
            Address(subset.Addresses![i], path.Child("addresses").Index(i), errors);
        for (var i = 0; i < (subset.NotReadyAddresses?.Count ?? 0); i++)
            Address(subset.NotReadyAddresses![i], path.Child("notReadyAddresses").Index(i), errors);
        for (var i = 0; i < (subset.Ports?.Count ?? 0); i++)
            Port(subset.Ports![i], subset.Ports.Count > 1, path.Child("ports").Index(i), errors);
    }

    private static void Address(EndpointAddress address, FieldPath path, FieldErrorList errors)
    {
        IpRules.LegacyIp(address.IP, path.Child("ip"), errors);
        if (address.Hostname.Length > 0)
            FieldChecks.DnsLabel(address.Hostname, path, "hostname", errors);
        if (address.NodeName is { } node)
            FieldChecks.Subdomain(node, path, "nodeName", errors);
        ServiceValidation.NotSpecial(address.IP, path.Child("ip"), errors);
    }

    private static void Port(EndpointPort port, bool needsName, FieldPath path, FieldErrorList errors)
    {
        if (needsName && port.Name.Length == 0)
            errors.Required(path.Child("name"));
        else if (port.Name.Length > 0)
            FieldChecks.DnsLabel(port.Name, path, "name", errors);
        errors.InvalidChild(path, "port", port.Port, Names.PortNumber(port.Port));
        if (port.Protocol.Length == 0)
            errors.Required(path.Child("protocol"));
        else if (port.Protocol is not ("TCP" or "UDP" or "SCTP"))
            errors.NotSupported(path.Child("protocol"), port.Protocol, "SCTP", "TCP", "UDP");
        if (port.AppProtocol is { } application)
            errors.InvalidChild(path, "appProtocol", application, Names.QualifiedName(application));
    }

    private static string Text(Endpoints endpoints)
    {
        if (endpoints.Subsets is not { Count: > 0 } subsets)
            return "<none>";
        List<string> all = [];
        foreach (var subset in subsets)
        {
            var addresses = subset.Addresses.OrEmpty();
            if (subset.Ports is not { Count: > 0 } ports)
                all.AddRange(addresses.Select(a => a.IP));
            else
                all.AddRange(ports.SelectMany(p => addresses.Select(a => HostPort(a.IP, p.Port))));
        }
        var text = string.Join(',', all.Take(Shown));
        return all.Count > Shown ? string.Create(CultureInfo.InvariantCulture, $"{text} + {all.Count - Shown} more...") : text;
    }

    private static string HostPort(string address, int port) => address.Contains(':')
        ? string.Create(CultureInfo.InvariantCulture, $"[{address}]:{port}")
        : string.Create(CultureInfo.InvariantCulture, $"{address}:{port}");
}
