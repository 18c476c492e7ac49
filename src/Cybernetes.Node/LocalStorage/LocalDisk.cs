using System.Runtime.Versioning;

namespace Cybernetes.Node.LocalStorage;

/// <summary>
/// What is done on the disk, one thing at a time: nothing is removed while it is copied, and room that was found is there when it is used.
/// Copies run beside the caller and stop when cancelled.
/// </summary>
internal sealed class LocalDisk(LocalStorageOptions options, VolumeDirectories directories, Func<long> promisedToVolumes) : IDisposable
{
    private readonly SemaphoreSlim _one = new(1, 1);

    [SupportedOSPlatform("linux")]
    private readonly SnapshotDirectories _snapshots = new(options);

    public void Dispose() => _one.Dispose();

    /// <summary>What the snapshots take of the disk.</summary>
    public long SnapshotBytes() => OperatingSystem.IsLinux() ? _snapshots.UsedBytes() : 0;

    /// <summary>Removes what a killed predecessor did not finish.</summary>
    public void Sweep()
    {
        if (OperatingSystem.IsLinux())
            _snapshots.Sweep();
    }

    /// <summary>Removes a volume's directory; see <see cref="VolumeDirectories.Remove"/>.</summary>
    public Task<bool> RemoveVolumeAsync(string volume, string path, CancellationToken cancellation) =>
        AloneAsync(() => directories.Remove(volume, path), cancellation);

    /// <summary>Takes a snapshot of a volume.</summary>
    /// <exception cref="IOException">There is no room, or something cannot be copied.</exception>
    [SupportedOSPlatform("linux")]
    public Task<SnapshotFacts> TakeAsync(string name, string volume, long restoreBytes, DateTimeOffset now, CancellationToken cancellation) =>
        AloneAsync(() =>
        {
            if (_snapshots.Find(name) is { } there)
                return there;
            var path = Path.Combine(options.Directory, volume);
            var used = TreeCopy.UsedBytes(path, cancellation);
            if (directories.Shortage(promisedToVolumes() + _snapshots.UsedBytes(), used) is { } shortage)
                throw new IOException(shortage);
            return _snapshots.Take(name, path, new(now, restoreBytes, used), cancellation);
        }, cancellation);

    [SupportedOSPlatform("linux")]
    public Task<SnapshotFacts?> FindAsync(string name, CancellationToken cancellation) => AloneAsync(() => _snapshots.Find(name), cancellation);

    [SupportedOSPlatform("linux")]
    public Task RemoveAsync(string name, CancellationToken cancellation) => AloneAsync(() =>
    {
        _snapshots.Remove(name);
        return true;
    }, cancellation);

    /// <summary>Makes a volume's directory and fills it from its source.</summary>
    /// <returns>The path.</returns>
    /// <exception cref="IOException">The source is gone, or something cannot be copied.</exception>
    [SupportedOSPlatform("linux")]
    public Task<string> FillAsync(string volume, LocalSource source, CancellationToken cancellation) => AloneAsync(() =>
    {
        if (source.Snapshot is { } name && _snapshots.Find(name) is null)
            throw new IOException($"there is no snapshot {name} on node {options.NodeName}");
        var from = source.Snapshot is { } snapshot ? _snapshots.DataOf(snapshot) : Path.Combine(options.Directory, source.Volume!);
        return _snapshots.Fill(volume, from, cancellation);
    }, cancellation);

    private async Task<T> AloneAsync<T>(Func<T> work, CancellationToken cancellation)
    {
        await _one.WaitAsync(cancellation).ConfigureAwait(false);
        try
        {
            return await Task.Run(work, cancellation).ConfigureAwait(false);
        }
        finally
        {
            _one.Release();
        }
    }
}
