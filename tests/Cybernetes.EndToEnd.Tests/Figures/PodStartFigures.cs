using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using Cybernetes.EndToEnd.Tests.Harness;
using Cybernetes.Node.Runtime;
using Cybernetes.Node.Runtime.Cri;

namespace Cybernetes.EndToEnd.Tests.Figures;

/// <summary>
/// A pod from its creation to Running, beside the bare calls to the runtime in the same run: <c>./dev bench figures</c>. The cluster has
/// started some pods before it is measured: the figure is of a server at work, not of its first seconds.
/// </summary>
public sealed class PodStartFigures(ITestOutputHelper output)
{
    private const int WarmUps = 10;
    private const int Singles = 9;
    private const int AtOnce = 20;
    private const int Rounds = 3;
    private const string Image = "docker.io/library/busybox:1.35";

    [ClusterFact(Explicit = true)]
    public async Task Pods_BesideBareRuntimeCalls_TimeToRunning()
    {
        var cluster = await ClusterFixture.CreateAsync();
        await using var _ = cluster;
        for (var i = 0; i < WarmUps; i++)
            await CreateAndWatchAsync(cluster, $"warm{i}", 1);
        var cpu = await CpuTimeAsync(cluster.Server.ProcessId);
        var singles = await RepeatAsync(Singles, i => CreateAndWatchAsync(cluster, $"single{i}", 1));
        var cpuOfSingles = await CpuTimeAsync(cluster.Server.ProcessId) - cpu;
        var rounds = await RepeatAsync(Rounds, i => CreateAndWatchAsync(cluster, $"many{i}", AtOnce));
        var cpuOfRounds = await CpuTimeAsync(cluster.Server.ProcessId) - cpu - cpuOfSingles;

        // Without the server nobody looks after what we start by hand.
        await cluster.Server.StopAsync();
        using var runtime = new CriRuntime(cluster.Containerd.Endpoint, TimeProvider.System);
        await RepeatAsync(WarmUps, i => StartBareAsync(runtime, $"warm{i}", 1));
        var bareSingles = await RepeatAsync(Singles, i => StartBareAsync(runtime, $"single{i}", 1));
        var bareRounds = await RepeatAsync(Rounds, i => StartBareAsync(runtime, $"many{i}", AtOnce));

        output.WriteLine($"one pod, create to Running in a watch: {Told(singles)}; bare calls {Told(bareSingles)}");
        output.WriteLine($"{AtOnce} pods at once: {Told(rounds)}; bare calls {Told(bareRounds)}; "
            + $"ratio of medians {Median(rounds) / Median(bareRounds):0.00}, of minima {rounds.Min() / bareRounds.Min():0.00}");
        output.WriteLine($"the server's processor time a pod: {cpuOfSingles / Singles:0} ms alone, "
            + $"{cpuOfRounds / (Rounds * AtOnce):0} ms of {AtOnce}");
    }

    private static async Task<List<double>> RepeatAsync(int times, Func<int, Task<double>> measure)
    {
        var taken = new List<double>();
        for (var i = 0; i < times; i++)
            taken.Add(await measure(i));
        return taken;
    }

    private static string Told(List<double> milliseconds) => $"median {Median(milliseconds):0} ms (least {milliseconds.Min():0} ms)";

    // Milliseconds in user and kernel mode since the process began: fields 14 and 15 of proc(5)'s stat, in ticks of 10 ms.
    private static async Task<double> CpuTimeAsync(int processId)
    {
        var stat = await File.ReadAllTextAsync($"/proc/{processId}/stat");
        var fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
        return (long.Parse(fields[11], CultureInfo.InvariantCulture) + long.Parse(fields[12], CultureInfo.InvariantCulture)) * 10.0;
    }

    private static double Median(List<double> values) => values.Order().ElementAt(values.Count / 2);

    // Milliseconds from the first POST until the watch has shown all of them Running.
    private static async Task<double> CreateAndWatchAsync(ClusterFixture cluster, string name, int count)
    {
        var http = cluster.Server.Http;
        var watchUrl = $"api/v1/namespaces/default/pods?watch=true&labelSelector=batch%3D{name}";
        using var watch = await http.GetAsync(watchUrl, HttpCompletionOption.ResponseHeadersRead);
        using var reader = new StreamReader(await watch.Content.ReadAsStreamAsync());
        var start = TimeProvider.System.GetTimestamp();
        var posts = Enumerable.Range(0, count).Select(i => PostAsync(http, name, i)).ToArray();
        var running = new HashSet<string>();
        while (running.Count < count)
        {
            var line = await reader.ReadLineAsync() ?? throw new HarnessException("the watch ended" + cluster.Server.LogTail());
            var pod = JsonNode.Parse(line)!["object"]!;
            if (pod["status"]?["phase"]?.GetValue<string>() == "Running")
                running.Add(pod["metadata"]!["name"]!.GetValue<string>());
        }
        var elapsed = TimeProvider.System.GetElapsedTime(start).TotalMilliseconds;
        await Task.WhenAll(posts);
        return elapsed;
    }

    private static async Task PostAsync(HttpClient http, string batch, int number)
    {
        var container = $$"""{"name": "main", "image": "{{Image}}", "command": ["sleep", "3600"]}""";
        var metadata = $$"""{"name": "{{batch}}-{{number}}", "labels": {"batch": "{{batch}}"} }""";
        var spec = $$"""{"terminationGracePeriodSeconds": 0, "automountServiceAccountToken": false, "containers": [{{container}}]}""";
        var body = $$"""{"apiVersion": "v1", "kind": "Pod", "metadata": {{metadata}}, "spec": {{spec}} }""";
        using var content = new StringContent(body, Encoding.UTF8, "application/json");
        using var answer = await http.PostAsync("api/v1/namespaces/default/pods", content);
        if (!answer.IsSuccessStatusCode)
            throw new HarnessException(await answer.Content.ReadAsStringAsync());
    }

    private static async Task<double> StartBareAsync(CriRuntime runtime, string name, int count)
    {
        var start = TimeProvider.System.GetTimestamp();
        await Task.WhenAll(Enumerable.Range(0, count).Select(i => StartOneBareAsync(runtime, $"{name}-{i}")));
        return TimeProvider.System.GetElapsedTime(start).TotalMilliseconds;
    }

    // The three calls that no node agent can do without.
    private static async Task StartOneBareAsync(CriRuntime runtime, string name)
    {
        var sandbox = new PodSandboxConfig
        {
            Metadata = new PodSandboxMetadata { Name = name, Uid = "bare-" + name, Namespace = "bare" },
            Hostname = name,
            LogDirectory = "/tmp/bare-" + name,
            Linux = new LinuxPodSandboxConfig(),
        };
        var container = new ContainerConfig
        {
            Metadata = new ContainerMetadata { Name = "main" },
            Image = new ImageSpec { Image = Image },
            Command = { "sleep", "3600" },
            LogPath = "main.log",
            Linux = new LinuxContainerConfig(),
        };
        var sandboxId = await runtime.RunPodSandboxAsync(sandbox, "", CancellationToken.None);
        var containerId = await runtime.CreateContainerAsync(sandboxId, container, sandbox, CancellationToken.None);
        await runtime.StartContainerAsync(containerId, CancellationToken.None);
    }
}
