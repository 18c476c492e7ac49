using Microsoft.Extensions.Logging;

namespace Cybernetes.Client.Queues;

/// <summary>The loop of a controller's workers.</summary>
public static class WorkQueueWorkers
{
    /// <summary>
    /// Runs <paramref name="workers"/> loops that take a key, reconcile it, and forget it on success or bring it back rate
    /// limited on failure.
    /// On cancellation the queue is shut down; the task ends when the last reconcile has ended.
    /// </summary>
    /// <param name="reconcile">Any exception but cancellation is a failure: it is logged, and the key comes again.</param>
    public static async Task RunWorkersAsync<TKey>(
        this WorkQueue<TKey> queue,
        int workers,
        Func<TKey, CancellationToken, Task> reconcile,
        ILogger logger,
        CancellationToken cancellation)
        where TKey : notnull
    {
        using CancellationTokenRegistration registration = cancellation.Register(queue.ShutDown);
        var loops = new Task[workers];
        for (int i = 0; i < workers; i++)
            loops[i] = Task.Run(() => WorkAsync(queue, reconcile, logger, cancellation), CancellationToken.None);
        await Task.WhenAll(loops).ConfigureAwait(false);
    }

    private static async Task WorkAsync<TKey>(
        WorkQueue<TKey> queue, Func<TKey, CancellationToken, Task> reconcile, ILogger logger, CancellationToken cancellation)
        where TKey : notnull
    {
        while (!cancellation.IsCancellationRequested)
        {
            WorkItem<TKey> item = await queue.TakeAsync(CancellationToken.None).ConfigureAwait(false);
            if (item.IsShutDown)
                return;
            try
            {
                await reconcile(item.Key, cancellation).ConfigureAwait(false);
                queue.Forget(item.Key);
            }
            catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
            {
                return;
            }
            catch (Exception failure)
            {
                Report(logger, queue.Options.Name, item.Key, failure);
                queue.AddFailed(item.Key);
            }
            finally
            {
                queue.Done(item.Key);
            }
        }
    }

    // A conflict is the everyday way of optimistic locking: the next try reads the newer object. It is not worth a warning.
    private static void Report<TKey>(ILogger logger, string queue, TKey key, Exception failure)
    {
        bool isConflict = failure is Transport.ApiStatusException { IsConflict: true };
        if (isConflict)
            logger.LogDebug("{Queue}: {Key} will be tried again: {Message}", queue, key, failure.Message);
        else
            logger.LogWarning(failure, "{Queue}: {Key} failed and will be tried again", queue, key);
    }
}
