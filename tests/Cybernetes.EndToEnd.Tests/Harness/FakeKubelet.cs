using System.Globalization;
using Cybernetes.Client.Informers;
using Cybernetes.Client.Kubeconfig;
using Cybernetes.Client.Transport;
using Cybernetes.Objects;
using Cybernetes.Objects.Coordination.V1;
using Cybernetes.Objects.Core.V1;
using Cybernetes.Objects.Meta.V1;
using Microsoft.Extensions.Logging.Abstractions;
using ClusterNode = Cybernetes.Objects.Core.V1.Node;

namespace Cybernetes.EndToEnd.Tests.Harness;

/// <summary>
/// Nodes that run nothing and say all that kubelets say: their pods are ready at once, and pods of the image <c>exit:N</c> end with that code. For
/// tests of the controllers with real clients.
/// </summary>
internal sealed class FakeKubelet : IAsyncDisposable
{
    private static readonly TimeSpan Heartbeat = TimeSpan.FromSeconds(5);

    private readonly ApiClient _client;
    private readonly CancellationTokenSource _stop = new();
    private readonly List<Task> _running = [];
    private readonly string[] _nodes;

    private FakeKubelet(ApiClient client, string[] nodes) => (_client, _nodes) = (client, nodes);

    public static async Task<FakeKubelet> StartAsync(string kubeconfig, params string[] nodes)
    {
        var kubelet = new FakeKubelet(ApiClient.Connect(KubeconfigFile.LoadMerged([kubeconfig]).Resolve()), nodes);
        foreach (var name in nodes)
        {
            await kubelet._client.For<ClusterNode>().CreateAsync(new ClusterNode { Metadata = { Name = name, Labels = new() { ["kubernetes.io/hostname"] = name } } });
            await kubelet.TellReadyAsync(name);
        }
        kubelet._running.Add(kubelet.BeatAsync());
        var informer = new Informer<Pod>(kubelet._client, null, NullLogger.Instance);
        informer.AddHandler(p => kubelet.Act(p), (_, p) => kubelet.Act(p));
        kubelet._running.Add(informer.RunAsync(kubelet._stop.Token));
        return kubelet;
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await Task.WhenAll(_running).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _client.Dispose();
        _stop.Dispose();
    }

    // A patch: controllers write to a new node at the same time.
    private Task TellReadyAsync(string name)
    {
        var now = KubernetesTime.Format(TimeProvider.System.GetUtcNow());
        var sizes = """{"cpu":"32","memory":"64Gi","pods":"500"}""";
        var ready = $$"""{"type":"Ready","status":"True","reason":"KubeletReady","lastHeartbeatTime":"{{now}}","lastTransitionTime":"{{now}}"}""";
        var patch = ObjectPatch.Merge($$"""{"status":{"capacity":{{sizes}},"allocatable":{{sizes}},"conditions":[{{ready}}] } }""");
        return _client.For<ClusterNode>().PatchAsync(null, name, patch, subresource: "status");
    }

    private async Task BeatAsync()
    {
        using var timer = new PeriodicTimer(Heartbeat, TimeProvider.System);
        do
        {
            foreach (var name in _nodes)
            {
                var lease = await _client.For<Lease>().FindAsync("kube-node-lease", name, _stop.Token);
                var spec = new LeaseSpec { HolderIdentity = name, LeaseDurationSeconds = 40, RenewTime = TimeProvider.System.GetUtcNow() };
                if (lease is null)
                    await _client.For<Lease>().CreateAsync(new Lease { Metadata = { Namespace = "kube-node-lease", Name = name }, Spec = spec });
                else
                    await _client.For<Lease>().UpdateAsync(lease.With(spec));
            }
        }
        while (await timer.WaitForNextTickAsync(_stop.Token));
    }

    private void Act(Pod pod)
    {
        if (pod.Spec.NodeName.Length > 0)
            _ = Task.Run(() => ActAsync(pod));
    }

