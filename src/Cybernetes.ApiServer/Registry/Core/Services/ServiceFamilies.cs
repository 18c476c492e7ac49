using System.Globalization;
using Cybernetes.Objects;
using Cybernetes.Objects.Core.V1;

namespace Cybernetes.ApiServer.Registry.Core.Services;

/// <summary>IP families of a service on a cluster whose services have one family or two.</summary>
internal static class ServiceFamilies
{
    private static readonly FieldPath SpecPath = FieldPath.Of("spec");

    /// <summary>Fills in policy and families where the client left them open.</summary>
    /// <param name="families">The cluster's, the default one first.</param>
    public static void Fill(Service service, Service? old, IReadOnlyList<string> families)
    {
        var spec = service.Spec;
        // What would take two families and was made when the cluster had one keeps its one until someone asks.
        if (spec.Type == "ExternalName" || (old is not null && PrefersTheSame(spec, old.Spec)))
            return;
        var headlessAlone = spec.ClusterIP == "None" && spec.Selector is not { Count: > 0 };
        spec.IPFamilyPolicy ??= old?.Spec.IPFamilyPolicy ?? (headlessAlone ? "RequireDualStack" : "SingleStack");
        if (old is not null && spec.IPFamilyPolicy == "SingleStack")
            ReleaseSecond(spec, old.Spec);
        for (var i = 0; i < (spec.ClusterIPs?.Count ?? 0); i++)
        {
            var address = spec.ClusterIPs![i];
            if (address is not ("None" or "") && i >= (spec.IPFamilies?.Count ?? 0))
                (spec.IPFamilies ??= []).Add(address.Contains(':') ? "IPv6" : "IPv4");
        }
        if (spec.IPFamilies is not { Count: > 0 })
            spec.IPFamilies = [families[0]];
        // Nobody's endpoints are known: such a service may have addresses of both families, whatever the cluster.
        if ((headlessAlone || (families.Count == 2 && families.Contains(spec.IPFamilies[0])))
            && spec.IPFamilies.Count == 1 && spec.IPFamilyPolicy is "PreferDualStack" or "RequireDualStack")
            spec.IPFamilies.Add(spec.IPFamilies[0] == "IPv4" ? "IPv6" : "IPv4");
    }

    /// <summary>What this cluster can give.</summary>
    public static void Check(Service service, IReadOnlyList<string> families, FieldErrorList errors)
    {
        var spec = service.Spec;
        if (spec.Type == "ExternalName")
            return;
        var policy = SpecPath.Child("ipFamilyPolicy");
        const string Dual = "must be 'RequireDualStack' or 'PreferDualStack' when multiple ";
        if (spec.IPFamilyPolicy == "SingleStack" && spec.ClusterIPs?.Count == 2)
            errors.Invalid(policy, spec.IPFamilyPolicy, Dual + "cluster IPs are specified");
        if (spec.IPFamilyPolicy == "SingleStack" && spec.IPFamilies?.Count == 2)
            errors.Invalid(policy, spec.IPFamilyPolicy, Dual + "IP families are specified");
        if (spec.ClusterIP == "None" && spec.Selector is not { Count: > 0 })
            return;
        if (spec.IPFamilyPolicy == "RequireDualStack" && families.Count < 2)
            errors.Invalid(policy, spec.IPFamilyPolicy, "this cluster is not configured for dual-stack services");
        for (var i = 0; i < (spec.IPFamilies?.Count ?? 0); i++)
        {
            var asked = spec.IPFamilies![i];
            if (asked is "IPv4" or "IPv6" && !families.Contains(asked))
                errors.Invalid(SpecPath.Child("ipFamilies").Index(i), asked, "not configured on this cluster");
        }
    }

