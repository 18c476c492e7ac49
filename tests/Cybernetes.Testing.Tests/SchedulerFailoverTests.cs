using Cybernetes.Client.LeaderElection;
using Cybernetes.Client.Transport;
using Cybernetes.Foundation;
using Cybernetes.Node.Simulated.Fleet;
using Cybernetes.Objects;
using Cybernetes.Objects.Coordination.V1;
using Cybernetes.Objects.Core.V1;
using Cybernetes.Scheduler;
using Microsoft.Extensions.Logging.Abstractions;

namespace Cybernetes.Testing.Tests;

/// <summary>A scheduler that ends between a decision and its binding leaves nothing wrong behind: the next one sees pods that are still pending.</summary>
public sealed class SchedulerFailoverTests
{
    private const int Pods = 24;
    private static readonly Uri s_server = new("https://in-process.cybernetes.local");

    // Room for exactly the pods: one that is counted twice or forgotten shows.
    private static TestClusterOptions Tight => new()
    {
        Time = new VirtualTimeProvider(), Controllers = ["serviceaccount-controller"],
        Fleet = new FleetOptions { Shapes = [new() { Count = 4, Capacity = new Dictionary<string, string> { ["cpu"] = "6", ["memory"] = "8Gi", ["pods"] = "20" } }] },
    };

    [Fact]
    public async Task Scheduler_DiesBeforeItsBindingsArrive_TheNextOneBindsAll()
    {
        await using var cluster = await TestCluster.StartAsync(Tight);
        await CreatePodsAsync(cluster);
        await DieWhileBindingAsync(cluster, BindingMode.Lost);
        Assert.All(await PodsAsync(cluster), pod => Assert.Equal("", pod.Spec.NodeName));
        await BindTheRestAsync(cluster);
    }

    [Fact]
    public async Task Scheduler_DiesBeforeItHearsOfItsBindings_TheNextOneCountsThem()
    {
        await using var cluster = await TestCluster.StartAsync(Tight);
        await CreatePodsAsync(cluster);
        await DieWhileBindingAsync(cluster, BindingMode.AnswerLost);
        Assert.Contains(await PodsAsync(cluster), pod => pod.Spec.NodeName.Length > 0);
        await BindTheRestAsync(cluster);
    }

    [Fact]
    public async Task Schedulers_LeaderLosesItsLeaseWhileBinding_IsFencedAndTheOtherGoesOn()
    {
        await using var cluster = await TestCluster.StartAsync(Tight);
        await CreatePodsAsync(cluster);
        var cut = new BindingHandler(cluster) { Mode = BindingMode.Lost };
        using var firstClient = new ApiClient(cut, s_server, new ApiClientOptions { Time = cluster.Time });
        using var stop = new CancellationTokenSource();
        var first = Task.Run(() => Elected(firstClient, "first", stop.Token));
        await cut.Seen(1);
        // From now on the leader reaches nobody: it must stop before the other begins.
        cut.Mode = BindingMode.AllLost;
        var second = Task.Run(() => Elected(cluster.ClientAs("system:kube-scheduler", "system:masters"), "second", stop.Token));
        while (await HolderAsync(cluster) != "second")
            await cluster.Time.AdvanceAsync(TimeSpan.FromMilliseconds(500));
        // Time stands still now: on a busy machine it would pass faster than the new leader can renew its lease.
        while (!(await PodsAsync(cluster)).All(p => p.Spec.NodeName.Length > 0))
            await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System);
        // Bindings that were on their way all along get through now: each is refused, since the pod has its node.
        cut.Mode = BindingMode.Passed;
        await Assert.ThrowsAsync<LeadershipLostException>(() => first);
        await AssertFullAsync(cluster);
        await stop.CancelAsync();
        await second.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
    }

    private static async Task DieWhileBindingAsync(TestCluster cluster, BindingMode mode)
    {
        var deaf = new BindingHandler(cluster) { Mode = mode };
        using var client = new ApiClient(deaf, s_server, new ApiClientOptions { Time = cluster.Time });
        using var death = new CancellationTokenSource();
        var first = Run(client, death.Token);
        await deaf.Seen(Pods / 2);
        await death.CancelAsync();
        await first.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private static Task Run(ApiClient client, CancellationToken stop) =>
        Task.Run(() => new PodScheduler(client, new SchedulerOptions(), NullLogger.Instance).RunAsync(stop), CancellationToken.None);

    private static Task Elected(ApiClient client, string identity, CancellationToken stop) =>
        new LeaderElector(client, new LeaderElectionOptions { LeaseName = "kube-scheduler", Identity = identity }, NullLogger.Instance)
            .RunFencedAsync((fenced, term) => new PodScheduler(fenced, new SchedulerOptions(), NullLogger.Instance).RunAsync(term), stop);

    private static async Task BindTheRestAsync(TestCluster cluster)
    {
        using var stop = new CancellationTokenSource();
        var next = Run(cluster.ClientAs("system:kube-scheduler", "system:masters"), stop.Token);
        await cluster.UntilAsync<Pod>("default", all => all.All(p => p.Spec.NodeName.Length > 0));
        await AssertFullAsync(cluster);
        await stop.CancelAsync();
        await next.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private static async Task<string?> HolderAsync(TestCluster cluster) =>
        (await cluster.Client.For<Lease>().FindAsync("kube-system", "kube-scheduler"))?.Spec.HolderIdentity;

    private static async Task AssertFullAsync(TestCluster cluster) =>
        Assert.Equal([6, 6, 6, 6], (await PodsAsync(cluster)).GroupBy(p => p.Spec.NodeName).Select(g => g.Count()));

    private static async Task<IReadOnlyList<Pod>> PodsAsync(TestCluster cluster) => (await cluster.Client.For<Pod>().ListAllAsync("default")).Items;

    private static async Task CreatePodsAsync(TestCluster cluster)
    {
        await cluster.UntilAsync<ServiceAccount>("default", all => all.Count > 0);
        for (var i = 0; i < Pods; i++)
        {
            var pod = new Pod { Metadata = { Name = "p" + i, Namespace = "default" } };
            pod.Spec.Containers = [new() { Name = "main", Image = "busybox", Resources = { Requests = new() { ["cpu"] = Quantity.Parse("1") } } }];
            await cluster.Client.For<Pod>().CreateAsync(pod);
        }
    }

    private enum BindingMode { Passed, Lost, AnswerLost, AllLost }

    /// <summary>The way to the API server, on which bindings, their answers, or everything get lost: the caller waits without end.</summary>
    private sealed class BindingHandler(TestCluster cluster) : DelegatingHandler(cluster.Server.CreateHandler("system:kube-scheduler", "system:masters"))
    {
        private readonly SemaphoreSlim _seen = new(0);
        private volatile BindingMode _mode;

        public BindingMode Mode
        {
            get => _mode;
            set => _mode = value;
        }

        /// <summary>Ends when so many bindings were sent.</summary>
        public async Task Seen(int bindings)
        {
            for (var i = 0; i < bindings; i++)
                await _seen.WaitAsync();
        }

        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            var isBinding = request.RequestUri!.AbsolutePath.EndsWith("/binding", StringComparison.Ordinal);
            if (_mode == BindingMode.AllLost || (isBinding && _mode == BindingMode.Lost))
            {
                if (isBinding)
                    _seen.Release();
                await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, cancellationToken);
            }
            var response = await base.SendAsync(request, cancellationToken);
            if (!isBinding || _mode != BindingMode.AnswerLost)
                return response;
            _seen.Release();
            await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, cancellationToken);
            return response;
        }
    }
}
