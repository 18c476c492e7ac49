using Cybernetes.Client.Informers;
using Cybernetes.Client.Transport;
using Cybernetes.Controllers.Bench.Cluster;
using Cybernetes.Objects;
using Cybernetes.Objects.Apps.V1;
using Cybernetes.Objects.Core.V1;
using Cybernetes.Objects.Discovery.V1;
using Cybernetes.Objects.Policy.V1;
using Microsoft.Extensions.Logging.Abstractions;

namespace Cybernetes.Controllers.Bench.Stages;

/// <summary>Events that controllers answer, each waited for until the answer is seen.</summary>
internal sealed class EventProbes : IAsyncDisposable
{
    private const int Subjects = 20;
    private const int AtOnce = 4;
    private const string Mark = "bench";
    private static readonly TimeSpan s_patience = TimeSpan.FromMinutes(2);
    private static readonly TimeSpan s_youth = TimeSpan.FromSeconds(4);
    private static readonly TimeSpan s_period = TimeSpan.FromMilliseconds(5);

    private readonly ApiClient _client;
    private readonly string _ns;
    private readonly CancellationTokenSource _stop = new();
    private readonly InformerFactory _informers;
    private readonly ObjectStore<Deployment> _deployments;
    private readonly ObjectStore<Pod> _pods;
    private readonly ObjectStore<EndpointSlice> _slices;
    private readonly ObjectStore<ConfigMap> _maps;
    private int _made;

    private EventProbes(ApiClient client, string ns)
    {
        (_client, _ns) = (client, ns);
        _informers = new(client, NullLogger.Instance);
        var marked = new InformerOptions { Namespace = ns, LabelSelector = Mark };
        _deployments = _informers.For<Deployment>(marked).Store;
        _pods = _informers.For<Pod>(marked).Store;
        _slices = _informers.For<EndpointSlice>(marked).Store;
        _maps = _informers.For<ConfigMap>(marked).Store;
    }

    /// <summary>All of them.</summary>
    public IReadOnlyList<EventProbe> All =>
    [
        new("a deployment scaled", ScaleAsync), new("a pod of a replica set deleted", DeletePodsAsync) { PrepareAsync = ScaleAllAsync },
        new("a pod ready or not: endpoints", ReadinessAsync), new("a pod without an owner", LonePodsAsync),
        new("an owner deleted, its dependent goes", CollectAsync),
        new("a config map under a quota", CountedAsync)
        {
            PrepareAsync = MakeQuotaAsync, FinishAsync = () => _client.For<ResourceQuota>().DeleteAsync(_ns, "probe"),
        },
    ];

    public static async Task<EventProbes> StartAsync(ApiClient client, string ns)
    {
        var probes = new EventProbes(client, ns);
        probes._informers.Start(probes._stop.Token);
        await probes._informers.WaitForSyncAsync(probes._stop.Token);
        await probes.PrepareAsync();
        return probes;
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _informers.WhenStopped().ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _stop.Dispose();
    }

    private static Task EachAsync(int events, Func<int, Task> work) => Parallel.ForEachAsync(
        Enumerable.Range(0, Subjects), new ParallelOptions { MaxDegreeOfParallelism = AtOnce }, async (subject, _) =>
        {
            for (var round = subject; round < events; round += Subjects)
                await work(subject);
        });

    /// <exception cref="IOException">The controllers did not answer.</exception>
    private static async Task SeeAsync(string what, Func<bool> isSeen)
    {
        var start = TimeProvider.System.GetTimestamp();
        while (!isSeen())
        {
            if (TimeProvider.System.GetElapsedTime(start) > s_patience)
                throw new IOException($"waited in vain for {what}");
            await Task.Delay(s_period, TimeProvider.System);
        }
    }

    private async Task PrepareAsync()
    {
        for (var k = 0; k < Subjects; k++)
        {
            var deployment = Workloads.Deployment(_ns, $"probe-{k}", 0, isGated: true);
            deployment.Metadata.Labels![Mark] = deployment.Spec.Template.Metadata.Labels![Mark] = "deployment";
            await _client.For<Deployment>().CreateAsync(deployment);
            var pod = Workloads.Pod(_ns, $"behind-{k}", $"behind-{k}", isGated: true);
            pod.Metadata.Labels![Mark] = "behind";
            await _client.For<Pod>().CreateAsync(pod);
            await TellAsync(k, isReady: false);
            var service = Workloads.Service(_ns, $"behind-{k}", $"behind-{k}");
            service.Metadata.Labels![Mark] = "service";
            await _client.For<Service>().CreateAsync(service);
            await _client.For<PodDisruptionBudget>().CreateAsync(new()
            {
                Metadata = { Namespace = _ns, Name = $"behind-{k}" },
                Spec = { MinAvailable = 0, Selector = new() { MatchLabels = new() { ["app"] = $"behind-{k}" } } },
            });
        }
    }

    private Task ScaleAsync(int events) => EachAsync(events, async k =>
    {
        var name = $"probe-{k}";
        var before = _deployments.Get(_ns, name)?.Spec.Replicas ?? 0;
        await ScaleToAsync(name, 1 - before);
    });

