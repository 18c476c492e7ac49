using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace Cybernetes.Scheduler.Configuration;

/// <summary>Reads one extender of a KubeSchedulerConfiguration.</summary>
internal static class ExtenderReader
{
    /// <summary>All extenders: one at most binds, and each manages resources of its own.</summary>
    public static IReadOnlyList<ExtenderConfiguration> ReadAll(ConfigurationNode list)
    {
        var extenders = new List<ExtenderConfiguration>();
        var managed = new HashSet<string>(StringComparer.Ordinal);
        foreach (var item in list.Items())
        {
            var extender = Read(item);
            extenders.Add(extender);
            if (extender.ManagedResources.FirstOrDefault(r => !managed.Add(r)) is { } twice)
                throw item.Error($"Invalid value: \"{twice}\": duplicate extender managed resource name");
            if (extender.BindVerb.Length > 0 && extenders.Count(e => e.BindVerb.Length > 0) > 1)
                throw item.Error("Invalid value: only one extender can implement bind");
        }
        return extenders;
    }

    private static ExtenderConfiguration Read(ConfigurationNode node)
    {
        var fields = node.Fields(
            "urlPrefix", "filterVerb", "preemptVerb", "prioritizeVerb", "weight", "bindVerb", "enableHTTPS", "tlsConfig", "httpTimeout", "nodeCacheCapable",
            "managedResources", "ignorable");
        string Text(string name) => fields.GetValueOrDefault(name)?.Text() ?? "";
        bool Truth(string name) => fields.GetValueOrDefault(name)?.Truth() ?? false;
        var url = Text("urlPrefix");
        if (!Uri.TryCreate(url, UriKind.Absolute, out var address) || address.Scheme is not ("http" or "https"))
            throw (fields.GetValueOrDefault("urlPrefix") ?? node).Error($"Invalid value: \"{url}\": must be a URL");
        var weight = fields.GetValueOrDefault("weight")?.Number(0, int.MaxValue) ?? 1;
        if (Text("prioritizeVerb").Length > 0 && weight <= 0)
            throw fields["weight"].Error("Invalid value: must have a positive weight applied to it");
        var managed = (fields.GetValueOrDefault("managedResources")?.Items() ?? []).Select(Managed).ToList();
        var extender = new ExtenderConfiguration
        {
            UrlPrefix = Truth("enableHTTPS") && address.Scheme == "http" ? "https://" + url["http://".Length..] : url,
            FilterVerb = Text("filterVerb"),
            PreemptVerb = Text("preemptVerb"),
            PrioritizeVerb = Text("prioritizeVerb"),
            BindVerb = Text("bindVerb"),
            Weight = weight,
            NodeCacheCapable = Truth("nodeCacheCapable"),
            Ignorable = Truth("ignorable"),
            HttpTimeout = fields.GetValueOrDefault("httpTimeout") is { } timeout ? Timeout(timeout) : TimeSpan.FromSeconds(5),
            ManagedResources = [.. managed.Select(m => m.Name)],
            IgnoredByScheduler = [.. managed.Where(m => m.IsIgnored).Select(m => m.Name)],
        };
        return fields.TryGetValue("tlsConfig", out var tls) ? Tls(tls, extender) : extender;
    }

    private static TimeSpan Timeout(ConfigurationNode node) =>
        node.Duration() is { } timeout && timeout > TimeSpan.Zero ? timeout : throw node.Error("Invalid value: must be greater than zero");

    private static (string Name, bool IsIgnored) Managed(ConfigurationNode item)
    {
        var fields = item.Fields("name", "ignoredByScheduler");
        var name = fields.TryGetValue("name", out var node) ? node.Text() : throw item.Error("Required value: name");
        var domain = name.Split('/')[0];
        if (!name.Contains('/') || domain == "kubernetes.io" || domain.EndsWith(".kubernetes.io", StringComparison.Ordinal)
            || name.StartsWith("requests.", StringComparison.Ordinal))
            throw node.Error($"Invalid value: \"{name}\": {name} is an invalid extended resource name");
        return (name, fields.GetValueOrDefault("ignoredByScheduler")?.Truth() ?? false);
    }

    private static string Name(ConfigurationNode? node) =>
        node?.Text() is not { Length: > 0 } name ? ""
        : Uri.CheckHostName(name) != UriHostNameType.Unknown ? name : throw node.Error($"Invalid value: \"{name}\": must be a host name or an address");

    private static ExtenderConfiguration Tls(ConfigurationNode node, ExtenderConfiguration extender)
    {
        var fields = node.Fields("insecure", "serverName", "certFile", "keyFile", "caFile", "certData", "keyData", "caData");
        string? Pem(string name) =>
            fields.TryGetValue(name + "Data", out var data) ? Encoding.ASCII.GetString(data.Bytes())
            : fields.TryGetValue(name + "File", out var file) ? Encoding.ASCII.GetString(file.FileBytes()) : null;
        var insecure = fields.GetValueOrDefault("insecure")?.Truth() ?? false;
        var (authorities, certificate, key) = (Pem("ca"), Pem("cert"), Pem("key"));
        if (insecure && authorities is not null)
            throw node.Error("Invalid value: specifying a root certificates file with the insecure flag is not allowed");
        if (certificate is null != key is null)
            throw node.Error("Required value: certFile or certData and keyFile or keyData must be given together");
        try
        {
            var roots = new X509Certificate2Collection();
            if (authorities is not null)
                roots.ImportFromPem(authorities);
            return extender with
            {
                Insecure = insecure,
                TlsServerName = Name(fields.GetValueOrDefault("serverName")),
                Authorities = roots,
                ClientCertificate = certificate is null ? null : X509Certificate2.CreateFromPem(certificate, key),
            };
        }
        catch (Exception failure) when (failure is CryptographicException or ArgumentException)
        {
            throw node.Error($"Invalid value: {failure.Message}");
        }
    }
}
