using Cybernetes.Cluster.Pki;
using Microsoft.Extensions.Logging;

namespace Cybernetes.Cluster.Serving;

/// <summary>Holds the cluster's certificates and renews them while the server runs, so that it may run for years.</summary>
internal sealed class CertificateKeeper(ClusterPkiOptions options, ClusterPki initial, TimeProvider time, ILogger logger)
{
    // Renewal begins a quarter of a life before the end: a day more or less does not count.
    private static readonly TimeSpan lookEvery = TimeSpan.FromHours(12);

    private volatile ClusterPki _current = initial;

    /// <summary>The certificates to use now. Those of before stay usable for connections that have them.</summary>
    public ClusterPki Current => _current;

    /// <summary>Renews until cancelled; <paramref name="renewed"/> is called after each look.</summary>
    public async Task RunAsync(Action<ClusterPki> renewed, CancellationToken cancellation)
    {
        while (true)
        {
            await Task.Delay(lookEvery, time, cancellation).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (cancellation.IsCancellationRequested)
                return;
            try
            {
                ClusterPki next = ClusterPki.Ensure(options, time);
                if (next.ApiServer.Certificate.SerialNumber != _current.ApiServer.Certificate.SerialNumber)
                    logger.LogInformation("The certificates in {Directory} were renewed", options.Directory);
                _current = next;
                renewed(next);
            }
            catch (Exception failure) when (failure is IOException or UnauthorizedAccessException or ClusterPkiException)
            {
                logger.LogError(
                    failure, "The certificates in {Directory} cannot be renewed; trying again later", options.Directory);
            }
        }
    }
}
