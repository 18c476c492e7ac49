using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace Cybernetes.Node.LocalStorage;

/// <summary>What a name stands for (statx(2)).</summary>
internal readonly record struct FileEntry(uint Mode, uint User, uint Group, ulong Size, ulong Blocks, uint Links, ulong Inode, ulong Device, ulong Special)
{
    private const uint KindMask = 0xF000;

    public bool IsDirectory => (Mode & KindMask) == 0x4000;

    public bool IsFile => (Mode & KindMask) == 0x8000;

    public bool IsLink => (Mode & KindMask) == 0xA000;

    /// <summary>The bits that chmod(2) sets.</summary>
    public uint Permissions => Mode & 0xFFF;

    public (long Seconds, uint Nanoseconds) Accessed { get; init; }

    public (long Seconds, uint Nanoseconds) Modified { get; init; }
}

/// <summary>
/// The file calls that copy a tree whole: by directory handle and name as bytes, so that names need not be text and no link is ever followed.
/// Failures are <see cref="FileCallException"/>s.
/// </summary>
[SupportedOSPlatform("linux")]
internal static partial class FileCalls
{
    public const int NotThere = 2;
    public const int NoLink = 40;
    public const int NoDirectory = 20;

    private const int NotFollowed = 0x100;
    private const uint BasicFields = 0x7FF;
    private const int StatxBytes = 256;
    private const int ReadOnly = 0;
    private const int WriteOnly = 1;
    private const int Create = 0x40 | 0x80;
    private const int NonBlocking = 0x800;
    private const int CloseOnExec = 0x80000;
    private const ulong CloneWhole = 0x40049409;

    // Two flags of open(2) differ between architectures.
    private static readonly bool s_isArm = RuntimeInformation.ProcessArchitecture is Architecture.Arm64 or Architecture.Arm;
    private static readonly int s_noFollow = s_isArm ? 0x8000 : 0x20000;
    private static readonly int s_directory = s_isArm ? 0x4000 : 0x10000;

    /// <summary>A name as the calls take it: its bytes and a zero.</summary>
    public static byte[] NameOf(string name) => [.. Encoding.UTF8.GetBytes(name), 0];

    public static SafeFileHandle OpenDirectory(string path) => Opened(open(NameOf(path), ReadOnly | s_directory | s_noFollow | CloseOnExec, 0), "open", path);

    public static SafeFileHandle OpenDirectory(SafeFileHandle at, byte[] name) =>
        Opened(openat(at, name, ReadOnly | s_directory | s_noFollow | CloseOnExec, 0), "open", Text(name));

    /// <summary>Opens for reading; a pipe that has come in the file's place does not hold us up.</summary>
    public static SafeFileHandle OpenFile(SafeFileHandle at, byte[] name) =>
        Opened(openat(at, name, ReadOnly | s_noFollow | NonBlocking | CloseOnExec, 0), "open", Text(name));

    public static SafeFileHandle NewFile(SafeFileHandle at, byte[] name) =>
        Opened(openat(at, name, WriteOnly | Create | s_noFollow | CloseOnExec, 0x180), "create", Text(name));

    public static void NewDirectory(SafeFileHandle at, byte[] name) => Check(mkdirat(at, name, 0x1C0), "mkdir", name);

    public static void Remove(SafeFileHandle at, byte[] name, bool isDirectory) => Check(unlinkat(at, name, isDirectory ? 0x200 : 0), "unlink", name);

    public static FileEntry Look(SafeFileHandle at, byte[] name)
    {
        Span<byte> answer = stackalloc byte[StatxBytes];
        Check(statx(at, name, NotFollowed, BasicFields, answer), "stat", name);
        return Entry(answer);
    }

    public static FileEntry Look(SafeFileHandle file)
    {
        const int emptyPath = 0x1000;
        Span<byte> answer = stackalloc byte[StatxBytes];
        Check(statx(file, [0], emptyPath, BasicFields, answer), "stat", []);
        return Entry(answer);
    }

    public static byte[] ReadLink(SafeFileHandle at, byte[] name)
    {
        var target = new byte[4097];
        var length = (int)readlinkat(at, name, target, target.Length - 1);
        Check(length < 0 ? -1 : 0, "readlink", name);
        return target[..(length + 1)];
    }

    public static void NewLink(SafeFileHandle at, byte[] name, byte[] target) => Check(symlinkat(target, at, name), "symlink", name);

