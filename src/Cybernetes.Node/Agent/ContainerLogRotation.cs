using System.IO.Compression;
using Cybernetes.Node.Pods;
using Cybernetes.Node.Runtime;
using Microsoft.Extensions.Logging;

namespace Cybernetes.Node.Agent;

/// <summary>
/// Keeps logs of running containers small: a file over the limit is renamed, the runtime opens a new one, older ones are
/// packed, the oldest go. Names as upstream's: <c>0.log.20060102-150405[.gz]</c>.
/// </summary>
internal sealed class ContainerLogRotation(
    IRuntimeService runtime, PodWorkers workers, long maxBytes, int maxFiles, TimeProvider time, ILogger logger)
{
    public static readonly TimeSpan Period = TimeSpan.FromSeconds(10);

    public async Task RunAsync(CancellationToken cancellation)
    {
        while (!cancellation.IsCancellationRequested)
        {
            await Task.Delay(Period, time, cancellation).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            foreach (var container in workers.All.SelectMany(worker => worker.State.Containers).Where(one => one.IsRunning))
            {
                try
                {
                    await LookAtAsync(container, cancellation).ConfigureAwait(false);
                }
                catch (Exception e) when (e is RuntimeCallException or IOException or UnauthorizedAccessException)
                {
                    logger.LogWarning("The log {Path} was not rotated: {Reason}", container.LogPath, e.Message);
                }
                catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
                {
                    return;
                }
            }
        }
    }

    internal async Task LookAtAsync(ContainerInstance container, CancellationToken cancellation)
    {
        var log = new FileInfo(container.LogPath);
        if (container.LogPath.Length == 0 || !log.Exists || log.Length < maxBytes)
            return;
        RemoveOldest(log);
        PackOlder(log);
        var stamp = time.GetUtcNow().ToString("yyyyMMdd-HHmmss", System.Globalization.CultureInfo.InvariantCulture);
        var rotated = $"{log.FullName}.{stamp}";
        File.Move(log.FullName, rotated);
        try
        {
            await runtime.ReopenContainerLogAsync(container.Id, cancellation).ConfigureAwait(false);
        }
        catch (RuntimeCallException)
        {
            // The runtime still writes to the old file: it gets its name back, so that nothing is lost.
            File.Move(rotated, log.FullName);
            throw;
        }
    }

    /// <summary>Two places are kept: for the file written to and for the one rotated now.</summary>
    private void RemoveOldest(FileInfo log)
    {
        var rotated = Rotated(log);
        for (var i = 0; i < rotated.Count - (maxFiles - 2); i++)
            File.Delete(rotated[i]);
    }

    private static void PackOlder(FileInfo log)
    {
        foreach (var path in Rotated(log).Where(path => !path.EndsWith(".gz", StringComparison.Ordinal)))
        {
            var temporary = path + ".tmp";
            using (var from = File.OpenRead(path))
            using (var to = new GZipStream(File.Create(temporary), CompressionLevel.Fastest))
                from.CopyTo(to);
            File.Move(temporary, path + ".gz", overwrite: true);
            File.Delete(path);
        }
    }

    /// <summary>The oldest first: their names sort by time. What an interrupted packing left goes.</summary>
    private static List<string> Rotated(FileInfo log)
    {
        // Not by a search pattern: ".*" would find the log in use too.
        var prefix = log.FullName + ".";
        var all = Directory.GetFiles(log.DirectoryName!).Where(path => path.StartsWith(prefix, StringComparison.Ordinal)).ToList();
        foreach (var unfinished in all.Where(path => path.EndsWith(".tmp", StringComparison.Ordinal)))
            File.Delete(unfinished);
        all.RemoveAll(path => path.EndsWith(".tmp", StringComparison.Ordinal));
        all.Sort(StringComparer.Ordinal);
        return all;
    }
}
