using System.Text;
using System.Text.Json.Nodes;
using Cybernetes.EndToEnd.Tests.Harness;
using Cybernetes.Node.Runtime;
using Cybernetes.Node.Runtime.Cri;

namespace Cybernetes.EndToEnd.Tests.Figures;

/// <summary>A pod from its creation to Running, beside the bare calls to the runtime in the same run: <c>./dev bench figures</c>.</summary>
public sealed class PodStartFigures(ITestOutputHelper output)
{
    private const int Singles = 8;
    private const int AtOnce = 20;
    private const string Image = "docker.io/library/busybox:1.35";

    [ClusterFact(Explicit = true)]
    public async Task Pods_BesideBareRuntimeCalls_TimeToRunning()
    {
        var cluster = await ClusterFixture.CreateAsync();
        await using var _ = cluster;
        await CreateAndWatchAsync(cluster, "warm", 1);
        var singles = new List<double>();
        for (var i = 0; i < Singles; i++)
            singles.Add(await CreateAndWatchAsync(cluster, $"single{i}", 1));
        var many = await CreateAndWatchAsync(cluster, "many", AtOnce);

        // Without the server nobody looks after what we start by hand.
        await cluster.Server.StopAsync();
        using var runtime = new CriRuntime(cluster.Containerd.Endpoint, TimeProvider.System);
        await StartBareAsync(runtime, "warm", 1);
        var bareSingles = new List<double>();
        for (var i = 0; i < Singles; i++)
            bareSingles.Add(await StartBareAsync(runtime, $"single{i}", 1));
        var bareMany = await StartBareAsync(runtime, "many", AtOnce);

        output.WriteLine($"one pod, create to Running in a watch: median {Median(singles):0} ms; bare calls {Median(bareSingles):0} ms");
        output.WriteLine($"{AtOnce} pods at once: {many:0} ms; bare calls {bareMany:0} ms; ratio {many / bareMany:0.00}");
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