    /// <summary>A second name for what stands under a path below <paramref name="root"/>.</summary>
    public static void AddName(SafeFileHandle root, byte[] path, SafeFileHandle at, byte[] name) => Check(linkat(root, path, at, name, 0), "link", name);

    public static void NewSpecial(SafeFileHandle at, byte[] name, FileEntry like) => Check(mknodat(at, name, like.Mode, like.Special), "mknod", name);

    /// <summary>Owner, permissions and times as of another file; links and special files by name, which is not followed.</summary>
    public static void Resemble(SafeFileHandle at, byte[] name, FileEntry like)
    {
        Check(fchownat(at, name, like.User, like.Group, NotFollowed), "chown", name);
        // A link has no permissions of its own.
        if (!like.IsLink)
            Check(fchmodat(at, name, like.Permissions, 0), "chmod", name);
        Check(utimensat(at, name, TimesOf(like), NotFollowed), "utimens", name);
    }

    /// <summary>The same for an open file or directory, and its extended attributes.</summary>
    public static void Resemble(SafeFileHandle file, SafeFileHandle original, FileEntry like)
    {
        // A change of the owner takes capabilities and set-user bits away, so these come after it.
        Check(fchown(file, like.User, like.Group), "chown", []);
        foreach (var (name, value) in Attributes(original))
            Check(fsetxattr(file, name, value, value.Length, 0), "setxattr", name);
        Check(fchmod(file, like.Permissions), "chmod", []);
        Check(futimens(file, TimesOf(like)), "utimens", []);
    }

    /// <summary>Lets one file share the other's blocks; false where the file system cannot.</summary>
    public static bool TryShareBlocks(SafeFileHandle from, SafeFileHandle to) => ioctl(to, CloneWhole, from.DangerousGetHandle()) == 0;

    /// <summary>The next stretch of data at or after an offset; null when only a hole follows. A file system without holes has one stretch.</summary>
    public static (long Start, long End)? NextData(SafeFileHandle file, long offset, long length)
    {
        const int seekData = 3;
        const int seekHole = 4;
        const int noData = 6;
        if (offset >= length)
            return null;
        var start = lseek(file, offset, seekData);
        if (start < 0)
            return Marshal.GetLastPInvokeError() == noData ? null : (offset, length);
        var end = lseek(file, start, seekHole);
        return start >= length ? null : (start, Math.Min(end < 0 ? length : end, length));
    }

    public static void SetLength(SafeFileHandle file, long length) => Check(ftruncate(file, length), "truncate", []);

    /// <summary>Waits until all that was written to the file system is on its disk.</summary>
    public static void FlushFileSystem(SafeFileHandle file) => Check(syncfs(file), "syncfs", []);

    public static void FlushDirectory(string path)
    {
        using var directory = OpenDirectory(path);
        Check(fsync(directory), "fsync", []);
    }

    /// <summary>Names and values of the extended attributes, access lists among them; none where the file system has none.</summary>
    private static IEnumerable<(byte[] Name, byte[] Value)> Attributes(SafeFileHandle file)
    {
        const int limit = 64 * 1024;
        const int notSupported = 95;
        const int gone = 61;
        var names = new byte[limit];
        var length = (int)flistxattr(file, names, limit);
        if (length < 0 && Marshal.GetLastPInvokeError() == notSupported)
            yield break;
        Check(length < 0 ? -1 : 0, "listxattr", []);
        var value = new byte[limit];
        for (var start = 0; start < length;)
        {
            var end = Array.IndexOf(names, (byte)0, start) + 1;
            var name = names[start..end];
            var size = (int)fgetxattr(file, name, value, limit);
            start = end;
            if (size < 0 && Marshal.GetLastPInvokeError() == gone)
                continue;
            Check(size < 0 ? -1 : 0, "getxattr", name);
            yield return (name, value[..size]);
        }
    }

    /// <summary>All names in a directory but its own and its parent's.</summary>
    public static List<byte[]> List(SafeFileHandle directory)
    {
        const int nameOffset = 19;
        const int lengthOffset = 16;
        var (names, buffer) = (new List<byte[]>(), new byte[64 * 1024]);
        while (true)
        {
            var read = (int)getdents64(directory, buffer, buffer.Length);
            Check(read < 0 ? -1 : 0, "readdir", []);
            if (read == 0)
                return names;
            for (var at = 0; at < read; at += BitConverter.ToUInt16(buffer, at + lengthOffset))
            {
                var start = at + nameOffset;
                var name = buffer[start..(Array.IndexOf(buffer, (byte)0, start) + 1)];
                if (name is not ([(byte)'.', 0] or [(byte)'.', (byte)'.', 0]))
                    names.Add(name);
            }
        }
    }

