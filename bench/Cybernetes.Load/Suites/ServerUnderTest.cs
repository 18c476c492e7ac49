using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using Cybernetes.Client.Kubeconfig;
using Cybernetes.Load.Connections;
using Cybernetes.Load.Driving;

namespace Cybernetes.Load.Suites;

/// <summary>An API server that the suite starts and ends, with all it needs, in a folder of its own.</summary>
internal abstract partial class ServerUnderTest(string folder) : IDisposable
{
    private const int Terminate = 15;
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(120);

    private readonly List<Process> _processes = [];

    public abstract string Name { get; }

    public IReadOnlyList<int> ProcessIds => [.. _processes.Select(p => p.Id)];

    /// <summary>Where to reach it; there once it was started.</summary>
    public Endpoint Endpoint => Endpoint.Of(KubeconfigFile.Load(KubeconfigPath).Resolve(), http2: false);

    protected string Folder { get; } = folder;

    protected abstract string KubeconfigPath { get; }

    /// <summary>Removes what it has stored: the next start is a first one.</summary>
    public void Wipe()
    {
        Stop();
        if (Directory.Exists(Folder))
            Directory.Delete(Folder, recursive: true);
        Directory.CreateDirectory(Folder);
    }

    /// <returns>How long it took until /readyz said so.</returns>
    /// <exception cref="IOException">It ended instead, or did not come up.</exception>
    public TimeSpan Start()
    {
        var start = Stopwatch.GetTimestamp();
        Launch();
        while (!IsReady())
        {
            if (_processes.Find(p => p.HasExited) is { } ended)
                throw new IOException($"{Name}: {ended.StartInfo.FileName} ended with {ended.ExitCode}; its log:\n{LogsEnd()}");
            if (Stopwatch.GetElapsedTime(start) > s_patience)
                throw new IOException($"{Name} is not ready after {s_patience.TotalSeconds} s; its log:\n{LogsEnd()}");
            Pause(TimeSpan.FromMilliseconds(5));
        }
        return Stopwatch.GetElapsedTime(start);
    }

    /// <summary>Ends its processes in the reverse order, first by asking.</summary>
    public void Stop()
    {
        for (var i = _processes.Count - 1; i >= 0; i--)
        {
            var process = _processes[i];
            if (!process.HasExited && (OperatingSystem.IsWindows() || kill(process.Id, Terminate) != 0 || !process.WaitForExit(TimeSpan.FromSeconds(30))))
                process.Kill(entireProcessTree: true);
            process.WaitForExit();
            process.Dispose();
        }
        _processes.Clear();
    }

    public void Dispose() => Stop();

    public static void Pause(TimeSpan time) => Task.Delay(time, TimeProvider.System).GetAwaiter().GetResult();

    protected abstract void Launch();

    protected void Launch(string program, params string[] arguments)
    {
        // A shell puts the output into a file and then becomes the program: the process is the program's own.
        var log = Path.Combine(Folder, Path.GetFileName(program) + ".log");
        var start = new ProcessStartInfo("/bin/sh", ["-c", "log=$1; shift; exec \"$@\" >>\"$log\" 2>&1 </dev/null", "sh", log, program, .. arguments]);
        _processes.Add(Process.Start(start)!);
    }

    protected static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    private bool IsReady()
    {
        try
        {
            if (!File.Exists(KubeconfigPath))
                return false;
            using var driver = new Driver(Endpoint);
            return driver.Call(new("GET", "/readyz")).Status == 200;
        }
        catch (Exception failure) when (failure is IOException or KubeconfigException)
        {
            return false; // not listening yet: asked again
        }
    }

    private string LogsEnd() => string.Join('\n', Directory.GetFiles(Folder, "*.log").SelectMany(f => File.ReadLines(f).TakeLast(10)));

    [LibraryImport("libc")]
    private static partial int kill(int process, int signal);
}
