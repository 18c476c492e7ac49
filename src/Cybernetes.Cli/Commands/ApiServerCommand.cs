using Cybernetes.Cluster.Serving;
using Microsoft.Extensions.Logging;

namespace Cybernetes.Cli.Commands;

/// <summary><c>cyb apiserver</c>: the API server with its store, and no other part.</summary>
internal sealed class ApiServerCommand : DaemonCommand
{
    private readonly ServingFlags _serving;

    public ApiServerCommand() => _serving = new ServingFlags(Flags);

    public override string Name => "apiserver";

    public override string Summary => "Run the API server and its store only; the other parts join it by their kubeconfigs";

    public override string Examples => """
        # The kubeconfigs of all parts are in the data directory: scheduler.conf, controller-manager.conf, ...
        cyb apiserver --data-dir /tmp/cluster --secure-port 7443
        """;

    protected override async Task RunAsync(ILoggerFactory loggers, CancellationToken stop)
    {
        await using ControlPlane plane = await ControlPlane.StartAsync(_serving.ToOptions(loggers), stop).ConfigureAwait(false);
        await plane.WaitUntilReadyAsync(stop).ConfigureAwait(false);
        Ready(loggers);
        await Task.Delay(
            Timeout.InfiniteTimeSpan, TimeProvider.System, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }
}
