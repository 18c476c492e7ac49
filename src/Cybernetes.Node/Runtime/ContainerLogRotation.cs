using System.Globalization;
using System.IO.Compression;
using Cybernetes.Node.Runtime.Cri;
using Microsoft.Extensions.Logging;

namespace Cybernetes.Node.Runtime;

public sealed class ContainerLogRotationOptions
{
    /// <summary>A log of at least this size is put aside. Default 10 MiB, as upstream's containerLogMaxSize.</summary>
    public long MaxBytes { get; init; } = 10 * 1024 * 1024;

    /// <summary>How many files a container's log has at most, the one being written included; at least 2. Default 5.</summary>
    public int MaxFiles { get; init; } = 5;

    /// <summary>How often sizes are looked at. Default 10 s.</summary>
    public TimeSpan Period { get; init; } = TimeSpan.FromSeconds(10);
}

/// <summary>
/// Keeps container logs within bounds: renames the full file to <c>0.log.20060102-150405</c>, makes the runtime write a new one,
/// compresses the older ones and removes the oldest. Names and order are upstream's.
/// </summary>
public sealed partial class ContainerLogRotation(
    IRuntimeService runtime, ContainerLogRotationOptions options, TimeProvider time, ILogger logger)
{
    private const string Compressed = ".gz";
    private const string Unfinished = ".tmp";

    private Dictionary<string, string> _logPaths = new(StringComparer.Ordinal);

    /// <summary>Runs until cancelled.</summary>
    public async Task RunAsync(CancellationToken cancellation)
    {
        while (!cancellation.IsCancellationRequested)
        {
            try
            {
                await RotateAllAsync(cancellation).ConfigureAwait(false);
            }
            catch (RuntimeCallException e)
            {
                LogFailed(logger, "the runtime's containers", e.Message);
            }
            catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
            {
                return;
            }

            await Task.Delay(options.Period, time, cancellation).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    internal async Task RotateAllAsync(CancellationToken cancellation)
    {
        var running = new ContainerFilter { State = new ContainerStateValue { State = ContainerState.ContainerRunning } };
        var containers = await runtime.ListContainersAsync(running, cancellation).ConfigureAwait(false);
        var paths = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var container in containers)
        {
            try
            {
                // The path never changes, and asking for it costs more than all the rest.
                if (!_logPaths.TryGetValue(container.Id, out var path))
                    path = await FindLogAsync(container.Id, cancellation).ConfigureAwait(false);
                paths[container.Id] = path;
                if (path.Length > 0 && new FileInfo(path) is { Exists: true } log && log.Length >= options.MaxBytes)
                    await RotateAsync(container.Id, path, cancellation).ConfigureAwait(false);
            }
            catch (Exception e) when (e is RuntimeCallException or IOException or UnauthorizedAccessException)
            {
                LogFailed(logger, container.Id, e.Message);
            }
        }

        _logPaths = paths;
    }

    private async Task<string> FindLogAsync(string containerId, CancellationToken cancellation)
    {
        var response = await runtime.ContainerStatusAsync(containerId, verbose: false, cancellation).ConfigureAwait(false);
        return response.Status.LogPath;
    }

    /// <summary>Numbered as in the body: 1 clear away, 2 compress, 3 put the full file aside, 4 have a new one written.</summary>
    private async Task RotateAsync(string containerId, string path, CancellationToken cancellation)
    {
        // 1. Two places are for the file being written and the one put aside now.
        var old = OldLogs(path);
        foreach (var surplus in old.SkipLast(Math.Max(0, options.MaxFiles - 2)))
            File.Delete(surplus);
        old = OldLogs(path);

        // 2.
        foreach (var log in old.Where(log => !log.EndsWith(Compressed, StringComparison.Ordinal)))
            await CompressAsync(log, cancellation).ConfigureAwait(false);

        // 3.
        var aside = $"{path}.{time.GetLocalNow().ToString("yyyyMMdd-HHmmss", CultureInfo.InvariantCulture)}";
        File.Move(path, aside, overwrite: true);

        // 4.
        try
        {
            await runtime.ReopenContainerLogAsync(containerId, cancellation).ConfigureAwait(false);
        }
        catch (RuntimeCallException)
        {
            // Still written to under its new name; it gets the old one back, so that nothing is lost and the next round tries
            // again.
            File.Move(aside, path, overwrite: true);
            throw;
        }
    }

    /// <summary>Those put aside, oldest first; what an interrupted compression left is removed.</summary>
    private static List<string> OldLogs(string path)
    {
        var directory = Path.GetDirectoryName(path)!;
        var prefix = path + ".";
        var all = Directory.GetFiles(directory).Where(log => log.StartsWith(prefix, StringComparison.Ordinal)).ToList();
        all.Sort(StringComparer.Ordinal);
        foreach (var unfinished in all.Where(log => log.EndsWith(Unfinished, StringComparison.Ordinal)).ToArray())
        {
            File.Delete(unfinished);
            all.Remove(unfinished);
        }

        return all;
    }

    private static async Task CompressAsync(string log, CancellationToken cancellation)
    {
        var unfinished = log + Unfinished;
        await using (var from = File.OpenRead(log))
        await using (var to = new GZipStream(File.Create(unfinished), CompressionLevel.Optimal))
            await from.CopyToAsync(to, cancellation).ConfigureAwait(false);
        File.Move(unfinished, log + Compressed, overwrite: true);
        File.Delete(log);
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Rotating the log of {Container} failed: {Reason}")]
    private static partial void LogFailed(ILogger logger, string container, string reason);
}
