using System.Diagnostics;
using System.Text.Json;
using Cybernetes.Client.Transport;
using Cybernetes.Objects.Core.V1;

namespace Cybernetes.Scheduler.Bench;

/// <summary>What is measured of a whole cluster.</summary>
/// <param name="Nodes">How many nodes there are.</param>
/// <param name="Pods">How many pods each workload has; fewer where the nodes hold no more.</param>
/// <param name="Rehearsal">Pods that are scheduled before, in a cluster of their own, so that code is compiled by then; 0 for none.</param>
/// <param name="Only">A word of the workloads' names; null for all.</param>
/// <param name="Peer">Folder of etcd, kube-apiserver and kube-scheduler, measured after; null for none.</param>
internal sealed record SystemPlan(int Nodes, int Pods, int Rehearsal, string? Only, string? Peer)
{
    public bool Wants(string name) => Only is null || name.Contains(Only, StringComparison.Ordinal);
}

/// <summary>A cluster from the first create to the last binding.</summary>
internal static class SystemBench
{
    private const int Creators = 16;
    private const int Unschedulable = 10_000;

    public static async Task RunAsync(SystemPlan plan)
    {
        if (plan.Rehearsal > 0)
        {
            await using var rehearsed = await OwnCluster.StartAsync();
            await AddNodesAsync(rehearsed.Client, plan.Nodes);
            for (var i = 0; i < Workloads.All.Count; i++)
                await MeasureAsync(rehearsed, $"warm-{i}", i == 0 ? plan.Rehearsal : Math.Min(plan.Nodes, plan.Rehearsal / 10), Workloads.All[i].Shape);
        }
        GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive);
        await using (var own = await OwnCluster.StartAsync())
            await MeasureAllAsync(own, plan);
        if (plan.Peer is null)
            return;
        var folder = Path.Combine(Path.GetTempPath(), "cyb-schedule-peer");
        using var peer = new PeerCluster(plan.Peer, folder);
        peer.Wipe();
        peer.Start();
        peer.StartScheduler();
        await MeasureAllAsync(peer, plan);
        peer.Stop();
        Directory.Delete(folder, recursive: true);
    }

    private static async Task MeasureAllAsync(IMeasuredCluster cluster, SystemPlan plan)
    {
        Console.WriteLine($"system: {plan.Nodes} nodes, {plan.Pods} pods each, {Creators} creators; {cluster.Name}");
        await AddNodesAsync(cluster.Client, plan.Nodes);
        var run = 0;
        foreach (var (name, shape) in Workloads.All.Where(w => plan.Wants(w.Name)))
        {
            var count = name == "anti-affinity on hostname" ? Math.Min(plan.Pods, plan.Nodes) : plan.Pods;
            var (pause, collections) = (GC.GetTotalPauseDuration(), GC.CollectionCount(0));
            var (rate, processor) = await MeasureAsync(cluster, $"run-{run++}", count, shape);
            pause = GC.GetTotalPauseDuration() - pause;
            Console.WriteLine($"{name,-44} {rate,9:N0} pods/s   {processor,5:N0} µs processor a pod   {cluster.ResidentBytes >> 20} MiB in use   "
                + $"{GC.CollectionCount(0) - collections} collections, {pause.TotalSeconds * rate / count:P1} paused");
        }
        if (plan.Wants("unschedulable"))
            await BesideUnschedulableAsync(cluster, plan.Pods);
    }

    private static Task AddNodesAsync(ApiClient client, int nodes) =>
        Parallel.ForEachAsync(Enumerable.Range(0, nodes), new ParallelOptions { MaxDegreeOfParallelism = Creators }, async (i, cancellation) =>
        {
            var node = await client.For<Objects.Core.V1.Node>().CreateAsync(Workloads.Node(i), null, cancellation);
            node.Status = Workloads.Node(i).Status;
            // The admission of nodes that are not known to be ready yet, and nobody's controllers take it away here.
            if (node.Spec.Taints is { Count: > 0 })
            {
                node.Spec.Taints = null;
                node = await client.For<Objects.Core.V1.Node>().UpdateAsync(node, null, cancellation);
                node.Status = Workloads.Node(i).Status;
            }
            await client.For<Objects.Core.V1.Node>().UpdateStatusAsync(node, null, cancellation);
        });

    private static async Task BesideUnschedulableAsync(IMeasuredCluster cluster, int pods)
    {
        var before = await MeasureAsync(cluster, "before", pods, (_, _) => { });
        await MeasureAsync(cluster, "huge", Unschedulable, (_, _) => { }, fits: false);
        // Their events are written after their conditions, one by one, and are not what is measured.
        await EventsSettledAsync(cluster.Client);
        var beside = await MeasureAsync(cluster, "beside", pods, (_, _) => { });
        Console.WriteLine($"{"plain, then beside 10,000 unschedulable",-44} {before.Rate,9:N0} {beside.Rate:N0} pods/s ({beside.Rate / before.Rate:P0})   "
            + $"{before.Processor:N0} {beside.Processor:N0} µs processor a pod ({beside.Processor / before.Processor:P0})");
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

    /// <returns>Pods a second, and microseconds of processor time a pod.</returns>
    private static async Task<(double Rate, double Processor)> MeasureAsync(
        IMeasuredCluster cluster, string prefix, int pods, Action<Pod, int> shape, bool fits = true)
    {
        var client = cluster.Client;
        var calls = Enumerable.Range(0, pods).Select(i => CreationOf(prefix, i, shape, fits ? "100m" : "1000")).ToArray();
        // Bound pods come into this watch when they are bound; those that do not fit are seen when they are made and when they are told so.
        var query = new ListQuery { LabelSelector = "run=" + prefix, FieldSelector = fits ? "spec.nodeName!=" : null };
        var since = await client.For<Pod>().ListAsync("default", query);
        var path = KindClient<Pod>.PathOf("default") + $"?watch=true&resourceVersion={since.Metadata.ResourceVersion}&labelSelector=run%3D{prefix}"
            + (fits ? "&fieldSelector=spec.nodeName%21%3D" : "");
        using var watch = await client.OpenAsync(new ApiCall(HttpMethod.Get, path), CancellationToken.None);
        var seen = SeenAsync(await watch.Content.ReadAsStreamAsync(), fits ? pods : 2 * pods);
        var (time, spent) = (Stopwatch.StartNew(), cluster.CpuTime);
        await Parallel.ForEachAsync(calls, new ParallelOptions { MaxDegreeOfParallelism = Creators }, async (call, cancellation) =>
            await client.SendAsync(call, cancellation));
        await seen;
        return (pods / time.Elapsed.TotalSeconds, (cluster.CpuTime - spent).TotalMicroseconds / pods);
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
