using Microsoft.Extensions.Logging;

namespace Cybernetes.Client.Queues;

/// <summary>The loop of a controller's workers.</summary>
public static class WorkQueueWorkers
{
    /// <summary>
    /// Runs up to <paramref name="workers"/> loops that take a key, reconcile it, and forget it on success or bring it back rate
    /// limited on failure. While fewer are busy, one waits for the next key; the others come when they are needed, since most queues never need them.
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
        var crew = new Crew(workers, crew => WorkAsync(queue, crew, reconcile, logger, cancellation));
        crew.Hire();
        await crew.WhenGone().ConfigureAwait(false);
    }

    private static async Task WorkAsync<TKey>(
        WorkQueue<TKey> queue, Crew crew, Func<TKey, CancellationToken, Task> reconcile, ILogger logger, CancellationToken cancellation)
        where TKey : notnull
    {
        while (!cancellation.IsCancellationRequested)
        {
            WorkItem<TKey> item = await queue.TakeAsync(CancellationToken.None).ConfigureAwait(false);
            if (item.IsShutDown)
                return;
            crew.Busy();
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
                crew.Idle();
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

    /// <summary>The loops of one queue.</summary>
    private sealed class Crew(int most, Func<Crew, Task> loop)
    {
        private readonly Lock _gate = new();
        private readonly List<Task> _loops = [];
        private int _idle;

        /// <summary>Starts a loop that waits for a key; none where there are as many as there may be.</summary>
        public void Hire()
        {
            lock (_gate)
            {
                if (_loops.Count == most)
                    return;
                _idle++;
                _loops.Add(Task.Run(() => loop(this), CancellationToken.None));
            }
        }

        /// <summary>One has taken a key; when it was the last that waited, another takes its place.</summary>
        public void Busy()
        {
            lock (_gate)
            {
                if (--_idle == 0)
                    Hire();
            }
        }

        /// <summary>One waits again.</summary>
        public void Idle()
        {
            lock (_gate)
                _idle++;
        }

        /// <summary>Ends when all have ended. Only who works hires: those who come meanwhile stand behind the one that is awaited.</summary>
        public async Task WhenGone()
        {
            for (int i = 0; ; i++)
            {
                Task loop;
                lock (_gate)
                {
                    if (i == _loops.Count)
                        return;
                    loop = _loops[i];
                }
                await loop.ConfigureAwait(false);
            }
        }
    }
}
