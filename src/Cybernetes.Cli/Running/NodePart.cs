using Cybernetes.Foundation;
using Cybernetes.Network.PodNetwork;
using Cybernetes.Node.Agent;
using Cybernetes.Node.LocalStorage;
using Cybernetes.Node.Runtime;
using Cybernetes.Node.Server;
using Cybernetes.Objects.Core.V1;
using Microsoft.Extensions.Logging;

namespace Cybernetes.Cli.Running;

/// <summary>What makes this machine a node: the agent over the container runtime, and the network its pods hang on.</summary>
internal static class NodePart
{
    private const string Administrators = "system:masters";

    /// <summary>Runs all until cancelled; when one fails the others are stopped, and the failure is thrown.</summary>
    public static async Task RunAsync(PartContext context, CancellationToken cancellation)
    {
        NodeSettings settings = context.Settings.Node;
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        using var runtime = new CriRuntime(settings.RuntimeEndpoint, context.Client.Time);
        var agent = new NodeAgent(
            context.Client,
            runtime,
            runtime,
            AgentOptions(context.Settings),
            context.Client.Time,
            Chance.Cryptographic,
            context.Loggers);

        List<Task> running = [Task.Run(() => agent.RunAsync(stop.Token), CancellationToken.None)];
        if (settings.CniDirectory.Length > 0)
        {
            var network = new PodNetworkRunner(
                context.Client, NetworkOptions(context.Settings), context.Loggers.CreateLogger("network"));
            running.Add(Task.Run(() => network.RunAsync(stop.Token), CancellationToken.None));
        }
        if (settings.LocalStorageDirectory.Length > 0)
        {
            var storage = new LocalStorageOptions { NodeName = context.Settings.NodeName, Directory = settings.LocalStorageDirectory };
            var provisioner = new LocalProvisioner(context.Client, storage, context.Loggers.CreateLogger("local-storage"));
            running.Add(Task.Run(() => provisioner.RunAsync(stop.Token), CancellationToken.None));
        }
        Task first = await Task.WhenAny(running).ConfigureAwait(false);
        await stop.CancelAsync().ConfigureAwait(false);
        await Task.WhenAll(running).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await first.ConfigureAwait(false);
    }

    internal static NodeAgentOptions AgentOptions(PartSettings settings) => new()
    {
        NodeName = settings.NodeName,
        NodeIp = settings.Node.NodeIp,
        HasExternalCloudProvider = settings.Node.HasCloudProvider,
        RootDirectory = settings.Node.RootDirectory,
        PodLogsDirectory = settings.Node.PodLogsDirectory,
        ClusterDns = settings.Node.ClusterDns,
        ClusterDomain = settings.Node.ClusterDomain,
        MaxPods = settings.Node.MaxPods,
        RegisterWithTaints = settings.Node.HasCloudProvider
            ? [new Taint { Key = "node.cloudprovider.kubernetes.io/uninitialized", Value = "true", Effect = TaintEffect.NoSchedule }]
            : [],
        Server = settings.Node.ServingCertificate is null ? null : new KubeletServerOptions
        {
            Port = settings.Node.Port,
            ServerCertificate = settings.Node.ServingCertificate,
            ClientAuthorities = settings.Node.ClientAuthorities,
            // The API server itself and administrators; everyone else goes through the API server, which asks who may.
            Authorize = static (attributes, _) => ValueTask.FromResult(attributes.User.Groups.Contains(Administrators)),
        },
    };

    private static PodNetworkOptions NetworkOptions(PartSettings settings) => new()
    {
        NodeName = settings.NodeName,
        ClusterCidr = settings.ClusterCidr,
        ServiceCidr = settings.ServiceCidr,
        ConfigurationFolder = settings.Node.CniDirectory,
        AddressFolder = settings.Node.AddressDirectory,
    };
}
