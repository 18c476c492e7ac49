using Cybernetes.Foundation;
using Microsoft.Extensions.Logging;

namespace Cybernetes.Cli.Running;

/// <summary>Keeps a part running: one that fails is told of and begun again, later each time.</summary>
internal static class PartRunner
{
    private static readonly BackoffOptions delays = new(TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(30)) { Jitter = 0.2 };
    private static readonly TimeSpan healthyAfter = TimeSpan.FromMinutes(2);

    /// <summary>Runs until cancelled; never throws.</summary>
    public static async Task RunAsync(Part part, PartContext context, CancellationToken cancellation)
    {
        ILogger logger = context.Loggers.CreateLogger(part.Name);
        TimeProvider time = context.Client.Time;
        var backoff = new Backoff(delays, context.Client.Options.Random);
        while (!cancellation.IsCancellationRequested)
        {
            long start = time.GetTimestamp();
            logger.LogInformation("Starting");
            try
            {
                await Task.Run(() => part.RunAsync(context, cancellation), CancellationToken.None).ConfigureAwait(false);
                if (!cancellation.IsCancellationRequested)
                    logger.LogError("Ended by itself; starting again");
            }
            catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
            {
                break;
            }
            catch (Exception failure)
            {
                logger.LogError(failure, "Failed; starting again");
            }
            if (time.GetElapsedTime(start) > healthyAfter)
                backoff.Reset();
            await Task.Delay(backoff.Next(), time, cancellation).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
        logger.LogInformation("Stopped");
    }
}
