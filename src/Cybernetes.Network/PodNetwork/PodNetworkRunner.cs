using System.Net;
using Cybernetes.Client.Informers;
using Cybernetes.Client.Transport;
using Cybernetes.Objects;
using Microsoft.Extensions.Logging;
using NodeObject = Cybernetes.Objects.Core.V1.Node;

namespace Cybernetes.Network.PodNetwork;

/// <summary>
/// The pod network of one node: waits for the node's pod CIDR, makes the bridge, holds pod and service addresses so that none leaves by the default
/// route, masquerades what pods send to the world, and writes the CNI configuration that makes the runtime ready.
/// </summary>
public sealed class PodNetworkRunner(ApiClient client, PodNetworkOptions options, ILogger logger)
{
    /// <summary>Runs until cancelled. The network stays, so that pods keep theirs.</summary>
    public async Task RunAsync(CancellationToken cancellation)
    {
        var cidrs = System.Threading.Channels.Channel.CreateBounded<string>(
            new System.Threading.Channels.BoundedChannelOptions(1) { FullMode = System.Threading.Channels.BoundedChannelFullMode.DropOldest });
        var informers = new InformerFactory(client, logger);
        var nodes = informers.For<NodeObject>(new InformerOptions { FieldSelector = "metadata.name=" + options.NodeName });
        void Seen(NodeObject node)
        {
            if (PodCidr(node) is { } cidr)
                cidrs.Writer.TryWrite(cidr);
        }
        nodes.AddHandler(Seen, (_, node) => Seen(node));
        informers.Start(cancellation);
        var current = "";
        await foreach (var cidr in cidrs.Reader.ReadAllAsync(cancellation).ConfigureAwait(false))
        {
            if (cidr != current && await SetUpAsync(cidr, cancellation).ConfigureAwait(false))
                current = cidr;
        }
    }

    private static string? PodCidr(NodeObject node)
    {
        var cidr = node.Spec.PodCIDRs.OrEmpty().FirstOrDefault(c => !c.Contains(':')) ?? node.Spec.PodCIDR;
        return cidr.Length > 0 && IPNetwork.TryParse(cidr, out _) ? cidr : null;
    }

    private async Task<bool> SetUpAsync(string podCidr, CancellationToken cancellation)
    {
        // Journey 25: pod network
        foreach (var setting in new[] { "net/ipv4/ip_forward", "net/bridge/bridge-nf-call-iptables" })
            await HostSettings.WriteAsync(setting, "1", logger, cancellation).ConfigureAwait(false);
        foreach (var command in NetworkCommands.For(podCidr, options))
        {
            var (exit, _, error) = await CommandRunner.RunAsync(command.Program, command.Arguments, null, cancellation).ConfigureAwait(false);
            if (exit == 0 || command.MayFail)
                continue;
            logger.LogError("pod network not ready: {Command}: {Reason}", command, error.Trim());
            return false;
        }
        Directory.CreateDirectory(options.ConfigurationFolder);
        var file = Path.Combine(options.ConfigurationFolder, CniConfiguration.FileName);
        // The runtime watches the folder: it must never see half a file, nor a temporary one with the ending it looks for.
        await File.WriteAllTextAsync(file + ".tmp", CniConfiguration.For(podCidr, options), cancellation).ConfigureAwait(false);
        File.Move(file + ".tmp", file, overwrite: true);
        logger.LogInformation("pod network {Cidr} on {Bridge}", podCidr, options.Bridge);
        return true;
    }
}
