using Cybernetes.Client.LeaderElection;
using Cybernetes.Client.Transport;
using Cybernetes.Foundation.Metrics;
using Cybernetes.Objects;
using Cybernetes.Objects.Apps.V1;
using Cybernetes.Objects.Core.V1;
using Cybernetes.Testing;
using Microsoft.Extensions.Logging.Abstractions;

namespace Cybernetes.Controllers.Tests.Clusters;

/// <summary>Two whole controller managers for one cluster: one acts.</summary>
public sealed class LeadershipTests
{
    private static ReplicaSet Set(string name) => new()
    {
        Metadata = { Namespace = "default", Name = name },
        Spec =
        {
            Replicas = 3, Selector = new() { MatchLabels = new() { ["app"] = name } },
            Template = Make.Template("web:1").With(t => t.Metadata.Labels = new() { ["app"] = name }),
        },
    };

    [Fact]
    public async Task Leader_PausedPastItsLease_WritesNothingAnyMore()
    {
        await using var cluster = await TestCluster.StartAsync();
        await cluster.Client.For<ServiceAccount>().CreateAsync(new() { Metadata = { Namespace = "default", Name = "default" } });
        await using var first = new Candidate(cluster, "first");
        await first.LeadsAsync();
        await cluster.Client.For<ReplicaSet>().CreateAsync(Set("one"));
        await cluster.UntilAsync<Pod>("default", all => all.Count == 3, TimeSpan.FromMinutes(2));

        // The first stands still: it renews nothing and hears nothing. To the second its lease runs out.
        await first.Watches.HoldAsync("replicasets");
        await first.Watches.HoldAsync("pods");
        first.Calls.HoldLeases();
        await using var second = new Candidate(cluster, "second");
        second.Clock.Ahead = TimeSpan.Zero;
        await second.LeadsAsync(() => second.Clock.Ahead += TimeSpan.FromSeconds(1));
        await cluster.Client.For<ReplicaSet>().CreateAsync(Set("two"));
        await cluster.UntilAsync<Pod>("default", all => all.Count == 6, TimeSpan.FromMinutes(2));

        // It wakes: time has gone by, it still believes to lead, and sees a set without pods.
        first.Clock.Ahead = TimeSpan.FromMinutes(1);
        first.Watches.Release("replicasets");
        await first.RefusedAsync();

        Assert.Equal(6, (await cluster.Client.For<Pod>().ListAllAsync("default")).Items.Count);
        first.Watches.Release("pods");
    }

    /// <summary>A controller manager that stands for election.</summary>
    private sealed class Candidate : IAsyncDisposable
    {
        private static readonly TimeSpan s_glance = TimeSpan.FromMilliseconds(50);

        private readonly ApiClient _client;
        private readonly LeaderElector _elector;
        private readonly CancellationTokenSource _stop = new();
        private readonly MetricRegistry _metrics = new();
        private readonly Task _running;

        public Candidate(TestCluster cluster, string name)
        {
            Watches.InnerHandler = cluster.Server.CreateHandler("system:kube-controller-manager", "system:masters");
            Calls.InnerHandler = Watches;
            _client = new ApiClient(Calls, new Uri("https://in-process.cybernetes.local"), new() { Time = Clock });
            _elector = new LeaderElector(
                _client, new LeaderElectionOptions { LeaseName = "kube-controller-manager", Identity = name, ReleaseOnCancel = false }, NullLogger.Instance);
            var options = new ControllerManagerOptions { Controllers = ["replicaset-controller"] };
            _running = _elector.RunFencedAsync(
                (client, term) => new ControllerManager(client, options, NullLogger.Instance) { Metrics = _metrics }.RunAsync(term), _stop.Token);
        }

        public AheadClock Clock { get; } = new();

        public HeldWatches Watches { get; } = new();

        public HeldLeases Calls { get; } = new();

        public async Task LeadsAsync(Action? meanwhile = null)
        {
            using var patience = new CancellationTokenSource(TimeSpan.FromMinutes(2), TimeProvider.System);
            while (!_elector.IsLeader)
            {
                meanwhile?.Invoke();
                await Task.Delay(s_glance, TimeProvider.System, patience.Token);
            }
        }

        /// <summary>Waits until a write of its controllers failed, or its term is over.</summary>
        public async Task RefusedAsync()
        {
            using var patience = new CancellationTokenSource(TimeSpan.FromMinutes(2), TimeProvider.System);
            while (!_running.IsCompleted && !_metrics.Render().Contains("cybernetes_reconcile_errors_total{name=\"replicaset\"} ", StringComparison.Ordinal))
                await Task.Delay(s_glance, TimeProvider.System, patience.Token);
            while (!_running.IsCompleted && _metrics.Render().Contains("cybernetes_reconcile_errors_total{name=\"replicaset\"} 0", StringComparison.Ordinal))
                await Task.Delay(s_glance, TimeProvider.System, patience.Token);
        }

        public async ValueTask DisposeAsync()
        {
            await _stop.CancelAsync();
            await _running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
            _client.Dispose();
            _stop.Dispose();
        }
    }

    /// <summary>The system's clock, put on: timers that run are not moved by it, as after a pause of the process.</summary>
    private sealed class AheadClock : TimeProvider
    {
        private long _ahead;

        public TimeSpan Ahead
        {
            get => TimeSpan.FromTicks(Interlocked.Read(ref _ahead));
            set => Interlocked.Exchange(ref _ahead, value.Ticks);
        }

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override long GetTimestamp() => System.GetElapsedTime(0).Ticks + Interlocked.Read(ref _ahead);

        public override DateTimeOffset GetUtcNow() => System.GetUtcNow() + Ahead;
    }

    /// <summary>Lets calls about leases hang.</summary>
    private sealed class HeldLeases : DelegatingHandler
    {
        private volatile bool _isHeld;

        public void HoldLeases() => _isHeld = true;

        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            if (_isHeld && request.RequestUri!.AbsolutePath.Contains("/leases/", StringComparison.Ordinal))
                await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, cancellationToken);
            return await base.SendAsync(request, cancellationToken);
        }
    }
}
