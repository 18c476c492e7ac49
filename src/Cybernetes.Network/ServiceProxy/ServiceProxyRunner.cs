using Cybernetes.Client.Informers;
using Cybernetes.Client.Transport;
using Cybernetes.Network.ServiceProxy.Iptables;
using Cybernetes.Objects.Core.V1;
using Cybernetes.Objects.Discovery.V1;
using Microsoft.Extensions.Logging;

namespace Cybernetes.Network.ServiceProxy;

/// <summary>
/// The service proxy in iptables mode: keeps the node's rules true to services and endpoint slices. Rules stay when it stops, so that traffic
/// flows on; <see cref="CleanAsync"/> takes them away.
/// </summary>
public sealed class ServiceProxyRunner(ApiClient client, ServiceProxyOptions options, ILogger logger)
{
    private readonly IptablesCommands _iptables = new();
    private readonly SemaphoreSlim _changed = new(0, 1);
    private IReadOnlyList<ServicePort> _served = [];

    /// <summary>Runs until cancelled.</summary>
    public async Task RunAsync(CancellationToken cancellation)
    {
        var informers = new InformerFactory(client, logger);
        var services = informers.For<Service>();
        var slices = informers.For<EndpointSlice>();
        services.AddHandler(_ => Changed(), (_, _) => Changed(), _ => Changed());
        slices.AddHandler(_ => Changed(), (_, _) => Changed(), _ => Changed());
        informers.Start(cancellation);
        await informers.WaitForSyncAsync(cancellation).ConfigureAwait(false);
        if (options.LocalhostNodePorts)
            await HostSettings.WriteAsync("net/ipv4/conf/all/route_localnet", "1", logger, cancellation).ConfigureAwait(false);
        Changed();
        Dictionary<string, string>? inPlace = null;
        while (true)
        {
            await WaitForWorkAsync(cancellation).ConfigureAwait(false);
            var ports = ServiceTable.Build(services.Store.List(), slices.Store.List(), options.NodeName);
            inPlace = await ApplyAsync(ports, inPlace, cancellation).ConfigureAwait(false);
            await Task.Delay(options.MinSyncPeriod, client.Time, cancellation).ConfigureAwait(false);
        }
    }

    /// <summary>Takes all rules and chains of a service proxy away from this machine's (or namespace's) tables.</summary>
    public static Task CleanAsync(CancellationToken cancellation) => IptablesCleaner.CleanAsync(cancellation);

    private void Changed()
    {
        try
        {
            _changed.Release();
        }
        catch (SemaphoreFullException)
        {
            // A rewrite is due already; it will see this change too.
        }
    }

    /// <summary>Ends at a change, or after the sync period to look after the rules in place.</summary>
    private async Task WaitForWorkAsync(CancellationToken cancellation)
    {
        using var period = new CancellationTokenSource(options.SyncPeriod, client.Time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(period.Token, cancellation);
        try
        {
            await _changed.WaitAsync(either.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            // The period ended: go on without a change.
        }
    }

    /// <returns>The own chains now in place; null when that is unknown and the next rewrite must be whole.</returns>
    private async Task<Dictionary<string, string>?> ApplyAsync(
        IReadOnlyList<ServicePort> ports, Dictionary<string, string>? inPlace, CancellationToken cancellation)
    {
        try
        {
            if (inPlace is not null && !await _iptables.IsInPlaceAsync(cancellation).ConfigureAwait(false))
            {
                logger.LogWarning("the packet filter rules were flushed by somebody: writing them again");
                inPlace = null;
            }
            if (inPlace is null)
            {
                await _iptables.EnsureBaseAsync(cancellation).ConfigureAwait(false);
                inPlace = await LeftoversAsync(cancellation).ConfigureAwait(false);
            }
            var rules = new RuleSet(inPlace);
            await _iptables.RestoreAsync(rules.Render(ports, RuleOptions()), cancellation).ConfigureAwait(false);
            await StaleConnections.DropAsync(_served, ports, logger, cancellation).ConfigureAwait(false);
            _served = ports;
            return rules.Chains;
        }
        catch (IptablesException failure)
        {
            logger.LogError("service rules not written, trying again within {Period}: {Reason}", options.SyncPeriod, failure.Message);
            return null;
        }
    }

    /// <summary>Chains of an earlier run: known by name, with rules unlike any, so that each is rewritten or removed.</summary>
    private async Task<Dictionary<string, string>> LeftoversAsync(CancellationToken cancellation)
    {
        var chains = await _iptables.NatChainsAsync(cancellation).ConfigureAwait(false);
        return chains.Where(IptablesCleaner.IsServiceChain).ToDictionary(c => c, _ => "unknown", StringComparer.Ordinal);
    }

    private IptablesOptions RuleOptions() => new()
    {
        ClusterCidr = options.ClusterCidr,
        ServiceCidr = options.ServiceCidr,
        MasqueradeAll = options.MasqueradeAll,
        MasqueradeBit = options.MasqueradeBit,
        LocalhostNodePorts = options.LocalhostNodePorts,
        NodePortAddresses = options.NodePortAddresses,
    };
}
