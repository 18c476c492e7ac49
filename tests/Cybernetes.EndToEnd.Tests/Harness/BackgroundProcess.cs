using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;

namespace Cybernetes.EndToEnd.Tests.Harness;

/// <summary>
/// A program that runs beside the test and writes to a log file. Ended by its pid: <see cref="TerminateAsync"/> asks,
/// <see cref="KillAsync"/> does not. Disposing kills it.
/// </summary>
internal sealed partial class BackgroundProcess : IAsyncDisposable
{
    private const int SigKill = 9;
    private const int SigTerm = 15;
    private static readonly TimeSpan EndingLimit = TimeSpan.FromSeconds(30);

    private readonly Process _process;
    private readonly bool _inNode;
    private bool _disposed;

    private BackgroundProcess(Process process, string logFile, bool inNode)
    {
        _process = process;
        LogFile = logFile;
        _inNode = inNode;
    }

    public string LogFile { get; }

    public bool HasEnded => _process.HasExited;

    /// <summary>The pid as the test's own process namespace sees it.</summary>
    public int ProcessId => _inNode ? ChildOf(_process.Id) ?? _process.Id : _process.Id;

    /// <summary>Starts the program; on a node when one is given. Output and errors are appended to the log file.</summary>
    public static BackgroundProcess Start(
        NodeSpace? node, string logFile, string program, IEnumerable<string> arguments, IReadOnlyDictionary<string, string>? environment = null)
    {
        File.AppendAllText(logFile, ""); // so that there is something to read at once
        string[] redirect = ["-c", "exec \"$@\" >>\"$0\" 2>&1 </dev/null", logFile];
        var (file, all) = node is null ? (program, arguments) : node.Enter(program, arguments);
        var start = new ProcessStartInfo("/bin/sh", [.. redirect, file, .. all]);
        foreach (var (name, value) in environment ?? new Dictionary<string, string>())
            start.Environment[name] = value;
        var process = Process.Start(start) ?? throw new HarnessException($"cannot start {program}");
        return new BackgroundProcess(process, logFile, node is not null);
    }

    /// <summary>SIGKILL, as a power cut would do.</summary>
    public async Task KillAsync()
    {
        Send(SigKill);
        await WaitForEndAsync();
    }

    /// <summary>SIGTERM, and waits for the end.</summary>
    public async Task TerminateAsync()
    {
        Send(SigTerm);
        await WaitForEndAsync();
    }

    /// <summary>The end of what it said, for messages.</summary>
    public string LogTail(int lines = 60) => Logs.Tail(LogFile, lines);

    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, true))
            return;
        if (!HasEnded)
            await KillAsync();
        _process.Dispose();
    }

    private void Send(int signal)
    {
        if (!HasEnded && kill(ProcessId, signal) != 0 && !HasEnded)
            throw new HarnessException($"cannot send signal {signal} to process {ProcessId}: error {Marshal.GetLastPInvokeError()}");
    }

    private async Task WaitForEndAsync()
    {
        using var time = new CancellationTokenSource(EndingLimit, TimeProvider.System);
        try
        {
            await _process.WaitForExitAsync(time.Token);
        }
        catch (OperationCanceledException)
        {
            _process.Kill(entireProcessTree: true);
            throw new HarnessException($"the process did not end within {EndingLimit}{LogTail()}");
        }
    }

    // nsenter stays in our process namespace and waits for its child, the program.
    internal static int? ChildOf(int parent)
    {
        var file = $"/proc/{parent}/task/{parent}/children";
        var first = File.Exists(file) ? File.ReadAllText(file).Split(' ', StringSplitOptions.RemoveEmptyEntries).FirstOrDefault() : null;
        return first is null ? null : int.Parse(first, CultureInfo.InvariantCulture);
    }

    [LibraryImport("libc", SetLastError = true)]
    private static partial int kill(int processId, int signal);
}

/// <summary>Log files for messages.</summary>
internal static class Logs
{
    public static string Tail(string file, int lines = 60) => File.Exists(file)
        ? $"\n--- the end of {file}\n{string.Join('\n', File.ReadLines(file).TakeLast(lines))}\n"
        : $"\n--- there is no {file}\n";
}