    private async Task ScaleToAsync(string name, int replicas)
    {
        var patched = await _client.For<Deployment>().PatchAsync(_ns, name, ObjectPatch.Merge($$$"""{"spec":{"replicas":{{{replicas}}}}}"""));
        await SeeAsync("the scale of " + name, () => _deployments.Get(_ns, name) is { } now
            && now.Status.ObservedGeneration >= patched.Metadata.Generation && now.Status.Replicas == replicas && now.Spec.Replicas == replicas);
    }

    private async Task ScaleAllAsync()
    {
        for (var k = 0; k < Subjects; k++)
            await ScaleToAsync($"probe-{k}", 1);
    }

    private Task DeletePodsAsync(int events) => EachAsync(events, async k =>
    {
        Pod? Present() => _pods.List().FirstOrDefault(p => p.Metadata.Labels!["app"] == $"probe-{k}" && p.Metadata.DeletionTimestamp is null);
        await SeeAsync("a pod", () => Present() is not null);
        var pod = Present()!;
        await _client.For<Pod>().DeleteAsync(_ns, pod.Metadata.Name, new() { GracePeriodSeconds = 0 });
        await SeeAsync("another pod", () => Present() is { } other && other.Metadata.UID != pod.Metadata.UID);
    });

    private Task ReadinessAsync(int events) => EachAsync(events, async k =>
    {
        var isReady = _slices.List().Any(s => s.Metadata.Labels!["kubernetes.io/service-name"] == $"behind-{k}" && IsReady(s));
        await TellAsync(k, !isReady);
        await SeeAsync("the slice of behind-" + k, () => _slices.List().Any(s =>
            s.Metadata.Labels!["kubernetes.io/service-name"] == $"behind-{k}" && s.Endpoints is { Count: > 0 } && IsReady(s) != isReady));
    });

    private static bool IsReady(EndpointSlice slice) => slice.Endpoints is { Count: > 0 } endpoints && endpoints[0].Conditions.Ready == true;

    private Task TellAsync(int k, bool isReady)
    {
        var status = $$$"""{"status":{"podIP":"10.200.0.{{{k + 1}}}","podIPs":[{"ip":"10.200.0.{{{k + 1}}}"}]"""
            + $$$""","conditions":[{"type":"Ready","status":"{{{isReady}}}"}]}}""";
        return _client.For<Pod>().PatchAsync(_ns, $"behind-{k}", ObjectPatch.Strategic(status), null, "status");
    }

    private Task LonePodsAsync(int events) => EachAsync(events, async k =>
    {
        var pod = Workloads.Pod(_ns, $"lone-{Interlocked.Increment(ref _made)}", $"lone-{k}", isGated: true);
        await _client.For<Pod>().CreateAsync(pod);
        await _client.For<Pod>().DeleteAsync(_ns, pod.Metadata.Name, new() { GracePeriodSeconds = 0 });
    });

    private Task CollectAsync(int events) => EachAsync(events, async _ =>
    {
        var n = Interlocked.Increment(ref _made);
        var owner = await _client.For<ConfigMap>().CreateAsync(Workloads.ConfigMap(_ns, $"owner-{n}"));
        var dependent = Workloads.ConfigMap(_ns, $"dependent-{n}");
        dependent.Metadata.Labels![Mark] = "dependent";
        dependent.Metadata.OwnerReferences = [new() { APIVersion = "v1", Kind = "ConfigMap", Name = owner.Metadata.Name, UID = owner.Metadata.UID }];
        await _client.For<ConfigMap>().CreateAsync(dependent);
        await SeeAsync(dependent.Metadata.Name, () => _maps.Get(_ns, dependent.Metadata.Name) is not null);
        await _client.For<ConfigMap>().DeleteAsync(_ns, owner.Metadata.Name);
        await SeeAsync("the end of " + dependent.Metadata.Name, () => _maps.Get(_ns, dependent.Metadata.Name) is null);
    });

    private async Task MakeQuotaAsync()
    {
        var hard = new Dictionary<string, Quantity> { ["count/configmaps"] = Quantity.Parse("1000000"), ["pods"] = Quantity.Parse("1000000") };
        await _client.For<ResourceQuota>().CreateAsync(new() { Metadata = { Namespace = _ns, Name = "probe" }, Spec = { Hard = hard } });
        // The server counts a quota's objects while it is new, and once more thereafter; here is measured what it costs ever after.
        await Task.Delay(s_youth, TimeProvider.System);
        await CountedAsync(1);
    }

    private Task CountedAsync(int events) => EachAsync(events, async _ =>
    {
        var map = Workloads.ConfigMap(_ns, $"counted-{Interlocked.Increment(ref _made)}");
        await _client.For<ConfigMap>().CreateAsync(map);
        await _client.For<ConfigMap>().DeleteAsync(_ns, map.Metadata.Name);
    });
}

/// <summary>One kind of event.</summary>
/// <param name="Name">What it is called.</param>
/// <param name="RunAsync">Makes a number of them happen: this is measured.</param>
internal sealed record EventProbe(string Name, Func<int, Task> RunAsync)
{
    /// <summary>Makes what the events need.</summary>
    public Func<Task> PrepareAsync { get; init; } = () => Task.CompletedTask;

    /// <summary>Takes it away.</summary>
    public Func<Task> FinishAsync { get; init; } = () => Task.CompletedTask;
}
