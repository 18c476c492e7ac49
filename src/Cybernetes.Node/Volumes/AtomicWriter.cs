using Cybernetes.Foundation;

namespace Cybernetes.Node.Volumes;

/// <param name="Mode">Unix permission bits.</param>
internal readonly record struct VolumeFile(byte[] Data, int Mode, long? Owner = null);

/// <summary>
/// Replaces all files of a volume at once, in upstream's layout: the data lies in a directory with the time in its name,
/// <c>..data</c> points
/// to it, and each visible name points through <c>..data</c>. A reader sees all old files or all new ones.
/// </summary>
internal sealed class AtomicWriter(TimeProvider time, IdentitySource identities)
{
    private const string DataLink = "..data";
    private const string NewDataLink = "..data_tmp";

    /// <summary>False when the volume held exactly these files already.</summary>
    /// <param name="files">By path relative to the volume, with slashes.</param>
    /// <param name="group">The pod's fsGroup: it may read the files then.</param>
    public bool Write(string directory, IReadOnlyDictionary<string, VolumeFile> files, long? group)
    {
        foreach (var path in files.Keys)
            Check(path);
        var link = Path.Combine(directory, DataLink);
        var current = new DirectoryInfo(link).LinkTarget;
        var old = current is null ? null : Path.Combine(directory, current);
        if (old is not null && IsSame(old, files))
            return false;

        var stamp = time.GetUtcNow().ToString("yyyy_MM_dd_HH_mm_ss", System.Globalization.CultureInfo.InvariantCulture);
        var fresh = $"..{stamp}.{identities.NewSuffix(9)}";
        WriteFiles(Path.Combine(directory, fresh), files, group);
        var newLink = Path.Combine(directory, NewDataLink);
        File.Delete(newLink);
        File.CreateSymbolicLink(newLink, fresh);

        // rename(2) replaces the old link in one step.
        UnixFiles.Rename(newLink, link);
        LinkNames(directory, files);
        if (old is not null && Directory.Exists(old))
            Directory.Delete(old, recursive: true);
        return true;
    }

    private static void Check(string path)
    {
        var isBad = path.Length == 0 || path.StartsWith('/') || path.Split('/').Contains("..")
            || path.StartsWith("..", StringComparison.Ordinal);
        if (isBad)
            throw new IOException($"invalid path: {path}");
    }

    private static bool IsSame(string directory, IReadOnlyDictionary<string, VolumeFile> files)
    {
        if (!Directory.Exists(directory))
            return false;
        var there = Directory.EnumerateFiles(directory, "*", SearchOption.AllDirectories).ToArray();
        if (there.Length != files.Count)
            return false;
        foreach (var file in there)
        {
            var name = Path.GetRelativePath(directory, file).Replace('\\', '/');
            if (!files.TryGetValue(name, out var wanted) || !File.ReadAllBytes(file).AsSpan().SequenceEqual(wanted.Data))
                return false;
        }

        return true;
    }

    private static void WriteFiles(string directory, IReadOnlyDictionary<string, VolumeFile> files, long? group)
    {
        MakeDirectory(directory, group);
        foreach (var (name, file) in files)
        {
            var path = Path.Combine(directory, name);
            var parent = Path.GetDirectoryName(path)!;
            if (!Directory.Exists(parent))
                MakeDirectory(parent, group);
            File.WriteAllBytes(path, file.Data);
            if (group is not null || file.Owner is not null)
                UnixFiles.Give(path, file.Owner, group);
            if (OperatingSystem.IsWindows())
                continue;

            // The group of fsGroup reads what the owner reads.
            var mode = group is null ? file.Mode : file.Mode | ((file.Mode & 0x100) >> 3);
            File.SetUnixFileMode(path, (UnixFileMode)mode);
        }
    }

    private static void MakeDirectory(string path, long? group)
    {
        const int everyoneReads = 0x1ED;
        Directory.CreateDirectory(path);
        if (OperatingSystem.IsWindows())
            return;
        File.SetUnixFileMode(path, (UnixFileMode)everyoneReads);
        if (group is null)
            return;
        UnixFiles.Give(path, null, group);
        File.SetUnixFileMode(path, (UnixFileMode)everyoneReads | UnixFileMode.SetGroup);
    }

    private static void LinkNames(string directory, IReadOnlyDictionary<string, VolumeFile> files)
    {
        var names = files.Keys.Select(path => path.Split('/')[0]).ToHashSet(StringComparer.Ordinal);
        foreach (var name in names)
        {
            var path = Path.Combine(directory, name);
            if (new FileInfo(path).LinkTarget is null)
                File.CreateSymbolicLink(path, $"{DataLink}/{name}");
        }

        foreach (var entry in new DirectoryInfo(directory).EnumerateFileSystemInfos())
        {
            var isOurs = entry.LinkTarget?.StartsWith(DataLink + "/", StringComparison.Ordinal) == true;
            if (isOurs && !names.Contains(entry.Name))
                File.Delete(entry.FullName);
        }
    }
}
