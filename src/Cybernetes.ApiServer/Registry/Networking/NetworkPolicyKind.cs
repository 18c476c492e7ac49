using Cybernetes.ApiServer.Registry.Apps;
using Cybernetes.Objects;
using Cybernetes.Objects.Networking.V1;

namespace Cybernetes.ApiServer.Registry.Networking;

/// <summary>Who may talk to the pods of a namespace.</summary>
internal sealed class NetworkPolicyKind : KindDefinition<NetworkPolicy>
{
    private static readonly FieldPath SpecPath = FieldPath.Of("spec");

    public override IReadOnlyList<string> ShortNames => ["netpol"];

    public override IReadOnlyList<Column<NetworkPolicy>> Columns { get; } =
    [
        Column<NetworkPolicy>.Name,
        Column<NetworkPolicy>.Text("Pod-Selector", "The pods it is about.", p => WorkloadColumns.SelectorText(p.Spec.PodSelector, "<none>")),
        Column<NetworkPolicy>.Age,
    ];

    protected override IReadOnlyList<ServedVersion> OtherVersions { get; } =
    [
        new RenamedVersion<NetworkPolicy>("extensions", "v1beta1")
        {
            IsOlder = true,
            DeprecationWarning = "extensions/v1beta1 NetworkPolicy is deprecated in v1.9+, unavailable in v1.16+; "
                + "use networking.k8s.io/v1 NetworkPolicy",
        },
    ];

    protected override void Default(NetworkPolicy obj)
    {
        var spec = obj.Spec;
        foreach (var port in spec.Ingress.OrEmpty().SelectMany(r => r.Ports.OrEmpty()).Concat(spec.Egress.OrEmpty().SelectMany(r => r.Ports.OrEmpty())))
            port.Protocol ??= "TCP";
        if (spec.PolicyTypes is not { Count: > 0 })
            spec.PolicyTypes = spec.Egress is { Count: > 0 } ? ["Ingress", "Egress"] : ["Ingress"];
    }

    protected override void PrepareForCreate(NetworkPolicy obj, WriteContext context) => obj.Metadata.Generation = 1;

    protected override void PrepareForUpdate(NetworkPolicy obj, NetworkPolicy old, WriteContext context) =>
        Generations.Count(obj.Metadata, old.Metadata, !obj.Spec.SemanticEquals(old.Spec));

    protected override void ValidateCreate(NetworkPolicy obj, FieldErrorList errors) => Spec(obj.Spec, [], errors);

    protected override void ValidateUpdate(NetworkPolicy obj, NetworkPolicy old, FieldErrorList errors)
    {
        // What stood there before may stay, however it is written.
        var blocks = old.Spec.Ingress.OrEmpty().SelectMany(r => r.From.OrEmpty()).Concat(old.Spec.Egress.OrEmpty().SelectMany(r => r.To.OrEmpty()))
            .Select(p => p.IPBlock).OfType<IPBlock>();
        Spec(obj.Spec, [.. blocks.SelectMany(b => b.Except.OrEmpty().Prepend(b.CIDR))], errors);
    }

    private static void Spec(NetworkPolicySpec spec, HashSet<string> known, FieldErrorList errors)
    {
        FieldChecks.Selector(spec.PodSelector, SpecPath.Child("podSelector"), errors);
        for (var i = 0; i < (spec.Ingress?.Count ?? 0); i++)
        {
            var path = SpecPath.Child("ingress").Index(i);
            Ports(spec.Ingress![i].Ports, path.Child("ports"), errors);
            Peers(spec.Ingress[i].From, path.Child("from"), known, errors);
        }
        for (var i = 0; i < (spec.Egress?.Count ?? 0); i++)
        {
            var path = SpecPath.Child("egress").Index(i);
            Ports(spec.Egress![i].Ports, path.Child("ports"), errors);
            Peers(spec.Egress[i].To, path.Child("to"), known, errors);
        }
        var types = spec.PolicyTypes.OrEmpty();
        if (types.Count > 2)
        {
            errors.Invalid(SpecPath.Child("policyTypes"), spec.PolicyTypes, "may not specify more than two policyTypes");
            return;
        }
        for (var i = 0; i < types.Count; i++)
        {
            if (types[i] is not ("Ingress" or "Egress"))
                errors.NotSupported(SpecPath.Child("policyTypes").Index(i), types[i], "Ingress", "Egress");
        }
    }

