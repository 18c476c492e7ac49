using Cybernetes.Objects;

namespace Cybernetes.Node.LocalStorage;

/// <summary>The directories that stand behind volumes.</summary>
internal sealed class VolumeDirectories(LocalStorageOptions options)
{
    /// <summary>0777: a volume belongs to whatever user its pod runs as, as hostPath provisioners have it.</summary>
    private const UnixFileMode Everyone = (UnixFileMode)0x1FF;

    /// <summary>Why so many bytes more cannot be promised; null when they can.</summary>
    /// <param name="promised">What other volumes were promised.</param>
    public string? Shortage(long promised, long wanted)
    {
        var drive = new DriveInfo(options.Directory);
        var limit = options.CapacityBytes ?? drive.TotalSize;
        // Compared from below: sums of what hostile claims ask for do not overflow.
        if (wanted > limit - promised)
            return $"not enough room on node {options.NodeName}: {Text(promised)} of {Text(limit)} are promised, {Text(wanted)} are wanted";
        return wanted > drive.AvailableFreeSpace
            ? $"not enough room on node {options.NodeName}: {Text(drive.AvailableFreeSpace)} are free, {Text(wanted)} are wanted" : null;
    }

    /// <returns>The path.</returns>
    public string Make(string volume)
    {
        var path = Path.Combine(options.Directory, volume);
        Directory.CreateDirectory(path);
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(path, Everyone);
        return path;
    }

    /// <summary>Removes the directory and all in it; gone already is as good.</summary>
    /// <returns>False when the path is not the one this class makes: an edited volume must not lead elsewhere.</returns>
    public bool Remove(string volume, string path)
    {
        if (path != Path.Combine(options.Directory, volume) || Path.GetFileName(path) != volume)
            return false;
        if (Directory.Exists(path) && OperatingSystem.IsLinux())
            TreeRemoval.Run(path);
        else if (Directory.Exists(path))
            Directory.Delete(path, recursive: true);
        return true;
    }

    private static string Text(long bytes) => Quantity.FromBytes(bytes).ToString();
}
