using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using Cybernetes.EndToEnd.Tests.Harness;

namespace Cybernetes.EndToEnd.Tests.Platform;

/// <summary>A node with containerd and all images.</summary>
public sealed class ImagesFixture : IAsyncLifetime
{
    internal NodeSpace? Node { get; private set; }

    internal Containerd? Containerd { get; private set; }

    public async ValueTask InitializeAsync()
    {
        if (!Machine.CanRunNodes)
            return;
        await Machine.PrepareAsync();
        Node = await NodeSpace.CreateAsync("images");
        Containerd = await Containerd.StartAsync(Node, "pause", "busybox", "kuard");
    }

    public async ValueTask DisposeAsync()
    {
        if (Node is not null)
            await Node.DisposeAsync();
    }
}

/// <summary>The images of tools/images in a real containerd, and the sample app's manners.</summary>
public sealed class SampleImageTests(ImagesFixture fixture) : IClassFixture<ImagesFixture>, IDisposable
{
    private readonly HttpClient _http = fixture.Node?.CreateHttpClient() ?? new HttpClient();

    private Containerd Runtime => fixture.Containerd!;

    public void Dispose() => _http.Dispose();

    [ClusterFact]
    public async Task Pause_Terminated_Leaves()
    {
        (await Runtime.ControlAsync("run", "--detach", "registry.k8s.io/pause:3.9", "p")).EnsureSuccess();

        (await Runtime.ControlAsync("tasks", "kill", "--signal", "SIGTERM", "p")).EnsureSuccess();

        await Until.TrueAsync("pause has left", TimeSpan.FromSeconds(60), async () => await StateAsync("p") == "STOPPED", Runtime.LogTail);
    }

    [ClusterFact]
    public async Task Busybox_Run_HasItsApplets()
    {
        var result = await Runtime.ControlAsync("run", "--rm", "docker.io/library/busybox:latest", "b", "sh", "-c", "echo hello | tr a-z A-Z");

        Assert.Equal("HELLO\n", result.EnsureSuccess());
    }

    [ClusterFact]
    public async Task Kuard_Switched_FailsItsProbesAsTold()
    {
        await StartKuardAsync("kuard:2", "k2", 8082);

        var page = await _http.GetStringAsync("/");
        var told = await _http.PutAsync("/ready/api", new StringContent("""{"failNext": 1}""", Encoding.UTF8, "application/json"));
        HttpStatusCode[] answers = [(await _http.GetAsync("/ready")).StatusCode, (await _http.GetAsync("/ready")).StatusCode];
        var bad = await _http.PutAsync("/healthy/api", new StringContent("nonsense"));
        var request = JsonNode.Parse(await _http.GetStringAsync("/request"))!;

        Assert.Contains("<title>kuard 2 on images</title>", page);
        Assert.Equal(HttpStatusCode.OK, told.StatusCode);
        Assert.Equal([HttpStatusCode.InternalServerError, HttpStatusCode.OK], answers);
        Assert.Equal(HttpStatusCode.BadRequest, bad.StatusCode);
        Assert.Equal("127.0.0.1:8082", request["headers"]!["Host"]!.GetValue<string>());
        Assert.Equal("2\n", await _http.GetStringAsync("/version"));
    }

    [ClusterFact]
    public async Task Kuard_Terminated_FinishesRequestsAndAnswersNewOnesForAWhile()
    {
        await StartKuardAsync("kuard:1", "k1", 8081);
        var slow = _http.GetStringAsync("/slow?seconds=5");
        await Until.TrueAsync("the request arrived", TimeSpan.FromSeconds(60), async () => (await _http.GetAsync("/version")).IsSuccessStatusCode);

        (await Runtime.ControlAsync("tasks", "kill", "--signal", "SIGTERM", "k1")).EnsureSuccess();
        var late = await _http.GetAsync("/version");

        Assert.Equal(HttpStatusCode.OK, late.StatusCode);
        Assert.Contains("took 5 s", await slow);
        await Until.TrueAsync("kuard has left", TimeSpan.FromSeconds(60), async () => await StateAsync("k1") == "STOPPED", Runtime.LogTail);
    }

    private async Task StartKuardAsync(string image, string container, int port)
    {
        string[] run = ["run", "--detach", "--net-host", "--env", $"PORT={port}", "docker.io/library/" + image, container];
        (await Runtime.ControlAsync(run)).EnsureSuccess(Runtime.LogTail);
        _http.BaseAddress = new Uri($"http://127.0.0.1:{port}");
        await Until.TrueAsync("kuard answers", TimeSpan.FromSeconds(60), AnswersAsync, Runtime.LogTail);
    }

    private async Task<bool> AnswersAsync()
    {
        try
        {
            return await _http.GetStringAsync("/healthy") == "ok\n";
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }

    private async Task<string?> StateAsync(string container) =>
        (await Runtime.ControlAsync("tasks", "ls")).EnsureSuccess().Split('\n')
            .Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries))
            .FirstOrDefault(words => words.Length == 3 && words[0] == container)?[2];
}