    /// <summary>The fields for themselves: two at most, of different families, addresses that fit.</summary>
    public static void Validate(Service service, FieldErrorList errors)
    {
        var spec = service.Spec;
        if (spec.Type == "ExternalName")
            return;
        var path = SpecPath.Child("clusterIPs");
        if (spec.ClusterIP.Length > 0 && spec.ClusterIPs is not { Count: > 0 })
            errors.Required(path);
        else if (spec.ClusterIP.Length > 0 && spec.ClusterIPs![0] != spec.ClusterIP)
            errors.Invalid(path, spec.ClusterIPs, "first value must match `clusterIP`");
        else if (spec.ClusterIP.Length == 0 && spec.ClusterIPs is { Count: > 0 })
            errors.Invalid(path, spec.ClusterIPs, "must be empty when `clusterIP` is not specified");
        Families(spec.IPFamilies, errors);
        if (spec.IPFamilyPolicy is not (null or "PreferDualStack" or "RequireDualStack" or "SingleStack"))
            errors.NotSupported(SpecPath.Child("ipFamilyPolicy"), spec.IPFamilyPolicy, "PreferDualStack", "RequireDualStack", "SingleStack");
        if (Addresses(spec.ClusterIPs, path, errors))
            AddressesFit(service, path, errors);
    }

    private static bool PrefersTheSame(ServiceSpec spec, ServiceSpec old) =>
        spec.IPFamilyPolicy == "PreferDualStack" && old.IPFamilyPolicy == "PreferDualStack" && spec.Type == old.Type && spec.ClusterIP == old.ClusterIP
        && spec.ClusterIPs.OrEmpty().SequenceEqual(old.ClusterIPs.OrEmpty(), StringComparer.Ordinal)
        && spec.IPFamilies is { Count: > 0 } && spec.IPFamilies.SequenceEqual(old.IPFamilies.OrEmpty(), StringComparer.Ordinal);

    private static void ReleaseSecond(ServiceSpec spec, ServiceSpec old)
    {
        if (spec.ClusterIPs?.Count > 1 && spec.ClusterIPs.SequenceEqual(old.ClusterIPs.OrEmpty(), StringComparer.Ordinal))
            spec.ClusterIPs = [spec.ClusterIPs[0]];
        if (spec.IPFamilies?.Count > 1 && spec.IPFamilies.SequenceEqual(old.IPFamilies.OrEmpty(), StringComparer.Ordinal))
            spec.IPFamilies = [spec.IPFamilies[0]];
    }

    private static void Families(List<string>? families, FieldErrorList errors)
    {
        for (var i = 0; i < (families?.Count ?? 0); i++)
        {
            if (families![i] is not ("IPv4" or "IPv6"))
                errors.NotSupported(SpecPath.Child("ipFamilies").Index(i), families[i], "IPv4", "IPv6");
            if (families.IndexOf(families[i]) < i)
                errors.Duplicate(SpecPath.Child("ipFamilies").Index(i), families[i]);
        }
    }

    private static bool Addresses(List<string>? addresses, FieldPath path, FieldErrorList errors)
    {
        var before = errors.Count;
        for (var i = 0; i < (addresses?.Count ?? 0); i++)
        {
            if (i > 0 || addresses![0] != "None")
                IpRules.LegacyIp(addresses![i], path.Index(i), errors);
            else if (addresses.Count > 1)
                errors.Invalid(path, addresses, "'None' must be the first and only value");
        }
        var valid = errors.Count == before;
        if (addresses?.Count > 2)
            errors.Invalid(path, addresses, "may only hold up to 2 values");
        return valid;
    }

    private static void AddressesFit(Service service, FieldPath path, FieldErrorList errors)
    {
        if (service.Spec.ClusterIPs is not { Count: > 0 } addresses || ServiceFacts.IsHeadless(service))
            return;
        var six = addresses.Count(a => a.Contains(':'));
        if (addresses.Count > 1 && (six == 0 || six == addresses.Count))
            errors.Invalid(path, addresses, "may specify no more than one IP for each IP family");
        for (var i = 0; i < Math.Min(addresses.Count, service.Spec.IPFamilies?.Count ?? 0); i++)
        {
            var family = service.Spec.IPFamilies![i];
            if (family is "IPv4" or "IPv6" && (family == "IPv6") != addresses[i].Contains(':'))
            {
                errors.Invalid(
                    path.Index(i), addresses[i],
                    string.Create(CultureInfo.InvariantCulture, $"expected an {family} value as indicated by `ipFamilies[{i}]`"));
            }
        }
    }
}
