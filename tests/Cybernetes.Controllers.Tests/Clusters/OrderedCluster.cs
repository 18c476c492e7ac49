using System.Globalization;
using Cybernetes.Client.Informers;
using Cybernetes.Client.Transport;
using Cybernetes.Foundation;
using Cybernetes.Foundation.Metrics;
using Cybernetes.Objects;
using Cybernetes.Objects.Core.V1;
using Cybernetes.Testing;
using Microsoft.Extensions.Logging.Abstractions;

namespace Cybernetes.Controllers.Tests.Clusters;

/// <summary>The real API server and some controllers, whose watches a test holds back: it decides which informer is told first.</summary>
internal sealed class OrderedCluster : IAsyncDisposable
{
    private static readonly TimeSpan s_glance = TimeSpan.FromMilliseconds(10);

    private readonly TestCluster _cluster;
    private readonly ApiClient _controllers;
    private readonly CancellationTokenSource _stop = new();
    private Task _running = Task.CompletedTask;

    private OrderedCluster(TestCluster cluster)
    {
        _cluster = cluster;
        Watches.InnerHandler = cluster.Server.CreateHandler("system:kube-controller-manager", "system:masters");
        _controllers = new ApiClient(Watches, new Uri("https://in-process.cybernetes.local"), new() { Random = Chance.Seeded(1) });
    }

    public ApiClient Client => _cluster.Client;

    public HeldWatches Watches { get; } = new();

    public MetricRegistry Metrics { get; } = new();

    /// <summary>With a service account in the default namespace, and the controllers named.</summary>
    public static async Task<OrderedCluster> StartAsync(ControllerManagerOptions options, Func<ApiClient, Task>? prepare = null)
    {
        var cluster = new OrderedCluster(await TestCluster.StartAsync());
        await cluster.Client.For<ServiceAccount>().CreateAsync(new() { Metadata = { Namespace = "default", Name = "default" } });
        if (prepare is not null)
            await prepare(cluster.Client);
        var manager = new ControllerManager(cluster._controllers, options, NullLogger.Instance) { Metrics = cluster.Metrics };
        cluster._running = manager.RunAsync(cluster._stop.Token);
        return cluster;
    }

    public static Task<OrderedCluster> StartAsync(params string[] controllers) => StartAsync(new ControllerManagerOptions { Controllers = controllers });

    public Task<IReadOnlyList<T>> UntilAsync<T>(string? ns, Func<IReadOnlyList<T>, bool> holds) where T : class, IKubernetesObject<T> =>
        _cluster.UntilAsync(ns, holds, TimeSpan.FromMinutes(2));

    /// <summary>Waits until a queue has got at least so many keys and is through with all of them.</summary>
    public async Task IdleAsync(string queue, int adds)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromMinutes(2), TimeProvider.System);
        while (Read("workqueue_adds_total", queue) < adds || Read("workqueue_depth", queue) > 0
            || Read("workqueue_work_duration_seconds_count", queue) < Read("workqueue_adds_total", queue))
            await Task.Delay(s_glance, TimeProvider.System, patience.Token);
    }

    public double Read(string metric, string queue)
    {
        var start = $"{metric}{{name=\"{queue}\"}} ";
        var line = Metrics.Render().Split('\n').FirstOrDefault(l => l.StartsWith(start, StringComparison.Ordinal));
        return line is null ? 0 : double.Parse(line[start.Length..], CultureInfo.InvariantCulture);
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _controllers.Dispose();
        await _cluster.DisposeAsync();
        _stop.Dispose();
    }
}
