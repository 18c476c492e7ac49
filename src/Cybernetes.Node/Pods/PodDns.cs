using Cybernetes.Objects;
using Cybernetes.Objects.Core.V1;
using Cri = Cybernetes.Node.Runtime.Cri;

namespace Cybernetes.Node.Pods;

/// <param name="Servers">--cluster-dns; empty when there is no cluster DNS.</param>
/// <param name="Domain">--cluster-domain.</param>
/// <param name="HostResolvConf">The lines of the host's resolv.conf.</param>
internal sealed record DnsSettings(IReadOnlyList<string> Servers, string Domain, IReadOnlyList<string> HostResolvConf);

/// <summary>A pod's resolv.conf, by dnsPolicy and dnsConfig (API reference, "Pod's DNS Policy"). Pure.</summary>
internal static class PodDns
{
    /// <summary>resolv.conf(5): more are not read.</summary>
    private const int MaxServers = 3;
    private const int MaxSearches = 32;

    /// <param name="fallsBack">The policy wants cluster DNS, but there is none: the host's is used, and an event should say
    /// so.</param>
    public static Cri.DNSConfig Make(Pod pod, DnsSettings settings, out bool fallsBack)
    {
        var wantsCluster = pod.Spec.DNSPolicy switch
        {
            "ClusterFirstWithHostNet" => true,
            "None" or "Default" => false,
            _ => !pod.Spec.HostNetwork,
        };
        fallsBack = wantsCluster && settings.Servers.Count == 0;
        var config = pod.Spec.DNSPolicy == "None" ? new Cri.DNSConfig()
            : wantsCluster && !fallsBack ? Cluster(pod, settings)
            : Host(settings);
        if (pod.Spec.DNSConfig is { } own)
            Append(config, own);
        Limit(config.Servers, MaxServers);
        Limit(config.Searches, MaxSearches);
        return config;
    }

    private static Cri.DNSConfig Cluster(Pod pod, DnsSettings settings)
    {
        var config = new Cri.DNSConfig { Servers = { settings.Servers }, Options = { "ndots:5" } };
        if (settings.Domain.Length > 0)
        {
            config.Searches.Add($"{pod.Metadata.Namespace}.svc.{settings.Domain}");
            config.Searches.Add($"svc.{settings.Domain}");
            config.Searches.Add(settings.Domain);
        }

        foreach (var search in Host(settings).Searches)
        {
            if (!config.Searches.Contains(search))
                config.Searches.Add(search);
        }

        return config;
    }

    private static Cri.DNSConfig Host(DnsSettings settings)
    {
        var config = new Cri.DNSConfig();
        foreach (var line in settings.HostResolvConf)
        {
            var words = line.Split((char[])[' ', '\t'], StringSplitOptions.RemoveEmptyEntries);
            if (words.Length < 2 || words[0].StartsWith('#') || words[0].StartsWith(';'))
                continue;
            if (words[0] == "nameserver")
                config.Servers.Add(words[1]);
            else if (words[0] is "search" or "domain")
            {
                // The last line of the kind wins.
                config.Searches.Clear();
                config.Searches.AddRange(words.Skip(1).Where(word => word != "."));
            }
            else if (words[0] == "options")
            {
                config.Options.Clear();
                config.Options.AddRange(words.Skip(1));
            }
        }

        return config;
    }

    private static void Append(Cri.DNSConfig config, PodDNSConfig own)
    {
        foreach (var server in own.Nameservers.OrEmpty().Where(server => !config.Servers.Contains(server)))
            config.Servers.Add(server);
        foreach (var search in own.Searches.OrEmpty().Where(search => !config.Searches.Contains(search)))
            config.Searches.Add(search);
        foreach (var option in own.Options.OrEmpty())
        {
            var name = option.Name + ":";
            var kept = config.Options.Where(one => one != option.Name && !one.StartsWith(name, StringComparison.Ordinal))
                .ToArray();
            config.Options.Clear();
            config.Options.AddRange(kept);
            config.Options.Add(option.Value is { Length: > 0 } value ? name + value : option.Name);
        }
    }

    private static void Limit(Google.Protobuf.Collections.RepeatedField<string> list, int most)
    {
        while (list.Count > most)
            list.RemoveAt(list.Count - 1);
    }
}
