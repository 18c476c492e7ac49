using System.Globalization;
using Cybernetes.Node.Resources;
using Cybernetes.Node.Runtime;
using Cybernetes.Objects;
using Cybernetes.Objects.Core.V1;
using Cri = Cybernetes.Node.Runtime.Cri;

namespace Cybernetes.Node.Pods;

/// <summary>The runtime's description of a pod's sandbox. Pure but for what it is given.</summary>
internal sealed class SandboxConfigs(PodPaths paths, IPodCgroups cgroups, Func<DnsSettings> dns)
{
    /// <param name="missesDns">The pod wants cluster DNS, but the node has none.</param>
    /// <exception cref="PodConfigException">The pod's host name is impossible.</exception>
    public Cri.PodSandboxConfig Make(Pod pod, uint attempt, out bool missesDns)
    {
        if (pod.Spec.HostUsers == false)
            throw new PodConfigException("user namespaces (hostUsers: false) are not supported by this node agent");
        var settings = dns();
        var config = new Cri.PodSandboxConfig
        {
            Metadata = new Cri.PodSandboxMetadata
            {
                Name = pod.Metadata.Name,
                Namespace = pod.Metadata.Namespace,
                Uid = pod.Metadata.UID,
                Attempt = attempt,
            },
            // In the host's UTS namespace the host name is not ours to set: containerd refuses one.
            Hostname = pod.Spec.HostNetwork ? "" : PodHostname.ForKernel(pod, settings.Domain),
            LogDirectory = paths.LogDirectory(pod),
            DnsConfig = PodDns.Make(pod, settings, out missesDns),
            Linux = new Cri.LinuxPodSandboxConfig
            {
                CgroupParent = cgroups.PathOf(PodQos.Of(pod), pod.Metadata.UID),
                SecurityContext = SecurityContexts.OfSandbox(pod),
                Overhead = new Cri.LinuxContainerResources(),
                Resources = Resources(pod),
            },
        };
        foreach (var (key, value) in pod.Metadata.Labels.OrEmpty())
            config.Labels[key] = value;
        config.Labels[RuntimeLabels.PodName] = pod.Metadata.Name;
        config.Labels[RuntimeLabels.PodNamespace] = pod.Metadata.Namespace;
        config.Labels[RuntimeLabels.PodUid] = pod.Metadata.UID;
        foreach (var (key, value) in pod.Metadata.Annotations.OrEmpty())
            config.Annotations[key] = value;
        config.Annotations["kubernetes.io/config.source"] = "api";
        foreach (var sysctl in pod.Spec.SecurityContext?.Sysctls.OrEmpty() ?? [])
            config.Linux.Sysctls[sysctl.Name] = sysctl.Value;
        if (!pod.Spec.HostNetwork)
            config.PortMappings.AddRange(Ports(pod));
        return config;
    }

    private static Cri.LinuxContainerResources Resources(Pod pod)
    {
        var limits = PodResourceSums.PodLimits(pod);
        return new Cri.LinuxContainerResources
        {
            CpuShares = limits.CpuShares ?? 0,
            CpuQuota = limits.CpuQuotaMicroseconds ?? 0,
            CpuPeriod = limits.CpuPeriodMicroseconds ?? ResourceMath.DefaultPeriodMicroseconds,
            MemoryLimitInBytes = limits.MemoryBytes ?? 0,
        };
    }

    private static IEnumerable<Cri.PortMapping> Ports(Pod pod)
    {
        foreach (var container in pod.Spec.Containers.OrEmpty()
            .Concat(pod.Spec.InitContainers.OrEmpty().Where(RestartRules.IsSidecar)))
        {
            foreach (var port in container.Ports.OrEmpty())
            {
                yield return new Cri.PortMapping
                {
                    ContainerPort = port.ContainerPortValue,
                    HostPort = port.HostPort,
                    HostIp = port.HostIP,
                    Protocol = port.Protocol switch
                    {
                        "UDP" => Cri.Protocol.Udp,
                        "SCTP" => Cri.Protocol.Sctp,
                        _ => Cri.Protocol.Tcp,
                    },
                };
            }
        }
    }

    internal static string Seconds(long seconds) => seconds.ToString(CultureInfo.InvariantCulture);
}
