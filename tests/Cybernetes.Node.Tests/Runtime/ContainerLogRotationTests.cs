using System.IO.Compression;
using Cybernetes.Foundation;
using Cybernetes.Node.Runtime;
using Cybernetes.Node.Simulated;
using Microsoft.Extensions.Logging.Abstractions;

namespace Cybernetes.Node.Tests.Runtime;

public sealed class ContainerLogRotationTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("rotate").FullName;
    private readonly VirtualTimeProvider _time = new();
    private string? _refused;

    private string Log => Path.Combine(_directory, "main/0.log");

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public async Task Rotate_SmallLog_IsLeftAlone()
    {
        var rotation = await StartAsync();
        File.WriteAllText(Log, "short");

        await rotation.RotateAllAsync(CancellationToken.None);

        Assert.Equal(["0.log"], Names());
    }

    [Fact]
    public async Task Rotate_FullLog_IsPutAsideAndReopened()
    {
        var rotation = await StartAsync();
        File.WriteAllText(Log, "0123456789");

        await rotation.RotateAllAsync(CancellationToken.None);

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
            await rotation.RotateAllAsync(CancellationToken.None);
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

        await rotation.RotateAllAsync(CancellationToken.None);

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
        await SimulatedPods.RunAsync(runtime, "u", config);
        return new ContainerLogRotation(
            runtime, new ContainerLogRotationOptions { MaxBytes = 10, MaxFiles = 4 }, _time, NullLogger.Instance);
    }
}
