using System.Diagnostics;
using System.Text.Json;
using Cybernetes.Client.Transport;
using Cybernetes.Objects.Core.V1;
using Cybernetes.Testing;
using Microsoft.Extensions.Logging.Abstractions;

namespace Cybernetes.Scheduler.Bench;

/// <summary>API server, store in memory, scheduler and creators in one process: from the first create to the last binding.</summary>
internal static class SystemBench
{
    private const int Creators = 16;
    private const int WarmUpPods = 10_000;

    public static async Task RunAsync(int nodes, int pods, string? only)
    {
        await using var cluster = await TestCluster.StartAsync(new() { Time = TimeProvider.System });
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
        // What is compiled while it runs is compiled after this.
        await MeasureAsync(cluster.Client, $"warm-{run++}", WarmUpPods, (_, _) => { });
        foreach (var (name, shape) in Workloads.All.Where(w => only is null || w.Name.Contains(only, StringComparison.Ordinal)))
        {
            var spent = Environment.CpuUsage.TotalTime;
            var (pause, collections) = (GC.GetTotalPauseDuration(), GC.CollectionCount(0));
            var count = name == "anti-affinity on hostname" ? Math.Min(pods, 5000) : pods;
            var rate = await MeasureAsync(cluster.Client, $"run-{run++}", count, shape);
            spent = Environment.CpuUsage.TotalTime - spent;
            pause = GC.GetTotalPauseDuration() - pause;
            Console.WriteLine($"{name,-44} {rate,9:N0} pods/s   {spent.TotalMicroseconds / count,5:N0} µs processor a pod   "
                + $"{Environment.WorkingSet >> 20} MiB in use   "
                + $"{GC.CollectionCount(0) - collections} collections, {pause.TotalSeconds * rate / count:P1} paused");
        }
        if (only is null or "unschedulable")
            await BesideUnschedulableAsync(cluster.Client, pods);
        await stop.CancelAsync();
        await running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private static async Task BesideUnschedulableAsync(ApiClient client, int pods)
    {
        var before = await MeasureAsync(client, "before", pods, (_, _) => { });
        await MeasureAsync(client, "huge", 10_000, (_, _) => { }, fits: false);
        // Their events are written after their conditions, one by one, and are not what is measured.
        await EventsSettledAsync(client);
        var beside = await MeasureAsync(client, "beside", pods, (_, _) => { });
        Console.WriteLine($"{"plain, then beside 10,000 unschedulable",-44} {before,9:N0} {beside:N0} pods/s ({beside / before:P0})");
    }

    private static async Task EventsSettledAsync(ApiClient client)
    {
        for (var (last, now) = (-1L, 0L); now != last;)
        {
            await Task.Delay(TimeSpan.FromSeconds(1), client.Time);
            var page = await client.For<Event>().ListAsync(null, new ListQuery { Limit = 1 });
            (last, now) = (now, (page.Metadata.RemainingItemCount ?? 0) + page.Items.Count);
        }
    }

    private static async Task<double> MeasureAsync(ApiClient client, string prefix, int pods, Action<Pod, int> shape, bool fits = true)
    {
        var calls = Enumerable.Range(0, pods).Select(i => CreationOf(prefix, i, shape, fits ? "100m" : "1000")).ToArray();
        // Bound pods come into this watch when they are bound; those that do not fit are seen when they are made and when they are told so.
        var query = new ListQuery { LabelSelector = "run=" + prefix, FieldSelector = fits ? "spec.nodeName!=" : null };
        var since = await client.For<Pod>().ListAsync("default", query);
        var path = KindClient<Pod>.PathOf("default") + $"?watch=true&resourceVersion={since.Metadata.ResourceVersion}&labelSelector=run%3D{prefix}"
            + (fits ? "&fieldSelector=spec.nodeName%21%3D" : "");
        using var watch = await client.OpenAsync(new ApiCall(HttpMethod.Get, path), CancellationToken.None);
        var seen = SeenAsync(await watch.Content.ReadAsStreamAsync(), fits ? pods : 2 * pods);
        var time = Stopwatch.StartNew();
        await Parallel.ForEachAsync(calls, new ParallelOptions { MaxDegreeOfParallelism = Creators }, async (call, cancellation) =>
            await client.SendAsync(call, cancellation));
        await seen;
        return pods / time.Elapsed.TotalSeconds;
    }

    // The generator runs on the processors that it measures: requests are rendered before the clock starts, and events are counted, not read.
    private static ApiCall CreationOf(string prefix, int i, Action<Pod, int> shape, string cpu)
    {
        var pod = Workloads.Pod($"{prefix}-{i}", i, shape, cpu);
        pod.Metadata.UID = "";
        pod.Metadata.Labels = new(pod.Metadata.Labels ?? []) { ["run"] = prefix };
        using var body = new MemoryStream();
        using (var writer = new Utf8JsonWriter(body))
            pod.WriteJson(writer);
        return new ApiCall(HttpMethod.Post, KindClient<Pod>.PathOf("default")) { Body = body.ToArray() };
    }

    private static async Task SeenAsync(Stream watch, int events)
    {
        var buffer = new byte[64 * 1024];
        while (events > 0)
        {
            var read = await watch.ReadAsync(buffer);
            events -= read > 0 ? buffer.AsSpan(0, read).Count((byte)'\n') : throw new IOException("the watch ended early");
        }
    }
}
