using System.Diagnostics;
using Cybernetes.Cli.Flags;
using Cybernetes.Cli.Hosting;
using Cybernetes.Cli.Logging;
using Cybernetes.Client.Kubeconfig;
using Cybernetes.Cluster.Pki;
using Cybernetes.Cluster.Serving;
using Microsoft.Extensions.Logging;

namespace Cybernetes.Cli.Commands;

/// <summary>A command that runs until it is told to stop: logs on standard error, SIGTERM and SIGINT stop it in order.</summary>
internal abstract class DaemonCommand : Command
{
    private readonly Flag<int> _verbosity;

    protected DaemonCommand() =>
        _verbosity = Flags.Number("v", 2, "How much is logged: 4 tells more, 6 everything", 0, 10, 'v');

    public sealed override async Task<int> RunAsync(IReadOnlyList<string> arguments, CommandConsole console)
    {
        TakesNoArguments(arguments);
        using var signals = new StopSignals();
        using ConsoleLoggerFactory loggers = ConsoleLoggerFactory.OnStandardError(_verbosity.Value, TimeProvider.System);
        ILogger logger = loggers.CreateLogger(Name);
        try
        {
            await RunAsync(loggers, signals.Token).ConfigureAwait(false);
            logger.LogInformation("Exiting");
            return ExitCodes.Success;
        }
        catch (OperationCanceledException) when (signals.Token.IsCancellationRequested)
        {
            return ExitCodes.Success;
        }
        catch (Exception failure) when (failure is ControlPlaneException or KubeconfigException or ClusterPkiException)
        {
            logger.LogCritical("{Message}", failure.Message);
            return ExitCodes.Failure;
        }
        catch (Exception failure) when (failure is not FlagException)
        {
            // A bug: its trace belongs into the log, on its one line, and not only on a terminal.
            logger.LogCritical(failure, "Ended by a bug");
            return ExitCodes.Failure;
        }
    }

    /// <exception cref="FlagException">A flag's value is impossible.</exception>
    /// <exception cref="OperationCanceledException">It was stopped before it was ready.</exception>
    protected abstract Task RunAsync(ILoggerFactory loggers, CancellationToken stop);

    /// <summary>Says, in the log and to systemd, that the service is up.</summary>
    protected void Ready(ILoggerFactory loggers)
    {
        TimeSpan sinceExec = TimeProvider.System.GetUtcNow() - Process.GetCurrentProcess().StartTime;
        loggers.CreateLogger(Name).LogInformation("Ready after {Milliseconds:0} ms", sinceExec.TotalMilliseconds);
        SystemdNotifier.Ready();
    }
}
