using Cybernetes.Client.Transport;
using Cybernetes.Foundation;
using Cybernetes.Objects;
using Microsoft.Extensions.Logging;

namespace Cybernetes.Client.Informers;

/// <summary>
/// Feeds an informer: list, then watch from the list's revision; after a break watch again from the last revision told; when the
/// server has
/// forgotten that revision, list anew.
/// </summary>
internal sealed class Reflector<T>(ApiClient client, InformerOptions options, Informer<T> informer, ILogger logger)
    where T : class, IKubernetesObject<T>
{
    private static readonly TimeSpan patience = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan suspiciouslyShort = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan quietAfter = TimeSpan.FromMinutes(2);

    private readonly Backoff _backoff = new(options.Backoff, client.Options.Random);
    private long _failedAt;
    private bool _mustList = true;

    public async Task RunAsync(CancellationToken cancellation)
    {
        while (!cancellation.IsCancellationRequested)
        {
            try
            {
                if (_mustList)
                    await ListAsync(cancellation).ConfigureAwait(false);
                bool wasUseful = await WatchAsync(cancellation).ConfigureAwait(false);
                if (wasUseful || cancellation.IsCancellationRequested)
                    continue;
                logger.LogDebug("The watch of {Kind} ended at once, without an event", T.Facts.Kind);
            }
            catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
            {
                return;
            }
            catch (Exception failure) when (IsOfTheWire(failure))
            {
                Note(failure);
            }
            await WaitAsync(cancellation).ConfigureAwait(false);
        }
    }

    private async Task ListAsync(CancellationToken cancellation)
    {
        var query = new ListQuery
        {
            LabelSelector = options.LabelSelector,
            FieldSelector = options.FieldSelector,
            Limit = options.PageSize,
        };
        KubernetesList<T> list = await client.For<T>().ListAllAsync(options.Namespace, query, cancellation).ConfigureAwait(false);
        await informer.ReplaceAsync(list, cancellation).ConfigureAwait(false);
        _mustList = false;
    }

    /// <returns>False when the watch ended so soon, and with so little, that the next should wait.</returns>
    private async Task<bool> WatchAsync(CancellationToken cancellation)
    {
        int shortest = (int)client.Options.ShortestWatch.TotalSeconds;
        int seconds = shortest + client.Options.Random.Next(shortest);
        var query = new ListQuery
        {
            LabelSelector = options.LabelSelector,
            FieldSelector = options.FieldSelector,
            ResourceVersion = informer.LastResourceVersion,
            TimeoutSeconds = seconds,
            AllowWatchBookmarks = true,
        };
        // A server that neither sends nor ends the watch when it said it would is not there any more.
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(seconds) + patience, client.Time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellation, deadline.Token);
        long start = client.Time.GetTimestamp();
        bool anyEvent = false;
        try
        {
            await foreach (
                WatchEvent<T> change in client.For<T>().WatchAsync(options.Namespace, query, endsQuietly: true, either.Token).ConfigureAwait(false))
            {
                anyEvent = true;
                await informer.ApplyAsync(change, cancellation).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException) when (deadline.IsCancellationRequested && !cancellation.IsCancellationRequested)
        {
            // Told below.
        }
        if (deadline.IsCancellationRequested && !cancellation.IsCancellationRequested)
            logger.LogWarning("The watch of {Kind} was silent for longer than asked for; watching anew", T.Facts.Kind);
        if (anyEvent)
            _backoff.Reset();
        return anyEvent || client.Time.GetElapsedTime(start) >= suspiciouslyShort;
    }

    private void Note(Exception failure)
    {
        if (failure is ApiStatusException { IsExpired: true })
        {
            _mustList = true;
            logger.LogInformation("The watch of {Kind} fell behind and lists anew: {Message}", T.Facts.Kind, failure.Message);
            return;
        }
        // Events that cannot be read must not be passed over: only a list gives the whole state again.
        _mustList |= failure is ObjectDecodeException;
        logger.LogWarning("Failed to {Verb} {Kind}: {Message}", _mustList ? "list" : "watch", T.Facts.Kind, failure.Message);
    }

    private async Task WaitAsync(CancellationToken cancellation)
    {
        if (_failedAt != 0 && client.Time.GetElapsedTime(_failedAt) > quietAfter)
            _backoff.Reset();
        TimeSpan wait = _backoff.Next();
        try
        {
            await Task.Delay(wait, client.Time, cancellation).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            return;
        }
        _failedAt = client.Time.GetTimestamp();
    }

    private static bool IsOfTheWire(Exception failure) =>
        failure is ApiStatusException or HttpRequestException or IOException or TimeoutException or ObjectDecodeException
            or OperationCanceledException or Kubeconfig.KubeconfigException;
}
