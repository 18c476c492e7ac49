using Cybernetes.Client.Transport;
using Cybernetes.Foundation;
using Cybernetes.Node.Pods;
using Cybernetes.Node.Probes;
using Cybernetes.Node.Resources;
using Cybernetes.Node.Runtime;
using Cybernetes.Node.Volumes;
using Microsoft.Extensions.Logging;

namespace Cybernetes.Node.Agent;

/// <summary>Puts together what the pod workers share.</summary>
internal sealed class AgentParts(
    ApiClient client, IRuntimeService runtime, IImageService images, NodeAgentOptions options, TimeProvider time,
    IRandomSource random,
    ILogger logger)
{
    private static readonly BackoffOptions CrashBackoff = new(TimeSpan.FromSeconds(10), TimeSpan.FromSeconds(300));

    public PodServices MakePodServices(
        NodeSelf self, IPodCgroups cgroups, INodeEvents events, IServiceLister services, IHttpProber http)
    {
        var api = new ClusterNodeApi(client);
        var objects = new PodObjects(api);
        var paths = new PodPaths(options.RootDirectory, options.PodLogsDirectory);
        var identities = new IdentitySource(random);
        var puller = new ImagePuller(images, objects, events, time, random, options.SerializeImagePulls);
        return new PodServices(
            runtime, puller, objects, api, events, services, Volumes(api, paths, objects, self, identities), cgroups, self, paths,
                time, random,
            logger)
        {
            Sandboxes = new SandboxConfigs(paths, cgroups, Dns),
            Mounts = options.HasContainers ? new ContainerMounts(paths, new SubPaths(), identities, Dns) : null,
            Hooks = new LifecycleHooks(runtime, http, time),
            TerminationMessages = new TerminationMessages(),
            CrashBackoff = new BackoffMap<(string, string, string)>(CrashBackoff, time, random),
        };
    }

    public ProbeServices MakeProbeServices(INodeEvents events, IHttpProber http, CancellationToken stopping)
    {
        var prober = new Prober(runtime, http, new GrpcHealthProber(time), time);
        return new ProbeServices(new ProbeResults(), prober, events, time, random, stopping);
    }

    private IPodVolumes Volumes(INodeApi api, PodPaths paths, IPodObjects objects, NodeSelf self, IdentitySource identities)
    {
        if (!options.HasContainers)
            return new NoPodVolumes();
        var tokens = new ServiceTokens(objects, time);
        return new PodVolumes(
            paths, new LinuxMounts(), new VolumeContents(objects, tokens, self), new ClaimedVolumes(api, self), tokens, self, time, identities);
    }

    private DnsSettings Dns()
    {
        var host = File.Exists(options.ResolvConf) ? File.ReadAllLines(options.ResolvConf) : [];
        return new DnsSettings(options.ClusterDns, options.ClusterDomain, host);
    }
}
