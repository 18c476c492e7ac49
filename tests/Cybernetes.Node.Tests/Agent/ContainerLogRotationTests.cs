using System.IO.Compression;
using Cybernetes.Foundation;
using Cybernetes.Node.Agent;
using Cybernetes.Node.Pods;
using Cybernetes.Node.Runtime;
using Cybernetes.Node.Simulated;
using Microsoft.Extensions.Logging.Abstractions;

namespace Cybernetes.Node.Tests.Agent;

public sealed class ContainerLogRotationTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("rotate").FullName;
    private readonly VirtualTimeProvider _time = new();
    private string? _refused;
    private ContainerInstance? _container;

    private string Log => Path.Combine(_directory, "main/0.log");

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public async Task Rotate_SmallLog_IsLeftAlone()
    {
        var rotation = await StartAsync();
        File.WriteAllText(Log, "short");

        await rotation.LookAtAsync(_container!, CancellationToken.None);

        Assert.Equal(["0.log"], Names());
    }

    [Fact]
    public async Task Rotate_FullLog_IsPutAsideAndReopened()
    {
        var rotation = await StartAsync();
        File.WriteAllText(Log, "0123456789");

        await rotation.LookAtAsync(_container!, CancellationToken.None);

        Assert.Equal(["0.log", "0.log.20260101-000000"], Names());
        Assert.Equal("", File.ReadAllText(Log));
        Assert.Equal("0123456789", File.ReadAllText(Log + ".20260101-000000"));
    }

    [Fact]
    public async Task Rotate_AgainAndAgain_CompressesOlderAndKeepsSoMany()
    {
        var rotation = await StartAsync();
        for (var i = 0; i < 6; i++)
        {
            File.WriteAllText(Log, $"content number {i}");
            await rotation.LookAtAsync(_container!, CancellationToken.None);
            _time.Advance(TimeSpan.FromSeconds(1));
        }

        string[] expected = ["0.log", "0.log.20260101-000003.gz", "0.log.20260101-000004.gz", "0.log.20260101-000005"];
        Assert.Equal(expected, Names());
        using var reader = new StreamReader(new GZipStream(File.OpenRead(Log + ".20260101-000004.gz"), CompressionMode.Decompress));
        Assert.Equal("content number 4", await reader.ReadToEndAsync(TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Rotate_RuntimeRefuses_PutsTheLogBack()
    {
        var rotation = await StartAsync();
        File.WriteAllText(Log, "0123456789");
        File.WriteAllText(Log + ".20250101-000000.gz.tmp", "half");
        _refused = "ReopenContainerLog";

        await Assert.ThrowsAsync<RuntimeCallException>(() => rotation.LookAtAsync(_container!, CancellationToken.None));

        Assert.Equal(["0.log"], Names());
        Assert.Equal("0123456789", File.ReadAllText(Log));
    }

    private IEnumerable<string?> Names() =>
        Directory.GetFiles(Path.GetDirectoryName(Log)!).Select(Path.GetFileName).Order(StringComparer.Ordinal);

    private async Task<ContainerLogRotation> StartAsync()
    {
        var options = new SimulatedRuntimeOptions
        {
            WritesLogs = true,
            Fault = method => method == _refused ? new RuntimeCallException(RuntimeStatusCode.Unknown, "refused") : null,
        };
        var runtime = new SimulatedRuntime(options, _time);
        var config = SimulatedPods.SandboxConfig("u");
        config.LogDirectory = _directory;
        var id = (await SimulatedPods.RunAsync(runtime, "u", config)).Container;
        _container = new ContainerInstance(
            id, "main", "", InstanceState.Running, default, default, default, 0, "", "", 0, "", "", "", Log);

        // The workers are only asked which containers there are; here the test says it.
        return new ContainerLogRotation(runtime, workers: null!, maxBytes: 10, maxFiles: 4, _time, NullLogger.Instance);
    }
}
