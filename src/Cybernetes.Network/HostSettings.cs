using Microsoft.Extensions.Logging;

namespace Cybernetes.Network;

/// <summary>Kernel settings under /proc/sys that packets of pods and services need.</summary>
internal static class HostSettings
{
    /// <summary>Writes a setting unless it has the value already; a kernel without it, or a read-only /proc, is told in the log.</summary>
    public static async Task WriteAsync(string setting, string value, ILogger logger, CancellationToken cancellation)
    {
        var path = "/proc/sys/" + setting;
        try
        {
            if ((await File.ReadAllTextAsync(path, cancellation).ConfigureAwait(false)).Trim() != value)
                await File.WriteAllTextAsync(path, value, cancellation).ConfigureAwait(false);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            logger.LogWarning("{Setting} is not set to {Value}: {Reason}", setting, value, failure.Message);
        }
    }
}
