using System.Runtime.Versioning;
using Microsoft.Win32.SafeHandles;

namespace Cybernetes.Node.LocalStorage;

/// <summary>
/// Copies a volume's directory whole: names that are no text, links (never followed), several names of one file, holes, special files, owners,
/// permissions, extended attributes and times. Blocks are shared where the file system can (FICLONE). What vanishes while it is copied is left
/// out; other file systems mounted below are not entered.
/// </summary>
[SupportedOSPlatform("linux")]
internal sealed class TreeCopy
{
    /// <summary>Directories in directories; deeper trees are refused, since each level keeps two of them open.</summary>
    public const int MaximumDepth = 1000;

    private const int ChunkBytes = 1 << 20;

    private readonly SafeFileHandle _target;
    private readonly CancellationToken _cancellation;
    private readonly byte[] _chunk = new byte[ChunkBytes];

    /// <summary>Where the first name of each file stands that has several.</summary>
    private readonly Dictionary<ulong, byte[]> _firstNames = [];
    private readonly List<byte> _path = [];
    private ulong _device;

    private TreeCopy(SafeFileHandle target, CancellationToken cancellation) => (_target, _cancellation) = (target, cancellation);

    /// <summary>Copies all below a directory into another, which is there, empty and nobody else's. On disk when it returns.</summary>
    /// <exception cref="IOException">Something could not be copied; what was stays.</exception>
    public static void Run(string from, string to, CancellationToken cancellation)
    {
        using var source = FileCalls.OpenDirectory(from);
        using var target = FileCalls.OpenDirectory(to);
        var copy = new TreeCopy(target, cancellation) { _device = FileCalls.Look(source).Device };
        copy.Directory(source, target, 0);
        FileCalls.FlushFileSystem(target);
    }

    /// <summary>Bytes that the files below a directory take on the disk.</summary>
    public static long UsedBytes(string path, CancellationToken cancellation)
    {
        using var root = FileCalls.OpenDirectory(path);
        return Used(root, FileCalls.Look(root).Device, 0, [], cancellation);
    }

    private static long Used(SafeFileHandle directory, ulong device, int depth, HashSet<ulong> seen, CancellationToken cancellation)
    {
        const long blockBytes = 512;
        var bytes = 0L;
        foreach (var name in FileCalls.List(directory))
        {
            cancellation.ThrowIfCancellationRequested();
            if (Find(directory, name) is not { } entry || entry.Device != device || (entry.Links > 1 && !entry.IsDirectory && !seen.Add(entry.Inode)))
                continue;
            bytes += (long)entry.Blocks * blockBytes;
            if (!entry.IsDirectory)
                continue;
            DemandDepth(depth);
            if (Present(() => FileCalls.OpenDirectory(directory, name)) is not { } child)
                continue;
            using (child)
                bytes += Used(child, device, depth + 1, seen, cancellation);
        }
        return bytes;
    }

    private void Directory(SafeFileHandle from, SafeFileHandle to, int depth)
    {
        // As it was before reading it: reading changes the time of access.
        var like = FileCalls.Look(from);
        foreach (var name in FileCalls.List(from))
        {
            _cancellation.ThrowIfCancellationRequested();
            if (Find(from, name) is not { } entry)
                continue;
            var length = _path.Count;
            if (length > 0)
                _path.Add((byte)'/');
            _path.AddRange(name[..^1]);
            Entry(from, to, name, entry, depth);
            _path.RemoveRange(length, _path.Count - length);
        }
        FileCalls.Resemble(to, from, like);
    }

    private void Entry(SafeFileHandle from, SafeFileHandle to, byte[] name, FileEntry entry, int depth)
    {
        if (entry.IsDirectory)
        {
            DemandDepth(depth);
            Subdirectory(from, to, name, entry, depth);
            return;
        }
        if (entry.Links > 1 && _firstNames.TryGetValue(entry.Inode, out var first))
        {
            FileCalls.AddName(_target, first, to, name);
            return;
        }
        if (entry.IsFile)
        {
            if (!File(from, to, name))
                return;
        }
        else if (entry.IsLink)
        {
            if (Present(() => FileCalls.ReadLink(from, name)) is not { } target)
                return;
            FileCalls.NewLink(to, name, target);
            FileCalls.Resemble(to, name, entry);
        }
        else
        {
            FileCalls.NewSpecial(to, name, entry);
            FileCalls.Resemble(to, name, entry);
        }
        if (entry.Links > 1)
            _firstNames[entry.Inode] = [.. _path, 0];
    }

    private void Subdirectory(SafeFileHandle from, SafeFileHandle to, byte[] name, FileEntry entry, int depth)
    {
        if (Present(() => FileCalls.OpenDirectory(from, name)) is not { } source)
            return;
        using (source)
        {
            FileCalls.NewDirectory(to, name);
            using var target = FileCalls.OpenDirectory(to, name);
            if (entry.Device == _device)
                Directory(source, target, depth + 1);
            else
                FileCalls.Resemble(target, source, entry);
        }
    }

    /// <returns>False when it is gone, or another thing by now.</returns>
    private bool File(SafeFileHandle from, SafeFileHandle to, byte[] name)
    {
        if (Present(() => FileCalls.OpenFile(from, name)) is not { } source)
            return false;
        using (source)
        {
            var like = FileCalls.Look(source);
            if (!like.IsFile)
                return false;
            using var target = FileCalls.NewFile(to, name);
            if (!FileCalls.TryShareBlocks(source, target))
                Bytes(source, target, (long)like.Size);
            FileCalls.Resemble(target, source, like);
        }
        return true;
    }

    /// <summary>What is data; what is a hole stays one.</summary>
    private void Bytes(SafeFileHandle from, SafeFileHandle to, long length)
    {
        for (var offset = 0L; FileCalls.NextData(from, offset, length) is { } stretch; offset = stretch.End)
        {
            for (var at = stretch.Start; at < stretch.End;)
            {
                _cancellation.ThrowIfCancellationRequested();
                var read = RandomAccess.Read(from, _chunk.AsSpan(0, (int)Math.Min(ChunkBytes, stretch.End - at)), at);
                // Cut short by its writer meanwhile.
                if (read == 0)
                    break;
                RandomAccess.Write(to, _chunk.AsSpan(0, read), at);
                at += read;
            }
        }
        FileCalls.SetLength(to, length);
    }

    private static FileEntry? Find(SafeFileHandle at, byte[] name)
    {
        try
        {
            return FileCalls.Look(at, name);
        }
        catch (FileCallException gone) when (gone.Code == FileCalls.NotThere)
        {
            return null;
        }
    }

    /// <summary>What a call gives; null when its file is gone, or a link has come in its place.</summary>
    private static T? Present<T>(Func<T> call) where T : class
    {
        try
        {
            return call();
        }
        catch (FileCallException gone) when (gone.Code is FileCalls.NotThere or FileCalls.NoLink or FileCalls.NoDirectory)
        {
            return null;
        }
    }

    private static void DemandDepth(int depth)
    {
        if (depth >= MaximumDepth)
            throw new IOException($"the volume has more than {MaximumDepth} directories within each other");
    }
}