    private async Task ActAsync(Pod pod)
    {
        var pods = _client.For<Pod>();
        try
        {
            if (pod.Metadata.DeletionTimestamp is not null)
                await pods.DeleteAsync(pod.Metadata.Namespace, pod.Metadata.Name, new DeleteOptions { GracePeriodSeconds = 0 });
            else if (pod.Status.Phase == PodPhase.Pending)
                await pods.UpdateStatusAsync(Running(pod));
            else if (pod.Status.Phase == PodPhase.Running && pod.Spec.Containers![0].Image.Split(':') is ["exit", var code])
                await pods.UpdateStatusAsync(Ended(pod, int.Parse(code, CultureInfo.InvariantCulture)));
        }
        catch (ApiStatusException failure) when (failure.IsConflict || failure.IsNotFound)
        {
            // Changed meanwhile: the change's own event comes.
        }
    }

    private static Pod Running(Pod pod)
    {
        var (copy, now) = (pod.DeepClone(), TimeProvider.System.GetUtcNow());
        copy.Status.Phase = PodPhase.Running;
        copy.Status.StartTime = now;
        copy.Status.PodIP = "10.9.0.1";
        copy.Status.PodIPs = [new() { IP = "10.9.0.1" }];
        copy.Status.Conditions =
        [
            .. copy.Status.Conditions.OrEmpty().Where(c => c.Type == "PodScheduled"),
            new() { Type = "ContainersReady", Status = "True", LastTransitionTime = now }, new() { Type = "Ready", Status = "True", LastTransitionTime = now },
        ];
        copy.Status.ContainerStatuses =
        [
            .. pod.Spec.Containers!.Select(c => new ContainerStatus
            {
                Name = c.Name, Image = c.Image, Ready = true, Started = true, State = new() { Running = new() { StartedAt = now } },
            }),
        ];
        return copy;
    }

    private static Pod Ended(Pod pod, int code)
    {
        var (copy, now) = (pod.DeepClone(), TimeProvider.System.GetUtcNow());
        copy.Status.Phase = code == 0 ? PodPhase.Succeeded : PodPhase.Failed;
        foreach (var condition in copy.Status.Conditions!.Where(c => c.Type is "Ready" or "ContainersReady"))
            (condition.Status, condition.Reason, condition.LastTransitionTime) = ("False", "PodCompleted", now);
        foreach (var container in copy.Status.ContainerStatuses!)
        {
            container.Ready = false;
            container.State = new() { Terminated = new() { ExitCode = code, Reason = code == 0 ? "Completed" : "Error", StartedAt = now, FinishedAt = now } };
        }
        return copy;
    }
}

/// <summary>A lease with another content.</summary>
internal static class LeaseChange
{
    public static Lease With(this Lease lease, LeaseSpec spec)
    {
        var copy = lease.DeepClone();
        copy.Spec = spec;
        return copy;
    }
}

/// <summary>A server with two such nodes, for all tests of a class; tests keep apart by namespaces.</summary>
public sealed class ControllersFixture : IAsyncLifetime
{
    private CybServer? _server;
    private FakeKubelet? _kubelet;
    private int _namespaces;

    internal CybServer Server => _server ?? throw new HarnessException("the server is not there: is the test a [ClusterFact]?");

    /// <summary>kubectl of a version in a new namespace.</summary>
    internal async Task<Kubectl> KubectlAsync(string version)
    {
        var kubectl = Server.Kubectl(version);
        var name = $"test-{Interlocked.Increment(ref _namespaces)}";
        await kubectl.OkAsync("create", "namespace", name);
        return kubectl.In(name);
    }

    public async ValueTask InitializeAsync()
    {
        if (!Machine.CanRunNodes)
            return;
        _server = await CybServer.StartAsync(new CybServerOptions());
        _kubelet = await FakeKubelet.StartAsync(_server.KubeconfigFile, "node-a", "node-b");
    }

    public async ValueTask DisposeAsync()
    {
        if (_kubelet is not null)
            await _kubelet.DisposeAsync();
        if (_server is not null)
            await _server.DisposeAsync();
        (_kubelet, _server) = (null, null);
    }
}
