using System.Text;
using Cybernetes.Objects;
using Cybernetes.Objects.Core.V1;

namespace Cybernetes.Node.Pods;

/// <summary>The text of a pod's /etc/hosts. Pure.</summary>
internal static class HostsFile
{
    /// <param name="hostText">The node's own file, for pods in the host's network.</param>
    public static string Make(Pod pod, IReadOnlyList<string> addresses, string hostname, string domain, string hostText)
    {
        var text = new StringBuilder();
        if (pod.Spec.HostNetwork)
        {
            text.Append("# Kubernetes-managed hosts file (host network).\n").Append(hostText);
        }
        else
        {
            text.Append("# Kubernetes-managed hosts file.\n");
            text.Append("127.0.0.1\tlocalhost\n");
            text.Append("::1\tlocalhost ip6-localhost ip6-loopback\n");
            text.Append("fe00::0\tip6-localnet\n");
            text.Append("fe00::0\tip6-mcastprefix\n");
            text.Append("fe00::1\tip6-allnodes\n");
            text.Append("fe00::2\tip6-allrouters\n");
            foreach (var address in addresses)
            {
                var full = domain.Length > 0 ? $"{hostname}.{domain}\t{hostname}" : hostname;
                text.Append(address).Append('\t').Append(full).Append('\n');
            }
        }

        if (pod.Spec.HostAliases.OrEmpty().Count == 0)
            return text.ToString();
        text.Append("\n# Entries added by HostAliases.\n");
        foreach (var alias in pod.Spec.HostAliases.OrEmpty())
            text.Append(alias.IP).Append('\t').AppendJoin('\t', alias.Hostnames.OrEmpty()).Append('\n');
        return text.ToString();
    }
}

/// <summary>A pod's host name and domain. Pure.</summary>
internal static class PodHostname
{
    private const int MaxLength = 63;

    /// <returns>The host name (the pod's unless spec.hostname says else) and the domain (empty without spec.subdomain).</returns>
    public static (string Name, string Domain) Of(Pod pod, string clusterDomain)
    {
        var name = pod.Spec.HostnameOverride ?? (pod.Spec.Hostname.Length > 0 ? pod.Spec.Hostname : pod.Metadata.Name);
        if (name.Length > MaxLength && pod.Spec.HostnameOverride is null)
            name = name[..MaxLength].TrimEnd('-', '.');
        var hasDomain = pod.Spec.Subdomain.Length > 0 && pod.Spec.HostnameOverride is null;
        return (name, hasDomain ? $"{pod.Spec.Subdomain}.{pod.Metadata.Namespace}.svc.{clusterDomain}" : "");
    }

    /// <summary>What the kernel is told: with setHostnameAsFQDN the full name.</summary>
    /// <exception cref="PodConfigException">The full name is too long for the kernel.</exception>
    public static string ForKernel(Pod pod, string clusterDomain)
    {
        var (name, domain) = Of(pod, clusterDomain);
        if (pod.Spec.SetHostnameAsFQDN != true || domain.Length == 0)
            return name;
        var full = $"{name}.{domain}";
        return full.Length <= 64
            ? full
            : throw new PodConfigException("Failed to construct FQDN from Pod hostname and cluster domain, "
                + $"FQDN {full} is too long (64 characters is the max, {full.Length} characters requested)");
    }
}
