using Cybernetes.Foundation;

namespace Cybernetes.Testing;

/// <summary>
/// Tells when a cluster has done all it can do at this moment of its time: nothing of it runs or is queued, and no call of its parts is on its way.
/// </summary>
internal sealed class ClusterPulse
{
    // Most timers set off little: it is over before another thread could look.
    private const int Glances = 40;
    private const int GlanceSpins = 8;

    // Where other tests keep the pool busy: so many looks in a row, each behind all that is queued, must find it still; many more while calls are
    // on their way, which may wait for time.
    private const int StillLooks = 3;
    private const int StillLooksInCalls = 24;

    // A pool that other tests keep busy never looks empty: then only this cluster's own work counts.
    private const int CrowdedLooks = 64;
    private const int LooksBeforeSleep = 256;
    private static readonly TimeSpan s_nap = TimeSpan.FromMilliseconds(1);

    // Who blocks a thread until time moves would otherwise hold it still for ever.
    private static readonly TimeSpan s_longest = TimeSpan.FromSeconds(30);

    private readonly WorkScope _scope = new();
    private int _calls;

    /// <summary>What the caller begins from here on belongs to the cluster.</summary>
    public void Enter() => _scope.Enter();

    /// <summary>A handler that counts the calls that go through; an open watch is none.</summary>
    public HttpMessageHandler Counting(HttpMessageHandler inner) => new CountingHandler(this) { InnerHandler = inner };

    /// <summary>Ends when the cluster is at rest.</summary>
    public Task WhenStillAsync()
    {
        for (var glance = 0; glance < Glances; glance++)
        {
            if (IsStill())
                return Task.CompletedTask;
            Thread.SpinWait(GlanceSpins);
        }
        // Who waits for the cluster's rest is no part of what must rest.
        using (ExecutionContext.SuppressFlow())
            return Task.Run(LookAsync);
    }

    /// <summary>Nothing runs in the whole process, and nothing of the cluster on threads of its own.</summary>
    private bool IsStill() => _scope.Running == 0 && !WorkScope.IsPoolBusy();

    private async Task LookAsync()
    {
        var begun = TimeProvider.System.GetTimestamp();
        var seen = -1L;
        for (int looks = 0, still = 0; still < (Volatile.Read(ref _calls) == 0 ? StillLooks : StillLooksInCalls); looks++)
        {
            // A hop through the pool's global queue: what was queued before it has begun when it ends.
            await Task.Yield();
            if (IsStill())
                return;
            var entries = _scope.Entries;
            var isStill = _scope.Running == 0 && entries == seen && (looks > CrowdedLooks || ThreadPool.PendingWorkItemCount == 0);
            still = isStill ? still + 1 : 0;
            seen = entries;
            if (looks < LooksBeforeSleep)
                continue;
            await Task.Delay(s_nap, TimeProvider.System).ConfigureAwait(false);
            if (TimeProvider.System.GetElapsedTime(begun) > s_longest)
                return;
        }
    }

    private sealed class CountingHandler(ClusterPulse pulse) : DelegatingHandler
    {
        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            Interlocked.Increment(ref pulse._calls);
            try
            {
                return await base.SendAsync(request, cancellationToken).ConfigureAwait(false);
            }
            finally
            {
                Interlocked.Decrement(ref pulse._calls);
            }
        }
    }
}
