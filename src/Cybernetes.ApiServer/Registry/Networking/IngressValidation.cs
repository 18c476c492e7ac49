using Cybernetes.Objects;
using Cybernetes.Objects.Core.V1;
using Cybernetes.Objects.Networking.V1;

namespace Cybernetes.ApiServer.Registry.Networking;

/// <summary>The spec of an ingress. What the stored object already had wrong of a few things may stay wrong.</summary>
internal static class IngressValidation
{
    private static readonly FieldPath SpecPath = FieldPath.Of("spec");
    private static readonly string[] BadSequences = ["//", "/./", "/../", "%2f", "%2F"];
    private static readonly string[] BadEnds = ["/..", "/."];

    /// <param name="spec">The spec.</param>
    /// <param name="old">The stored one; null for a new ingress.</param>
    /// <param name="errors">Where complaints go.</param>
    public static void Spec(IngressSpec spec, IngressSpec? old, FieldErrorList errors)
    {
        var relaxed = old is not null && BackendsOf(old).Any(b =>
            b.Service is { } service && Names.Dns1123Label(service.Name).Count == 0 && Names.Dns1035Label(service.Name).Count > 0);
        if (spec is { Rules: not { Count: > 0 }, DefaultBackend: null })
            errors.Invalid(SpecPath, new FieldChecks.JsonValue(spec.Rules is null ? "null" : "[]"), "either `defaultBackend` or `rules` must be specified");
        if (spec.DefaultBackend is { } backend)
            Backend(backend, SpecPath.Child("defaultBackend"), relaxed, errors);
        Rules(spec, old, relaxed, errors);
        Tls(spec.TLS.OrEmpty(), old, errors);
        if (spec.IngressClassName is { } name)
            errors.InvalidChild(SpecPath, "ingressClassName", name, Names.Dns1123Subdomain(name));
    }

    private static IEnumerable<IngressBackend> BackendsOf(IngressSpec spec) =>
        (spec.DefaultBackend is null ? [] : new[] { spec.DefaultBackend })
        .Concat(spec.Rules.OrEmpty().SelectMany(r => (r.HTTP?.Paths).OrEmpty()).Select(p => p.Backend));

    private static void Rules(IngressSpec spec, IngressSpec? old, bool relaxed, FieldErrorList errors)
    {
        var wildcardsUnchecked = old is not null && old.Rules.OrEmpty().Any(r => r.Host.Contains('*') && IsBad(r));
        var rules = spec.Rules.OrEmpty();
        for (var i = 0; i < rules.Count; i++)
        {
            var path = SpecPath.Child("rules").Index(i);
            var host = rules[i].Host;
            if (host.Length > 0)
            {
                if (IpText.TryParseSloppy(host, out _))
                    errors.Invalid(path.Child("host"), host, "must be a DNS name, not an IP address");
                Host(host, path.Child("host"), errors);
            }
            if (rules[i].HTTP is { } http && !(wildcardsUnchecked && host.Contains('*')))
                Http(http, path.Child("http"), relaxed, errors);
        }
    }

    private static bool IsBad(IngressRule rule)
    {
        var errors = new FieldErrorList();
        if (rule.HTTP is { } http)
            Http(http, SpecPath, false, errors);
        return errors.Count > 0;
    }

    private static void Host(string host, FieldPath path, FieldErrorList errors) =>
        errors.AddInvalid(path, host, host.Contains('*') ? Names.WildcardDns1123Subdomain(host) : Names.Dns1123Subdomain(host));

    private static void Http(HTTPIngressRuleValue http, FieldPath path, bool relaxed, FieldErrorList errors)
    {
        var paths = http.Paths.OrEmpty();
        if (paths.Count == 0)
            errors.Required(path.Child("paths"));
        for (var i = 0; i < paths.Count; i++)
            OnePath(paths[i], path.Child("paths").Index(i), relaxed, errors);
    }

    private static void OnePath(HTTPIngressPath given, FieldPath path, bool relaxed, FieldErrorList errors)
    {
        switch (given.PathType)
        {
            case null:
                errors.Required(path.Child("pathType"), "pathType must be specified");
                return;
            case "Exact" or "Prefix":
                if (!given.Path.StartsWith('/'))
                    errors.Invalid(path.Child("path"), given.Path, "must be an absolute path");
                foreach (var bad in BadSequences.Where(b => given.Path.Contains(b, StringComparison.Ordinal)))
                    errors.Invalid(path.Child("path"), given.Path, $"must not contain '{bad}'");
                foreach (var bad in BadEnds.Where(b => given.Path.EndsWith(b, StringComparison.Ordinal)))
                    errors.Invalid(path.Child("path"), given.Path, $"cannot end with '{bad}'");
                break;
            case "ImplementationSpecific":
                if (given.Path.Length > 0 && !given.Path.StartsWith('/'))
                    errors.Invalid(path.Child("path"), given.Path, "must be an absolute path");
                break;
            default:
                errors.NotSupported(path.Child("pathType"), given.PathType, "Exact", "ImplementationSpecific", "Prefix");
                break;
        }
        Backend(given.Backend, path.Child("backend"), relaxed, errors);
    }

    private static void Backend(IngressBackend backend, FieldPath path, bool relaxed, FieldErrorList errors)
    {
        switch (backend)
        {
            case { Resource: not null, Service: not null }:
                errors.Invalid(path, "", "cannot set both resource and service backends");
                break;
            case { Resource: { } resource }:
                Resource(resource, path.Child("resource"), errors);
                break;
            case { Service: { } service }:
                Service(service, path, relaxed, errors);
                break;
            default:
                errors.Invalid(path, "", "resource or service backend is required");
                break;
        }
    }

    private static void Service(IngressServiceBackend service, FieldPath path, bool relaxed, FieldErrorList errors)
    {
        var at = path.Child("service");
        if (service.Name.Length == 0)
            errors.Required(at.Child("name"));
        else
            errors.InvalidChild(at, "name", service.Name, relaxed ? Names.Dns1123Label(service.Name) : Names.Dns1035Label(service.Name));
        var (name, number) = (service.Port.Name, service.Port.Number);
        if (name.Length > 0 && number != 0)
            errors.Invalid(path, "", "cannot set both port name & port number");
        else if (name.Length > 0)
            errors.InvalidChild(at.Child("port"), "name", name, Names.PortName(name));
        else if (number != 0)
            errors.InvalidChild(at.Child("port"), "number", number, Names.PortNumber(number));
        else
            errors.Required(path, "port name or number is required");
    }

    private static void Resource(TypedLocalObjectReference resource, FieldPath path, FieldErrorList errors)
    {
        if (resource.APIGroup is { } group)
            errors.InvalidChild(path, "apiGroup", group, Names.Dns1123Subdomain(group));
        NetworkingChecks.Segment(resource.Kind, path, "kind", errors);
        NetworkingChecks.Segment(resource.Name, path, "name", errors);
    }

    private static void Tls(IReadOnlyList<IngressTLS> all, IngressSpec? old, FieldErrorList errors)
    {
        var anyName = old is not null && old.TLS.OrEmpty().Any(t => t.SecretName.Length > 0 && Names.Dns1123Subdomain(t.SecretName).Count > 0);
        for (var i = 0; i < all.Count; i++)
        {
            var path = SpecPath.Child("tls").Index(i);
            var hosts = all[i].Hosts.OrEmpty();
            for (var j = 0; j < hosts.Count; j++)
                Host(hosts[j], path.Child("hosts").Index(j), errors);
            if (!anyName && all[i].SecretName.Length > 0)
                FieldChecks.Subdomain(all[i].SecretName, path, "secretName", errors);
        }
    }
}
