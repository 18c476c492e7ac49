using System.Diagnostics;
using Cybernetes.Client.Informers;
using Cybernetes.Client.Transport;
using Cybernetes.Objects.Core.V1;
using Cybernetes.Testing;
using Microsoft.Extensions.Logging.Abstractions;

namespace Cybernetes.Scheduler.Bench;

/// <summary>API server, store in memory, scheduler and creators in one process: from the first create to the last binding.</summary>
internal static class SystemBench
{
    private const int Creators = 16;

    public static async Task RunAsync(int nodes, int pods)
    {
        await using var cluster = await TestCluster.StartAsync();
        using var stop = new CancellationTokenSource();
        await cluster.Client.For<ServiceAccount>().CreateAsync(new() { Metadata = { Name = "default", Namespace = "default" } });
        await Parallel.ForEachAsync(Enumerable.Range(0, nodes), new ParallelOptions { MaxDegreeOfParallelism = Creators }, async (i, cancellation) =>
        {
            var node = await cluster.Client.For<Objects.Core.V1.Node>().CreateAsync(Workloads.Node(i), null, cancellation);
            node.Status = Workloads.Node(i).Status;
            await cluster.Client.For<Objects.Core.V1.Node>().UpdateStatusAsync(node, null, cancellation);
        });
        var scheduler = new PodScheduler(cluster.ClientAs("system:kube-scheduler", "system:masters"), new SchedulerOptions(), NullLogger.Instance);
        var running = Task.Run(() => scheduler.RunAsync(stop.Token));
        Console.WriteLine($"system: {nodes} nodes, {pods} pods each, {Creators} creators");
        var run = 0;
        await MeasureAsync(cluster.Client, $"warm-{run++}", 2000, (_, _) => { });
        foreach (var (name, shape) in Workloads.All)
        {
            var rate = await MeasureAsync(cluster.Client, $"run-{run++}", name == "anti-affinity on hostname" ? Math.Min(pods, 5000) : pods, shape);
            Console.WriteLine($"{name,-44} {rate,9:N0} pods/s   {Environment.WorkingSet >> 20} MiB in use");
        }
        var before = await MeasureAsync(cluster.Client, $"run-{run++}", pods, (_, _) => { });
        await MeasureAsync(cluster.Client, "huge", 10_000, (_, _) => { }, cpu: "1000");
        var beside = await MeasureAsync(cluster.Client, $"run-{run++}", pods, (_, _) => { });
        Console.WriteLine($"{"plain, then beside 10,000 unschedulable",-44} {before,9:N0} {beside:N0} pods/s ({beside / before:P0})");
        await stop.CancelAsync();
        await running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private static async Task<double> MeasureAsync(ApiClient client, string prefix, int pods, Action<Pod, int> shape, string cpu = "100m")
    {
        using var stop = new CancellationTokenSource();
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var bound = 0;
        var informers = new InformerFactory(client, NullLogger.Instance);
        void See(Pod before, Pod pod)
        {
            if (!IsSettled(before) && IsSettled(pod) && Interlocked.Increment(ref bound) == pods)
                done.TrySetResult();
        }
        informers.For<Pod>(new InformerOptions { LabelSelector = "run=" + prefix }).AddHandler(
            pod => See(new Pod(), pod), See);
        informers.Start(stop.Token);
        await informers.WaitForSyncAsync(stop.Token);
        var watch = Stopwatch.StartNew();
        await CreateAsync(client, prefix, pods, shape, cpu);
        await done.Task;
        var rate = pods / watch.Elapsed.TotalSeconds;
        await stop.CancelAsync();
        await informers.WhenStopped().ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        return rate;
    }

    /// <summary>Bound, or told that it cannot be.</summary>
    private static bool IsSettled(Pod pod) => pod.Spec.NodeName.Length > 0 || pod.Status.Conditions is { Count: > 0 };

    private static Task CreateAsync(ApiClient client, string prefix, int pods, Action<Pod, int> shape, string cpu = "100m") =>
        Parallel.ForEachAsync(Enumerable.Range(0, pods), new ParallelOptions { MaxDegreeOfParallelism = Creators }, async (i, cancellation) =>
        {
            var pod = Workloads.Pod($"{prefix}-{i}", i, shape, cpu);
            pod.Metadata.UID = "";
            pod.Metadata.Labels = new(pod.Metadata.Labels ?? []) { ["run"] = prefix };
            await client.For<Pod>().CreateAsync(pod, null, cancellation);
        });
}
