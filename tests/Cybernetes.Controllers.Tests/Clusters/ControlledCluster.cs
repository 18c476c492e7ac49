using Cybernetes.ApiServer.Admission;
using Cybernetes.Client.Informers;
using Cybernetes.Client.Transport;
using Cybernetes.Controllers.DaemonSets;
using Cybernetes.Objects;
using Cybernetes.Objects.Core.V1;
using Cybernetes.Objects.Meta.V1;
using Cybernetes.Testing;
using Microsoft.Extensions.Logging.Abstractions;

namespace Cybernetes.Controllers.Tests.Clusters;

/// <summary>The real API server and all controllers in one process, with a kubelet that only says what a kubelet says.</summary>
internal sealed class ControlledCluster : IAsyncDisposable
{
    private static readonly TimeSpan s_patience = TimeSpan.FromMinutes(2);

    private readonly TestCluster _cluster;
    private readonly CancellationTokenSource _stop = new();
    private readonly List<Task> _running = [];

    private ControlledCluster(TestCluster cluster) => _cluster = cluster;

    public ApiClient Client => _cluster.Client;

    public static Task<ControlledCluster> StartAsync(params string[] without) =>
        StartAsync(new ControllerManagerOptions { Controllers = ["*", .. without.Select(w => "-" + w)] });

    public static async Task<ControlledCluster> StartAsync(ControllerManagerOptions options, TestClusterOptions? serving = null)
    {
        serving ??= new();
        var cluster = new ControlledCluster(await TestCluster.StartAsync(serving with
        {
            Time = serving.Time ?? TimeProvider.System,
            // The controllers are the test's own, that of service accounts among them.
            ApiServer = serving.ApiServer ?? (server => server with { Admission = AdmissionSelection.Default }),
        }));
        var manager = new ControllerManager(cluster.Client, options, NullLogger.Instance);
        cluster._running.Add(manager.RunAsync(cluster._stop.Token));
        await cluster.Client.For<Objects.Core.V1.Node>().CreateAsync(Make.Node("node-1").With(n => n.Metadata.UID = ""));
        var informer = new Informer<Pod>(cluster.Client, null, NullLogger.Instance);
        informer.AddHandler(p => cluster.Kubelet(p), (_, p) => cluster.Kubelet(p));
        cluster._running.Add(informer.RunAsync(cluster._stop.Token));
        // Pods need their service account, which a controller makes.
        await cluster.UntilAsync<ServiceAccount>("default", all => all.Any(a => a.Metadata.Name == "default"));
        return cluster;
    }

    /// <summary>Waits until the objects of a namespace are as a predicate wants them; fails when they are not for minutes.</summary>
    public async Task<List<T>> UntilAsync<T>(string? ns, Func<List<T>, bool> holds) where T : class, IKubernetesObject<T>
    {
        using var patience = new CancellationTokenSource(s_patience, TimeProvider.System);
        while (true)
        {
            var list = await Client.For<T>().ListAllAsync(ns, null, patience.Token);
            if (holds(list.Items))
                return list.Items;
            var query = new ListQuery { ResourceVersion = list.Metadata.ResourceVersion, TimeoutSeconds = 60 };
            try
            {
                await foreach (var _ in Client.For<T>().WatchAsync(ns, query, patience.Token))
                    break;
            }
            catch (OperationCanceledException)
            {
                Assert.Fail($"{typeof(T).Name}: " + string.Join("; ", list.Items.Select(Text)));
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await Task.WhenAll(_running).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await _cluster.DisposeAsync();
        _stop.Dispose();
    }

    private static string Text<T>(T value) where T : class, IKubernetesObject<T>
    {
        using var stream = new MemoryStream();
        using (var writer = new System.Text.Json.Utf8JsonWriter(stream))
            value.WriteJson(writer);
        return System.Text.Encoding.UTF8.GetString(stream.ToArray());
    }

    /// <summary>Containers of the image <c>exit:N</c> end with that code; those of others run on.</summary>
    private static int? Outcome(Pod pod) =>
        pod.Spec.Containers![0].Image.Split(':') is ["exit", var code] ? int.Parse(code, System.Globalization.CultureInfo.InvariantCulture) : null;

    private static Pod Ended(Pod pod, int code)
    {
        var (copy, now) = (pod.DeepClone(), TimeProvider.System.GetUtcNow());
        copy.Status.Phase = code == 0 ? PodPhase.Succeeded : PodPhase.Failed;
        copy.Status.Conditions = [new() { Type = "Ready", Status = "False", LastTransitionTime = now }];
        copy.Status.ContainerStatuses =
        [
            new() { Name = pod.Spec.Containers![0].Name, State = new() { Terminated = new() { ExitCode = code, StartedAt = now, FinishedAt = now } } },
        ];
        return copy;
    }

    private void Kubelet(Pod pod) => _ = Task.Run(() => ActAsync(pod));

    private async Task ActAsync(Pod pod)
    {
        var pods = Client.For<Pod>();
        try
        {
            if (pod.Metadata.DeletionTimestamp is not null)
                await pods.DeleteAsync(pod.Metadata.Namespace, pod.Metadata.Name, new DeleteOptions { GracePeriodSeconds = 0 });
            else if (pod.Spec.NodeName.Length == 0)
                await Client.BindAsync(new Binding
                {
                    Metadata = { Namespace = pod.Metadata.Namespace, Name = pod.Metadata.Name },
                    Target = new() { Kind = "Node", Name = DaemonPods.NodeOf(pod) is { Length: > 0 } node ? node : "node-1" },
                });
            else if (pod.Status.Phase == PodPhase.Pending)
            {
                var copy = pod.DeepClone();
                copy.Status.Phase = PodPhase.Running;
                copy.Status.PodIP = "10.1.0." + (1 + (Math.Abs(pod.Metadata.UID.GetHashCode(StringComparison.Ordinal)) % 250));
                copy.Status.PodIPs = [new() { IP = copy.Status.PodIP }];
                copy.Status.Conditions = [new() { Type = "Ready", Status = "True", LastTransitionTime = TimeProvider.System.GetUtcNow() }];
                await pods.UpdateStatusAsync(copy);
            }
            else if (pod.Status.Phase == PodPhase.Running && Outcome(pod) is { } code)
                await pods.UpdateStatusAsync(Ended(pod, code));
        }
        catch (ApiStatusException failure) when (failure.IsConflict || failure.IsNotFound)
        {
            // Changed meanwhile: the change's own event comes.
        }
    }
}