    public static string Text(byte[] name) => Encoding.UTF8.GetString(name).TrimEnd('\0');

    private static FileEntry Entry(ReadOnlySpan<byte> answer) => new(
        BitConverter.ToUInt16(answer[28..]), BitConverter.ToUInt32(answer[20..]), BitConverter.ToUInt32(answer[24..]), BitConverter.ToUInt64(answer[40..]),
        BitConverter.ToUInt64(answer[48..]), BitConverter.ToUInt32(answer[16..]), BitConverter.ToUInt64(answer[32..]),
        Device(answer[136..]), Device(answer[128..]))
    {
        Accessed = (BitConverter.ToInt64(answer[64..]), BitConverter.ToUInt32(answer[72..])),
        Modified = (BitConverter.ToInt64(answer[112..]), BitConverter.ToUInt32(answer[120..])),
    };

    /// <summary>Major and minor as the C library packs them.</summary>
    private static ulong Device(ReadOnlySpan<byte> numbers)
    {
        ulong major = BitConverter.ToUInt32(numbers);
        ulong minor = BitConverter.ToUInt32(numbers[4..]);
        return ((major & 0xFFFFF000) << 32) | ((major & 0xFFF) << 8) | ((minor & 0xFFFFFF00) << 12) | (minor & 0xFF);
    }

    private static long[] TimesOf(FileEntry like) =>
        [like.Accessed.Seconds, like.Accessed.Nanoseconds, like.Modified.Seconds, like.Modified.Nanoseconds];

    private static SafeFileHandle Opened(int descriptor, string call, string name) =>
        descriptor >= 0 ? new SafeFileHandle(descriptor, ownsHandle: true) : throw new FileCallException(call, name);

    private static void Check(long answer, string call, byte[] name)
    {
        if (answer < 0)
            throw new FileCallException(call, Text(name));
    }

    [LibraryImport("libc", SetLastError = true)]
    private static partial int open(byte[] path, int flags, uint mode);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int openat(SafeFileHandle at, byte[] path, int flags, uint mode);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int mkdirat(SafeFileHandle at, byte[] path, uint mode);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int unlinkat(SafeFileHandle at, byte[] path, int flags);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int statx(SafeFileHandle at, byte[] path, int flags, uint mask, Span<byte> answer);

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint readlinkat(SafeFileHandle at, byte[] path, byte[] buffer, nint size);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int symlinkat(byte[] target, SafeFileHandle at, byte[] path);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int linkat(SafeFileHandle from, byte[] old, SafeFileHandle at, byte[] path, int flags);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int mknodat(SafeFileHandle at, byte[] path, uint mode, ulong device);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int fchownat(SafeFileHandle at, byte[] path, uint user, uint group, int flags);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int fchmodat(SafeFileHandle at, byte[] path, uint mode, int flags);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int utimensat(SafeFileHandle at, byte[] path, long[] times, int flags);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int fchown(SafeFileHandle file, uint user, uint group);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int fchmod(SafeFileHandle file, uint mode);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int futimens(SafeFileHandle file, long[] times);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int ioctl(SafeFileHandle file, ulong request, nint argument);

    [LibraryImport("libc", SetLastError = true)]
    private static partial long lseek(SafeFileHandle file, long offset, int whence);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int ftruncate(SafeFileHandle file, long length);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int syncfs(SafeFileHandle file);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int fsync(SafeFileHandle file);

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint flistxattr(SafeFileHandle file, byte[] names, nint size);

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint fgetxattr(SafeFileHandle file, byte[] name, byte[] value, nint size);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int fsetxattr(SafeFileHandle file, byte[] name, byte[] value, nint size, int flags);

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint getdents64(SafeFileHandle directory, byte[] buffer, nint size);
}

/// <summary>A file call has failed.</summary>
internal sealed class FileCallException(string call, string name) : IOException($"{call} of {name} failed: {Marshal.GetLastPInvokeErrorMessage()}")
{
    /// <summary>errno.</summary>
    public int Code { get; } = Marshal.GetLastPInvokeError();
}
