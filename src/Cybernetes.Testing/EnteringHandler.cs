namespace Cybernetes.Testing;

/// <summary>
/// Lets the calls of a test into its deterministic cluster: each begins while the cluster rests, and its answer is given when it rests again. Calls of
/// the cluster's own parts go through as they come.
/// </summary>
internal sealed class EnteringHandler(ClusterPulse pulse, RestLine line) : DelegatingHandler
{
    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        if (pulse.IsInside)
            return await base.SendAsync(request, cancellationToken).ConfigureAwait(false);
        await line.Entry;
        try
        {
            return await SendInsideAsync(request, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            await line.Entry;
        }
    }

    private async Task<HttpResponseMessage> SendInsideAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        pulse.Enter();
        return await base.SendAsync(request, cancellationToken).ConfigureAwait(false);
    }
}
