using Cybernetes.Client.Transport;
using Cybernetes.Objects.Core.V1;
using Microsoft.Extensions.Logging;

namespace Cybernetes.Client.Events;

/// <summary>What both kinds of event recorders have in common.</summary>
internal static class EventSending
{
    private const int MostTries = 12;

    private static readonly TimeSpan betweenTries = TimeSpan.FromSeconds(10);

    /// <summary>Events about objects without a namespace live in default.</summary>
    public static string NamespaceOf(ObjectReference regarding) =>
        regarding.Namespace.Length > 0 ? regarding.Namespace : "default";

    /// <summary>
    /// Writes an event; tries again only when the server was not reached. A refusal drops the event: it would be refused again.
    /// </summary>
    public static async Task TryHardAsync(Func<Task> write, ApiClient client, ILogger logger, CancellationToken cancellation)
    {
        for (int tries = 0; tries < MostTries; tries++)
        {
            try
            {
                await write().ConfigureAwait(false);
                return;
            }
            catch (ApiStatusException failure)
            {
                bool isExpected = failure.IsAlreadyExists || failure.IsNamespaceTerminating;
                logger.Log(
                    isExpected ? LogLevel.Debug
                        : LogLevel.Warning, "Server rejected event (will not retry!): {Message}", failure.Message);
                return;
            }
            catch (Exception failure) when (failure is HttpRequestException or IOException or TimeoutException)
            {
                logger.LogWarning("Unable to write event (may retry after sleeping): {Message}", failure.Message);
            }
            // The first wait is of a random part, so that not all components come back at once.
            TimeSpan wait = tries == 0 ? betweenTries * client.Options.Random.NextDouble() : betweenTries;
            await Task.Delay(wait, client.Time, cancellation).ConfigureAwait(false);
        }
        logger.LogWarning("Unable to write event (retry limit exceeded!)");
    }
}
