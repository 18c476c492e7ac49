using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Cybernetes.Store.Tests.Etcd;

/// <summary>One real etcd process. It can be killed, frozen, and started again on its data.</summary>
internal sealed partial class EtcdMember(string program, IReadOnlyList<string> arguments, Uri address) : IAsyncDisposable
{
    private const int Stop = 19;
    private const int Continue = 18;
    private readonly Queue<string> _lastLines = new();
    private Process? _process;

    public Uri Address { get; } = address;

    /// <summary>The network before its peers' port and before its clients' one; null where nothing is between.</summary>
    public (EtcdProxy Peers, EtcdProxy Clients)? Network { get; init; }

    public int ProcessId => _process!.Id;

    public bool IsRunning => _process is { HasExited: false };

    public void Start()
    {
        var start = new ProcessStartInfo(program) { RedirectStandardError = true, RedirectStandardOutput = true };
        foreach (var argument in arguments)
            start.ArgumentList.Add(argument);
        start.Environment["ETCD_UNSUPPORTED_ARCH"] = "arm64"; // Debian's 3.4 asks for it on arm64; elsewhere it means nothing
        _process = Process.Start(start)!;
        _process.ErrorDataReceived += (_, line) => Remember(line.Data);
        _process.OutputDataReceived += (_, line) => Remember(line.Data);
        _process.BeginErrorReadLine();
        _process.BeginOutputReadLine();
    }

    public async Task KillAsync()
    {
        if (_process is not { } process)
            return;
        if (!process.HasExited)
            process.Kill();
        await process.WaitForExitAsync();
        process.Dispose();
        _process = null;
    }

    public void Freeze() => Signal(Stop);

    public void Thaw() => Signal(Continue);

    /// <summary>The end of its log, for a test that fails.</summary>
    public string LastLines()
    {
        lock (_lastLines)
            return string.Join('\n', _lastLines);
    }

    public async ValueTask DisposeAsync()
    {
        await KillAsync();
        if (Network is not { } network)
            return;
        await network.Peers.DisposeAsync();
        await network.Clients.DisposeAsync();
    }

    private void Remember(string? line)
    {
        if (line is null)
            return;
        lock (_lastLines)
        {
            _lastLines.Enqueue(line);
            if (_lastLines.Count > 40)
                _lastLines.Dequeue();
        }
    }

    private void Signal(int signal)
    {
        if (Kill(_process!.Id, signal) != 0)
            throw new InvalidOperationException($"kill: {Marshal.GetLastPInvokeErrorMessage()}");
    }

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    private static partial int Kill(int process, int signal);
}
