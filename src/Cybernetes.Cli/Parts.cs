using Cybernetes.Cli.Commands;
using Cybernetes.Cli.Running;
using Cybernetes.Client.LeaderElection;
using Cybernetes.Client.Transport;
using Cybernetes.Controllers;
using Cybernetes.Network.ServiceProxy;
using Cybernetes.Scheduler;
using Microsoft.Extensions.Logging;

namespace Cybernetes.Cli;

/// <summary>The visible list of what is in this program.</summary>
internal static class Parts
{
    public static Part Scheduler { get; } = new(
        "scheduler",
        _ => "system:kube-scheduler",
        [],
        (context, cancellation) => ElectedAsync(
            new LeaderElectionOptions
            {
                LeaseName = context.Settings.Scheduler.LeaseName,
                LeaseNamespace = context.Settings.Scheduler.LeaseNamespace,
                LeaseDuration = context.Settings.Scheduler.LeaseDuration,
                RenewDeadline = context.Settings.Scheduler.RenewDeadline,
                RetryPeriod = context.Settings.Scheduler.RetryPeriod,
                Identity = context.Settings.Identity,
            },
            context.Settings.Scheduler.LeaderElect,
            context,
            (client, term) => new PodScheduler(
                client, new SchedulerOptions { Configuration = context.Settings.Scheduler, Features = context.Settings.SchedulerFeatures },
                Logger(context, "scheduler")).RunAsync(term),
            cancellation));

    public static Part Controllers { get; } = new(
        "controllers",
        _ => "system:kube-controller-manager",
        [],
        (context, cancellation) => ElectedAsync(
            new LeaderElectionOptions { LeaseName = "kube-controller-manager", Identity = context.Settings.Identity },
            null,
            context,
            (client, term) => new ControllerManager(
                client,
                context.Settings.ControllerManager with
                {
                    Controllers = context.Settings.Controllers,
                    RootCertificateAuthority = context.Settings.RootCertificate,
                    ClusterCidr = context.Settings.ClusterCidr,
                },
                Logger(context, "controllers"))
            { Metrics = context.Metrics }.RunAsync(term),
            cancellation));

    public static Part Node { get; } = new("node", name => "system:node:" + name, ["system:nodes"], NodePart.RunAsync);

    public static Part Proxy { get; } = new(
        "proxy",
        _ => "system:kube-proxy",
        [],
        (context, cancellation) => new ServiceProxyRunner(
            context.Client,
            new ServiceProxyOptions
            {
                NodeName = context.Settings.NodeName,
                ClusterCidr = context.Settings.ClusterCidr,
                ServiceCidr = context.Settings.ServiceCidr,
                MasqueradeAll = context.Settings.Proxy.MasqueradeAll,
                LocalhostNodePorts = context.Settings.Proxy.LocalhostNodePorts,
                NodePortAddresses = context.Settings.Proxy.NodePortAddresses,
            },
            Logger(context, "proxy")).RunAsync(cancellation));

    /// <summary>The parts of <c>cyb server</c> beside the API server, by the names that --disable takes.</summary>
    public static IReadOnlyList<Part> All { get; } = [Scheduler, Controllers, Node, Proxy];

    /// <summary>The words after <c>cyb</c>, in the order of help.</summary>
    public static IReadOnlyList<Command> Commands()
    {
        Command[] commands = [];
        commands =
        [
            new ServerCommand(),
            new ApiServerCommand(),
            new SchedulerCommand(),
            new ControllerManagerCommand(),
            new KubeletCommand(),
            new ProxyCommand(),
            new SnapshotCommand(),
            new StoreCommand(),
            new WhyCommand(),
            new SimulateCommand(),
            new CompletionCommand(() => commands),
            new VersionCommand(),
        ];
        return commands;
    }

    private static ILogger Logger(PartContext context, string name) => context.Loggers.CreateLogger(name);

    // A lost election ends the part; its runner begins it again as a candidate.
    private static Task ElectedAsync(
        LeaderElectionOptions options, bool? elects, PartContext context, Func<ApiClient, CancellationToken, Task> lead, CancellationToken cancellation) =>
        elects ?? context.Settings.LeaderElect
            ? new LeaderElector(
                context.Client, options with { RenewPeriod = context.Settings.LeaseRenewPeriod }, Logger(context, options.LeaseName))
                .RunFencedAsync(lead, cancellation)
            : lead(context.Client, cancellation);
}
