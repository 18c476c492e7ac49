using System.Net;
using System.Net.Sockets;

namespace Cybernetes.EndToEnd.Tests.Harness;

/// <summary>How a <see cref="CybServer"/> is started.</summary>
internal sealed record CybServerOptions
{
    /// <summary>The node it runs on; null: on the test's own machine, on a free loopback port. Then it can run no pods.</summary>
    public NodeSpace? Node { get; init; }

    /// <summary>The runtime of its pods; null disables the parts <c>node</c> and <c>proxy</c>.</summary>
    public Containerd? Runtime { get; init; }

    /// <summary>Further arguments.</summary>
    public IReadOnlyList<string> Arguments { get; init; } = [];
}

/// <summary>
/// A <c>cyb server</c> process: started, killed or stopped, and started again on the same data. Disposing ends it and, when it
/// runs on no node, deletes its data.
/// </summary>
internal sealed class CybServer : IAsyncDisposable
{
    private static readonly TimeSpan ReadyLimit = TimeSpan.FromSeconds(120);

    private readonly CybServerOptions _options;
    private readonly string _folder;
    private readonly string _port;
    private BackgroundProcess? _process;
    private HttpClient? _http;

    private CybServer(CybServerOptions options, string folder, string port)
    {
        _options = options;
        _folder = folder;
        _port = port;
    }

    public string KubeconfigFile => _folder + "/kubeconfig";

    public string DataDirectory => _folder + "/data";

    public string LogFile => _folder + "/server.log";

    /// <summary>How long the last start took, from exec to an ok of /readyz.</summary>
    public TimeSpan LastStart { get; private set; }

    public int ProcessId => Running.ProcessId;

    /// <summary>Requests to the API as the cluster's admin; paths are relative to its root.</summary>
    public HttpClient Http => _http ??= Kubeconfig.Read(KubeconfigFile).CreateClient(_options.Node);

    private BackgroundProcess Running => _process ?? throw new HarnessException("the server is not started");

    /// <summary>Starts a server on empty data and waits until /readyz says ok.</summary>
    public static async Task<CybServer> StartAsync(CybServerOptions options)
    {
        await Machine.PrepareAsync();
        var folder = options.Node is { } node ? node.Folder + "/s" : Machine.CreateScratch("s");
        Directory.CreateDirectory(folder);
        var server = new CybServer(options, folder, options.Node is null ? FreePort().ToString() : "6443");
        try
        {
            await server.StartAgainAsync();
            return server;
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
    }

    /// <summary>Starts the process, after <see cref="KillAsync"/> or <see cref="StopAsync"/>, and waits until /readyz says ok.</summary>
    public async Task StartAgainAsync()
    {
        var start = TimeProvider.System.GetTimestamp();
        await StartProcessAsync();
        await Until.TrueAsync("the server is ready", ReadyLimit, IsReadyAsync, LogTail);
        LastStart = TimeProvider.System.GetElapsedTime(start);
    }

    /// <summary>Starts the process and kills it after some time, ready or not.</summary>
    public async Task KillWhileStartingAsync(TimeSpan after)
    {
        await StartProcessAsync();
        await Task.Delay(after, TimeProvider.System);
        await KillAsync();
    }

    /// <summary>kill -9.</summary>
    public Task KillAsync() => Running.KillAsync();

    /// <summary>SIGTERM.</summary>
    public Task StopAsync() => Running.TerminateAsync();

    public string LogTail() => Logs.Tail(LogFile);

    /// <summary>kubectl of this version, such as 1.36, against this server.</summary>
    public Kubectl Kubectl(string version) =>
        new(Machine.Kubectl(version), KubeconfigFile, Path.Combine(_folder, "home-" + version), _options.Node, LogTail);

    public async ValueTask DisposeAsync()
    {
        _http?.Dispose();
        if (_process is not null)
            await _process.DisposeAsync();
        if (_options.Node is null)
            Machine.DeleteScratch(_folder);
    }

    private async Task StartProcessAsync()
    {
        if (_process is not null)
            await _process.DisposeAsync();
        // Running as the build machine's root has no home of its own to fall back to.
        var environment = new Dictionary<string, string> { ["HOME"] = _folder };
        _process = BackgroundProcess.Start(_options.Node, LogFile, Machine.Program, Arguments(), environment);
    }

    private List<string> Arguments()
    {
        List<string> arguments = ["server", "--data-dir", DataDirectory, "--write-kubeconfig", KubeconfigFile, "--secure-port", _port];
        if (_options.Node is { } node)
            arguments.AddRange("--node-name", node.Name);
        else
            arguments.AddRange("--bind-address", "127.0.0.1");
        if (_options.Runtime is { } runtime)
            arguments.AddRange("--container-runtime-endpoint", runtime.Endpoint, "--cni-conf-dir", runtime.NetworkConfigurationFolder);
        else
            arguments.AddRange("--disable", "node,proxy");
        arguments.AddRange(_options.Arguments);
        return arguments;
    }

    private async Task<bool> IsReadyAsync()
    {
        if (Running.HasEnded)
            throw new HarnessException("the server has ended" + LogTail());
        if (!File.Exists(KubeconfigFile))
            return false;
        try
        {
            return await Http.GetStringAsync("readyz") == "ok";
        }
        catch (Exception notYet) when (notYet is HttpRequestException or IOException)
        {
            return false;
        }
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
