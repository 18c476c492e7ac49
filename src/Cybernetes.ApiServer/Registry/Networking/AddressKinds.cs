using Cybernetes.Objects;
using Cybernetes.Objects.Networking.V1;

namespace Cybernetes.ApiServer.Registry.Networking;

/// <summary>Addresses of services that are given. The server writes them with the services (<see cref="Allocation.ServiceAddresses"/>).</summary>
internal sealed class IPAddressKind : KindDefinition<IPAddress>
{
    private static readonly FieldPath SpecPath = FieldPath.Of("spec");

    public override IReadOnlyList<string> ShortNames => ["ip"];

    public override IReadOnlyList<Column<IPAddress>> Columns { get; } =
    [
        Column<IPAddress>.Name,
        Column<IPAddress>.Text("ParentRef", "The object it is given to.", Parent),
        Column<IPAddress>.Age,
    ];

    protected override IReadOnlyList<ServedVersion> OtherVersions { get; } =
    [
        new RenamedVersion<IPAddress>("v1beta1")
        {
            DeprecationWarning = "networking.k8s.io/v1beta1 IPAddress is deprecated in v1.34+, unavailable in v1.37+",
        },
    ];

    public override IReadOnlyList<string> NameProblems(string name)
    {
        var errors = new FieldErrorList();
        IpRules.Ip(name, SpecPath, errors);
        return [.. errors.Select(e => e.Detail)];
    }

    protected override void ValidateCreate(IPAddress obj, FieldErrorList errors)
    {
        if (obj.Spec.ParentRef is not { } parent)
        {
            errors.Required(SpecPath.Child("parentRef"));
            return;
        }
        var path = SpecPath.Child("parentRef");
        if (parent.Group.Length > 0)
            FieldChecks.Subdomain(parent.Group, path, "group", errors);
        NetworkingChecks.Segment(parent.Resource, path, "resource", errors);
        NetworkingChecks.Segment(parent.Name, path, "name", errors);
        if (parent.Namespace.Length > 0)
            errors.InvalidChild(path, "namespace", parent.Namespace, Names.PathSegment(parent.Namespace));
    }

    protected override void ValidateUpdate(IPAddress obj, IPAddress old, FieldErrorList errors)
    {
        if (obj.Spec.ParentRef is null ? old.Spec.ParentRef is not null : !obj.Spec.ParentRef.SemanticEquals(old.Spec.ParentRef))
        {
            errors.Invalid(SpecPath.Child("parentRef"), GoNamedJson.Of(obj.Spec.ParentRef, "networking/v1.ParentReference"),
                FieldChecks.Immutability);
        }
    }

    private static string Parent(IPAddress address)
    {
        if (address.Spec.ParentRef is not { } parent)
            return "<none>";
        var resource = parent.Group.Length == 0 ? parent.Resource : $"{parent.Resource}.{parent.Group}";
        return parent.Namespace.Length == 0 ? $"{resource}/{parent.Name}" : $"{resource}/{parent.Namespace}/{parent.Name}";
    }
}

/// <summary>Ranges of service addresses.</summary>
internal sealed class ServiceCIDRKind : KindDefinition<ServiceCIDR>
{
    private static readonly FieldPath CidrsPath = FieldPath.Of("spec", "cidrs");

    public override bool HasStatus => true;

    public override IReadOnlyList<Column<ServiceCIDR>> Columns { get; } =
    [
        Column<ServiceCIDR>.Name,
        Column<ServiceCIDR>.Text("CIDRs", "The ranges.", c => string.Join(',', c.Spec.CIDRs.OrEmpty())),
        Column<ServiceCIDR>.Age,
    ];

    protected override IReadOnlyList<ServedVersion> OtherVersions { get; } =
    [
        new RenamedVersion<ServiceCIDR>("v1beta1")
        {
            DeprecationWarning = "networking.k8s.io/v1beta1 ServiceCIDR is deprecated in v1.34+, unavailable in v1.37+",
        },
    ];

    protected override void PrepareForCreate(ServiceCIDR obj, WriteContext context) => obj.Status = new ServiceCIDRStatus();

    protected override void PrepareForUpdate(ServiceCIDR obj, ServiceCIDR old, WriteContext context) => obj.Status = old.Status;

    protected override void PrepareForStatusUpdate(ServiceCIDR obj, ServiceCIDR old, WriteContext context)
    {
        obj.Spec = old.Spec;
        MetadataRules.ResetForStatus(obj.Metadata, old.Metadata);
    }

    protected override void ValidateCreate(ServiceCIDR obj, FieldErrorList errors) => Cidrs(obj.Spec, errors);

    protected override void ValidateUpdate(ServiceCIDR obj, ServiceCIDR old, FieldErrorList errors)
    {
        var (now, before) = (obj.Spec.CIDRs.OrEmpty(), old.Spec.CIDRs.OrEmpty());
        // A second range may be added to one, so that a cluster becomes dual-stack; nothing else changes.
        if (now.Count != before.Count && (before.Count != 1 || now.Count != 2))
        {
            errors.Invalid(CidrsPath, obj.Spec.CIDRs ?? [], FieldChecks.Immutability);
            return;
        }
        for (var i = 0; i < before.Count; i++)
            FieldChecks.Immutable(now[i], before[i], CidrsPath.Index(i), errors);
        if (now.Count > before.Count)
            Cidrs(obj.Spec, errors);
    }

    private static void Cidrs(ServiceCIDRSpec spec, FieldErrorList errors)
    {
        var cidrs = spec.CIDRs.OrEmpty();
        if (cidrs.Count == 0)
        {
            errors.Required(CidrsPath, "at least one CIDR required");
            return;
        }
        if (cidrs.Count > 2)
        {
            errors.Invalid(CidrsPath, GoNamedJson.Of(spec, "networking/v1.ServiceCIDRSpec"), "may only hold up to 2 values");
            return;
        }
        for (var i = 0; i < cidrs.Count; i++)
            IpRules.Cidr(cidrs[i], CidrsPath.Index(i), errors);
        if (cidrs.Count == 2 && Family(cidrs[0]) == Family(cidrs[1]) && Family(cidrs[0]) is not null)
        {
            errors.Invalid(CidrsPath, spec.CIDRs,
                "may specify no more than one IP for each IP family, i.e 192.168.0.0/24 and 2001:db8::/64");
        }
    }

    private static System.Net.Sockets.AddressFamily? Family(string cidr) =>
        IpText.TryParseCidrSloppy(cidr, out var address, out _) ? address.AddressFamily : null;
}
