using Cybernetes.Objects;
using Cybernetes.Objects.Core.V1;

namespace Cybernetes.ApiServer.Registry.Core.Pods;

/// <summary>Resolver settings and lines of /etc/hosts.</summary>
internal static class PodDnsValidation
{
    private const int MaximumServers = 3;
    private const int MaximumSearches = 32;
    private const int MaximumSearchCharacters = 2048;

    public static void Validate(PodSpec spec, FieldPath path, FieldErrorList errors)
    {
        var config = spec.DNSConfig;
        if (spec.DNSPolicy == "None" && config is null)
        {
            errors.Required(path, "must provide `dnsConfig` when `dnsPolicy` is None");
            return;
        }
        if (spec.DNSPolicy == "None" && config!.Nameservers is not { Count: > 0 })
        {
            errors.Required(path.Child("nameservers"), "must provide at least one DNS nameserver when `dnsPolicy` is None");
            return;
        }
        if (config is null)
            return;
        Servers(config.Nameservers, path.Child("nameservers"), errors);
        Searches(config.Searches, path.Child("searches"), errors);
        for (var i = 0; i < (config.Options?.Count ?? 0); i++)
        {
            if (config.Options![i].Name.Length == 0)
                errors.Required(path.Child("options").Index(i), "must not be empty");
        }
    }

    public static void HostAliases(List<HostAlias>? aliases, FieldPath path, FieldErrorList errors)
    {
        for (var i = 0; i < (aliases?.Count ?? 0); i++)
        {
            var at = path.Child("hostAliases").Index(i);
            IpRules.LegacyIp(aliases![i].IP, at.Child("ip"), errors);
            for (var j = 0; j < (aliases[i].Hostnames?.Count ?? 0); j++)
            {
                var name = aliases[i].Hostnames![j];
                foreach (var reason in Names.Dns1123Subdomain(name))
                    errors.Invalid(at.Child("hostnames").Index(j), name, reason);
            }
        }
    }

    private static void Servers(List<string>? servers, FieldPath path, FieldErrorList errors)
    {
        if (servers?.Count > MaximumServers)
            errors.Invalid(path, servers, $"must not have more than {MaximumServers} nameservers");
        for (var i = 0; i < (servers?.Count ?? 0); i++)
            IpRules.LegacyIp(servers![i], path.Index(i), errors);
    }

    private static void Searches(List<string>? searches, FieldPath path, FieldErrorList errors)
    {
        if (searches is not { Count: > 0 })
            return;
        if (searches.Count > MaximumSearches)
            errors.Invalid(path, searches, $"must not have more than {MaximumSearches} search paths");
        if (searches.Sum(s => s.Length + 1) - 1 > MaximumSearchCharacters)
            errors.Invalid(path, searches, $"must not have more than {MaximumSearchCharacters} characters (including spaces) in the search list");
        for (var i = 0; i < searches.Count; i++)
        {
            if (searches[i] == ".")
                continue;
            var search = searches[i].EndsWith('.') ? searches[i][..^1] : searches[i];
            foreach (var reason in Names.Dns1123SubdomainWithUnderscore(search))
                errors.Invalid(path.Index(i), search, reason);
        }
    }
}
