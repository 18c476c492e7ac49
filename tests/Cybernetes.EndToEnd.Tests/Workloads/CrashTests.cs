using System.Collections.Concurrent;
using System.Text;
using Cybernetes.EndToEnd.Tests.Harness;

namespace Cybernetes.EndToEnd.Tests.Workloads;

/// <summary>kill -9 of the server while it works.</summary>
public sealed class CrashTests
{
    private const int Writers = 8;
    private const int WritesBeforeTheCrash = 400;

    [ClusterFact]
    public async Task Kill_UnderLoad_KeepsAcknowledgedWritesAndRunningContainers()
    {
        var cluster = await ClusterFixture.CreateAsync();
        await using var _ = cluster;
        var kubectl = cluster.Kubectl();
        await kubectl.OkAsync("create", "deployment", "web", "--image=kuard:1", "--replicas=2");
        await kubectl.OkAsync("rollout", "status", "deployment/web", "--timeout=180s");
        var containers = await ContainersAsync(kubectl);
        var tasks = await TasksAsync(cluster);

        var acknowledged = new ConcurrentDictionary<string, bool>();
        var writers = Enumerable.Range(0, Writers).Select(number => WriteUntilItFailsAsync(cluster.Server.Http, number, acknowledged)).ToArray();
        await Until.TrueAsync("many writes are acknowledged", TimeSpan.FromSeconds(60), () => acknowledged.Count >= WritesBeforeTheCrash);
        await cluster.Server.KillAsync();
        await Task.WhenAll(writers);
        await cluster.Server.StartAgainAsync();

        var there = (await kubectl.OkAsync("get", "configmaps", "-o", "name")).Split('\n').ToHashSet();
        Assert.DoesNotContain(acknowledged.Keys, name => !there.Contains("configmap/" + name));
        await kubectl.OkAsync("create", "deployment", "later", "--image=kuard:1");
        await kubectl.OkAsync("rollout", "status", "deployment/later", "--timeout=180s");
        Assert.Equal(containers, await ContainersAsync(kubectl));
        Assert.Subset((await TasksAsync(cluster)).ToHashSet(), tasks.ToHashSet());
    }

    private static async Task WriteUntilItFailsAsync(HttpClient http, int writer, ConcurrentDictionary<string, bool> acknowledged)
    {
        for (var number = 0; ; number++)
        {
            var name = $"load-{writer}-{number}";
            var body = $$"""{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "{{name}}"} }""";
            try
            {
                using var content = new StringContent(body, Encoding.UTF8, "application/json");
                using var answer = await http.PostAsync("api/v1/namespaces/default/configmaps", content);
                if (!answer.IsSuccessStatusCode)
                    return;
                acknowledged[name] = true;
            }
            catch (HttpRequestException)
            {
                return; // the crash
            }
        }
    }

    // Name, container id and restarts of the first deployment's pods.
    private static Task<string> ContainersAsync(Kubectl kubectl)
    {
        const string path = "{range .items[*]}{.metadata.name} {.status.containerStatuses[0].containerID} {.status.containerStatuses[0].restartCount}\n{end}";
        return kubectl.OkAsync("get", "pods", "-l", "app=web", "-o", "jsonpath=" + path);
    }

    private static async Task<string[]> TasksAsync(ClusterFixture cluster) =>
        (await cluster.Containerd.ControlAsync("tasks", "ls")).EnsureSuccess().Split('\n', StringSplitOptions.RemoveEmptyEntries);
}