    private static void Ports(List<NetworkPolicyPort>? ports, FieldPath path, FieldErrorList errors)
    {
        for (var i = 0; i < (ports?.Count ?? 0); i++)
            Port(ports![i], path.Index(i), errors);
    }

    private static void Port(NetworkPolicyPort port, FieldPath path, FieldErrorList errors)
    {
        if (port.Protocol is not (null or "TCP" or "UDP" or "SCTP"))
            errors.NotSupported(path.Child("protocol"), port.Protocol, "TCP", "UDP", "SCTP");
        if (port.Port is not { } number)
        {
            if (port.EndPort is not null)
                errors.Invalid(path.Child("endPort"), port.EndPort, "may not be specified when `port` is not specified");
            return;
        }
        if (number.IsString && port.EndPort is not null)
            errors.Invalid(path.Child("endPort"), port.EndPort, "may not be specified when `port` is non-numeric");
        FieldChecks.PortNumberOrName(number, path, "port", errors);
        if (number.IsString || port.EndPort is not { } end)
            return;
        if (end < number.IntValue)
            errors.Invalid(path.Child("endPort"), end, "must be greater than or equal to `port`");
        errors.InvalidChild(path, "endPort", end, Names.PortNumber(end));
    }

    private static void Peers(List<NetworkPolicyPeer>? peers, FieldPath path, HashSet<string> known, FieldErrorList errors)
    {
        for (var i = 0; i < (peers?.Count ?? 0); i++)
        {
            var (peer, at) = (peers![i], path.Index(i));
            FieldChecks.Selector(peer.PodSelector, at.Child("podSelector"), errors);
            FieldChecks.Selector(peer.NamespaceSelector, at.Child("namespaceSelector"), errors);
            if (peer.IPBlock is { } block)
                Block(block, at.Child("ipBlock"), known, errors);
            if (peer is { PodSelector: null, NamespaceSelector: null, IPBlock: null })
                errors.Required(at, "must specify a peer");
            else if (peer.IPBlock is not null && (peer.PodSelector is not null || peer.NamespaceSelector is not null))
                errors.Forbidden(at, "may not specify both ipBlock and another peer");
        }
    }

    private static void Block(IPBlock block, FieldPath path, HashSet<string> known, FieldErrorList errors)
    {
        if (block.CIDR.Length == 0)
        {
            errors.Required(path.Child("cidr"));
            return;
        }
        if (!known.Contains(block.CIDR))
            IpRules.LegacyCidr(block.CIDR, path.Child("cidr"), errors);
        if (!IpText.TryParseCidrSloppy(block.CIDR, out var network, out var length))
            return;
        var exceptions = block.Except.OrEmpty();
        for (var i = 0; i < exceptions.Count; i++)
        {
            if (!known.Contains(exceptions[i]))
                IpRules.LegacyCidr(exceptions[i], path.Child("except").Index(i), errors);
            if (IpText.TryParseCidrSloppy(exceptions[i], out var part, out var partLength) && !IsWithin(part, partLength, network, length))
                errors.Invalid(path.Child("except").Index(i), exceptions[i], "must be a strict subset of `cidr`");
        }
    }

    private static bool IsWithin(System.Net.IPAddress part, int partLength, System.Net.IPAddress network, int length) =>
        part.AddressFamily == network.AddressFamily && partLength > length && IpText.Mask(part, length).Equals(IpText.Mask(network, length));
}
