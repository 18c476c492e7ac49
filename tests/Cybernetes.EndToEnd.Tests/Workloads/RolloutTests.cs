using System.Collections.Concurrent;
using Cybernetes.EndToEnd.Tests.Harness;

namespace Cybernetes.EndToEnd.Tests.Workloads;

/// <summary>What a user of a service notices of a rollout: nothing.</summary>
[Collection(ClusterFixture.Name)]
public sealed class RolloutTests(ClusterFixture cluster)
{
    private const int Clients = 4;

    [ClusterFact]
    public async Task SetImage_UnderRequests_LosesNone()
    {
        var kubectl = cluster.Kubectl().In(await cluster.CreateNamespaceAsync());
        await kubectl.OkWithInputAsync(await SampleAsync(), "apply", "-f", "-");
        await kubectl.OkAsync("rollout", "status", "deployment/kuard", "--timeout=180s");
        var service = await kubectl.GetAsync("service", "kuard");
        var url = new Uri($"http://127.0.0.1:{service["spec"]!["ports"]![0]!["nodePort"]}/version");

        var seen = new ConcurrentBag<string>();
        using var done = new CancellationTokenSource();
        var clients = Enumerable.Range(0, Clients).Select(number => RequestAsync(url, keepAlive: number % 2 == 0, seen, done.Token)).ToArray();
        await Until.TrueAsync("requests are answered", TimeSpan.FromSeconds(60), () => seen.Count > 20);
        await kubectl.OkAsync("set", "image", "deployment/kuard", "kuard=kuard:2");
        await kubectl.OkAsync("rollout", "status", "deployment/kuard", "--timeout=180s");
        var rolled = seen.Count;
        await Until.TrueAsync("requests are answered after the rollout", TimeSpan.FromSeconds(60), () => seen.Count > rolled + 20);
        await done.CancelAsync();
        await Task.WhenAll(clients);

        Assert.Equal(["1\n", "2\n"], seen.Distinct().Order());
        var pods = await kubectl.GetAsync("pods", "--field-selector=status.phase=Running");
        Assert.All(
            pods["items"]!.AsArray().Where(pod => pod!["metadata"]!["deletionTimestamp"] is null),
            pod => Assert.Equal("kuard:2", pod!["spec"]!["containers"]![0]!["image"]!.GetValue<string>()));
    }

    // Gathers what was answered; a request that fails is gathered as its error.
    private async Task RequestAsync(Uri url, bool keepAlive, ConcurrentBag<string> seen, CancellationToken done)
    {
        using var http = cluster.Node.CreateHttpClient();
        http.DefaultRequestHeaders.ConnectionClose = !keepAlive;
        while (!done.IsCancellationRequested)
        {
            try
            {
                using var answer = await http.GetAsync(url, CancellationToken.None);
                seen.Add(answer.IsSuccessStatusCode ? await answer.Content.ReadAsStringAsync(CancellationToken.None) : answer.StatusCode.ToString());
            }
            catch (HttpRequestException failure)
            {
                seen.Add(failure.Message);
            }
            await Task.Delay(TimeSpan.FromMilliseconds(5), TimeProvider.System, CancellationToken.None);
        }
    }

    // With a node port of the server's choice: the cluster is shared.
    private static async Task<string> SampleAsync()
    {
        var lines = await File.ReadAllLinesAsync(Path.Combine(Machine.Repository, "deploy/sample.yaml"));
        return string.Join('\n', lines.Where(line => !line.Contains("nodePort: ", StringComparison.Ordinal)));
    }
}
