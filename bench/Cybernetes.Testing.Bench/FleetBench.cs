using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Cybernetes.Client.Kubeconfig;
using Cybernetes.Client.Transport;
using Cybernetes.Objects;
using Cybernetes.Objects.Coordination.V1;
using Cybernetes.Objects.Core.V1;
using NodeObject = Cybernetes.Objects.Core.V1.Node;

namespace Cybernetes.Testing.Bench;

/// <summary>A fleet of simulated nodes in a process of its own, against <c>cyb apiserver</c> in another, over HTTPS.</summary>
internal static class FleetBench
{
    private const int Creators = 48;
    private static readonly TimeSpan s_look = TimeSpan.FromMilliseconds(250);

    public static async Task RunAsync(string cyb, int nodes, int pods, int idleSeconds)
    {
        var directory = Directory.CreateTempSubdirectory("cyb-fleet-bench-").FullName;
        var (kubeconfig, port) = (Path.Combine(directory, "admin.conf"), FreePort());
        using var server = Begin(
            cyb, "apiserver", "--data-dir", directory, "--secure-port", port.ToString(CultureInfo.InvariantCulture), "--bind-address", "127.0.0.1",
            "--disable-admission-plugins", "ServiceAccount,TaintNodesByCondition");
        Process? fleet = null;
        try
        {
            while (!File.Exists(kubeconfig))
                await Task.Delay(s_look, TimeProvider.System);
            using var client = ApiClient.Connect(KubeconfigFile.Load(kubeconfig).Resolve());
            while (!await IsReadyAsync(client))
                await Task.Delay(s_look, TimeProvider.System);
            var watch = Stopwatch.StartNew();
            fleet = Begin(cyb, "simulate", "--kubeconfig", kubeconfig, "--config", await FleetFileAsync(directory, nodes, pods));
            while (await ReadyNodesAsync(client) < nodes)
                await Task.Delay(s_look, TimeProvider.System);
            Console.WriteLine($"{nodes:N0} nodes registered and Ready after {watch.Elapsed.TotalSeconds:N1} s (wanted: within 30)");
            watch.Restart();
            await CreatePodsAsync(client, nodes, pods);
            Console.WriteLine($"{pods:N0} pods created after {watch.Elapsed.TotalSeconds:N0} s");
            while (await CountAsync(client, "status.phase=Running") < pods)
                await Task.Delay(s_look * 4, TimeProvider.System);
            Console.WriteLine($"{pods:N0} pods Running after {watch.Elapsed.TotalSeconds:N0} s");
            await IdleAsync(client, server, fleet, idleSeconds, nodes);
        }
        finally
        {
            await EndAsync(fleet);
            await EndAsync(server);
            Directory.Delete(directory, recursive: true);
        }
    }

    private static async Task IdleAsync(ApiClient client, Process server, Process fleet, int seconds, int nodes)
    {
        // What was due right after the last pod is done first.
        await Task.Delay(TimeSpan.FromSeconds(10), TimeProvider.System);
        var (before, serverBefore, fleetBefore) = (TimeProvider.System.GetTimestamp(), Cpu(server), Cpu(fleet));
        await Task.Delay(TimeSpan.FromSeconds(seconds), TimeProvider.System);
        var elapsed = TimeProvider.System.GetElapsedTime(before);
        var (ofServer, ofFleet) = ((Cpu(server) - serverBefore) / elapsed, (Cpu(fleet) - fleetBefore) / elapsed);
        var now = TimeProvider.System.GetUtcNow();
        var leases = (await client.For<Lease>().ListAllAsync("kube-node-lease", null, default)).Items;
        var oldest = leases.Max(l => now - l.Spec.RenewTime!.Value);
        Console.WriteLine($"idle: server {ofServer:N2} cores, fleet {ofFleet:N2}, together {ofServer + ofFleet:N2} (wanted: under one)");
        Console.WriteLine($"heartbeats: {leases.Count:N0} of {nodes:N0}, the oldest {oldest.TotalSeconds:N1} s ago (due every 10, lost after 50)");
        server.Refresh();
        fleet.Refresh();
        Console.WriteLine($"memory: server {server.WorkingSet64 >> 20:N0} MiB, fleet {fleet.WorkingSet64 >> 20:N0} MiB");
    }

    private static TimeSpan Cpu(Process process)
    {
        process.Refresh();
        return process.TotalProcessorTime;
    }

    private static Task CreatePodsAsync(ApiClient client, int nodes, int pods) =>
        Parallel.ForEachAsync(Enumerable.Range(0, pods), new ParallelOptions { MaxDegreeOfParallelism = Creators }, async (i, cancellation) =>
        {
            var pod = new Pod { Metadata = { Name = $"pod-{i}", Namespace = "default" } };
            pod.Spec.NodeName = $"sim-{i % nodes}";
            var asks = new Dictionary<string, Quantity> { ["cpu"] = Quantity.Parse("100m") };
            pod.Spec.Containers = [new() { Name = "main", Image = "registry.k8s.io/pause:3.10", Resources = { Requests = asks } }];
            await client.For<Pod>().CreateAsync(pod, null, cancellation);
        });

    private static async Task<string> FleetFileAsync(string directory, int nodes, int pods)
    {
        var path = Path.Combine(directory, "fleet.yaml");
        await File.WriteAllTextAsync(path, $$"""
            nodes:
            - count: {{nodes}}
              zones: [a, b, c]
              capacity: {cpu: "64", memory: 256Gi, pods: "{{Math.Max(110, (pods / nodes) + 1)}}" }
            """);
        return path;
    }

    private static async Task<int> ReadyNodesAsync(ApiClient client) =>
        (await client.For<NodeObject>().ListAllAsync(null)).Items.Count(n => n.Status.Conditions.OrEmpty().Any(c => c is { Type: "Ready", Status: "True" }));

    private static async Task<long> CountAsync(ApiClient client, string fields)
    {
        var page = await client.For<Pod>().ListAsync(null, new() { FieldSelector = fields, Limit = 1 });
        // With a selector a server does not say how many are left; then the pages are counted.
        if (page.Metadata.RemainingItemCount is { } rest)
            return page.Items.Count + rest;
        return (await client.For<Pod>().ListAllAsync(null, new() { FieldSelector = fields })).Items.Count;
    }

    private static async Task<bool> IsReadyAsync(ApiClient client)
    {
        try
        {
            await client.SendAsync(new ApiCall(HttpMethod.Get, "/readyz") { Accept = "*/*" });
            return true;
        }
        catch (Exception notYet) when (notYet is HttpRequestException or ApiStatusException)
        {
            return false;
        }
    }

    private static int FreePort()
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return ((IPEndPoint)socket.LocalEndPoint!).Port;
    }

    private static Process Begin(string program, params string[] arguments) =>
        Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardError = false })
        ?? throw new InvalidOperationException($"cannot start {program}");

    private static async Task EndAsync(Process? process)
    {
        if (process is null)
            return;
        if (!process.HasExited)
            process.Kill(entireProcessTree: true);
        await process.WaitForExitAsync();
        process.Dispose();
    }
}
