using Cybernetes.Objects;
using Cybernetes.Objects.Networking.V1;
using Extensions = Cybernetes.Objects.Extensions.V1beta1;
using V1beta1 = Cybernetes.Objects.Networking.V1beta1;

namespace Cybernetes.ApiServer.Registry.Networking;

/// <summary>Ways for HTTP into the cluster.</summary>
internal sealed class IngressKind : KindDefinition<Ingress>
{
    private const string ClassAnnotation = "kubernetes.io/ingress.class";
    private const int HostsShown = 3;

    public override string StoragePath => "ingress";

    public override IReadOnlyList<string> ShortNames => ["ing"];

    public override bool HasStatus => true;

    public override IReadOnlyList<Column<Ingress>> Columns { get; } =
    [
        Column<Ingress>.Name,
        Column<Ingress>.Text("Class", "The class of controllers that serve it.", i => i.Spec.IngressClassName ?? "<none>"),
        Column<Ingress>.Text("Hosts", "Host names of the rules, the first few.", i => Hosts(i.Spec.Rules.OrEmpty())),
        Column<Ingress>.Text("Address", "Where it is reached.", Addresses),
        Column<Ingress>.Text("Ports", "80, and 443 with TLS.", i => i.Spec.TLS is { Count: > 0 } ? "80, 443" : "80"),
        Column<Ingress>.Age,
    ];

    protected override IReadOnlyList<ServedVersion> OtherVersions { get; } =
    [
        new ReshapedVersion<V1beta1.Ingress, Ingress>(OlderIngress.ToStored, OlderIngress.FromStored)
        {
            IsOlder = true,
            DeprecationWarning = "networking.k8s.io/v1beta1 Ingress is deprecated in v1.19+, unavailable in v1.22+; use networking.k8s.io/v1 Ingress",
        },
        new ReshapedVersion<Extensions.Ingress, Ingress>(OlderIngress.ToStored, OlderIngress.FromStored)
        {
            IsOlder = true,
            DeprecationWarning = "extensions/v1beta1 Ingress is deprecated in v1.14+, unavailable in v1.22+; use networking.k8s.io/v1 Ingress",
        },
    ];

    protected override void PrepareForCreate(Ingress obj, WriteContext context)
    {
        obj.Status = new IngressStatus();
        obj.Metadata.Generation = 1;
    }

    protected override void PrepareForUpdate(Ingress obj, Ingress old, WriteContext context)
    {
        obj.Status = old.Status;
        Generations.Count(obj.Metadata, old.Metadata, !obj.Spec.SemanticEquals(old.Spec));
    }

    protected override void PrepareForStatusUpdate(Ingress obj, Ingress old, WriteContext context) => obj.Spec = old.Spec;

    protected override void ValidateCreate(Ingress obj, FieldErrorList errors)
    {
        IngressValidation.Spec(obj.Spec, null, errors);
        if (obj.Spec.IngressClassName is { } name && obj.Metadata.Annotations?.TryGetValue(ClassAnnotation, out var annotated) == true && annotated != name)
        {
            errors.Invalid(FieldPath.Of("annotations").Child(ClassAnnotation), annotated,
                "must match `ingressClassName` when both are specified");
        }
    }

    protected override void ValidateUpdate(Ingress obj, Ingress old, FieldErrorList errors) => IngressValidation.Spec(obj.Spec, old.Spec, errors);

    protected override void ValidateStatusUpdate(Ingress obj, Ingress old, FieldErrorList errors)
    {
        var path = FieldPath.Of("status", "loadBalancer").Child("ingress");
        var given = obj.Status.LoadBalancer.Ingress.OrEmpty();
        for (var i = 0; i < given.Count; i++)
        {
            if (given[i].IP.Length > 0 && !old.Status.LoadBalancer.Ingress.OrEmpty().Any(b => b.IP == given[i].IP))
                IpRules.LegacyIp(given[i].IP, path.Index(i).Child("ip"), errors);
            if (given[i].Hostname.Length == 0)
                continue;
            FieldChecks.Subdomain(given[i].Hostname, path.Index(i), "hostname", errors);
            if (IpText.TryParseSloppy(given[i].Hostname, out _))
                errors.Invalid(path.Index(i).Child("hostname"), given[i].Hostname, "must be a DNS name, not an IP address");
        }
    }

    protected override void Warn(Ingress obj, Ingress? old, WriteContext context)
    {
        if (old is null && obj.Spec.IngressClassName is null && obj.Metadata.Annotations?.ContainsKey(ClassAnnotation) == true)
            context.Warn($"annotation \"{ClassAnnotation}\" is deprecated, please use 'spec.ingressClassName' instead");
    }

    private static string Hosts(IReadOnlyList<IngressRule> rules)
    {
        List<string> hosts = [];
        var more = false;
        foreach (var rule in rules)
        {
            more |= hosts.Count == HostsShown;
            if (!more && rule.Host.Length > 0)
                hosts.Add(rule.Host);
        }
        var text = string.Join(',', hosts);
        return hosts.Count == 0 ? "*" : more ? $"{text} + {rules.Count - HostsShown} more..." : text;
    }

    private static string Addresses(Ingress ingress)
    {
        SortedSet<string> addresses = new(StringComparer.Ordinal);
        foreach (var given in ingress.Status.LoadBalancer.Ingress.OrEmpty())
        {
            if (given.IP.Length > 0 || given.Hostname.Length > 0)
                addresses.Add(given.IP.Length > 0 ? given.IP : given.Hostname);
        }
        return string.Join(',', addresses);
    }
}
