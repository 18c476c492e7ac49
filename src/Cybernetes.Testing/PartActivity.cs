namespace Cybernetes.Testing;

/// <summary>How many calls of the cluster's parts are on their way; an open watch is none.</summary>
internal sealed class PartActivity
{
    private long _begun;
    private long _ended;

    public long Begun => Volatile.Read(ref _begun);

    public long InFlight => Volatile.Read(ref _begun) - Volatile.Read(ref _ended);

    public void Begin() => Interlocked.Increment(ref _begun);

    public void End() => Interlocked.Increment(ref _ended);
}

/// <summary>Counts the calls that go through.</summary>
internal sealed class ActivityHandler(PartActivity activity) : DelegatingHandler
{
    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        activity.Begin();
        try
        {
            return await base.SendAsync(request, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            activity.End();
        }
    }
}
