using System.Runtime.InteropServices;

namespace Cybernetes.Node.Volumes;

/// <summary>What System.IO lacks: owners, kinds of special files, and rename(2) of symbolic links.</summary>
internal static partial class UnixFiles
{
    private const uint Unchanged = uint.MaxValue;
    private const int CurrentDirectory = -100;
    private const uint StatxType = 1;
    private const uint StatxGroup = 0x10;
    private const int StatxGroupOffset = 24;
    private const int StatxBytes = 256;
    private const int StatxModeOffset = 28;

    /// <summary>Gives the file to the group (and the user, when given). Failures are <see cref="IOException"/>s.</summary>
    public static void Give(string path, long? user, long? group)
    {
        if (OperatingSystem.IsWindows())
            return;
        if (lchown(path, user is { } uid ? (uint)uid : Unchanged, group is { } gid ? (uint)gid : Unchanged) != 0)
            throw new IOException($"chown of {path} failed: {Marshal.GetLastPInvokeErrorMessage()}");
    }

    /// <summary>
    /// Gives a volume's files to a group that may then read and write them; new files in its directories belong to it, too. Links are given,
    /// not followed.
    /// </summary>
    /// <param name="onlyWhenRootDiffers">Leave all as it is when the top directory is the group's already (OnRootMismatch).</param>
    public static void GiveTree(string path, long group, bool onlyWhenRootDiffers)
    {
        if (OperatingSystem.IsWindows() || (onlyWhenRootDiffers && GroupOf(path) == group))
            return;
        foreach (var entry in Directory.EnumerateFileSystemEntries(path, "*", new EnumerationOptions
        {
            RecurseSubdirectories = true, AttributesToSkip = FileAttributes.None, IgnoreInaccessible = false, ReturnSpecialDirectories = false,
        }))
            GiveToGroup(entry, group);
        // Last, so that what was cut short is done again.
        GiveToGroup(path, group);
    }

    [System.Runtime.Versioning.UnsupportedOSPlatform("windows")]
    private static void GiveToGroup(string path, long group)
    {
        Give(path, null, group);
        var info = new FileInfo(path);
        if (info.LinkTarget is not null)
            return;
        var mode = File.GetUnixFileMode(path) | UnixFileMode.GroupRead | UnixFileMode.GroupWrite;
        File.SetUnixFileMode(path, Directory.Exists(path) ? mode | UnixFileMode.GroupExecute | UnixFileMode.SetGroup : mode);
    }

    /// <summary>The file's group (statx(2)); null where that cannot be asked.</summary>
    private static long? GroupOf(string path)
    {
        if (!OperatingSystem.IsLinux())
            return null;
        Span<byte> answer = stackalloc byte[StatxBytes];
        if (statx(CurrentDirectory, path, 0, StatxGroup, answer) != 0)
            throw new IOException($"stat of {path} failed: {Marshal.GetLastPInvokeErrorMessage()}");
        return BitConverter.ToUInt32(answer[StatxGroupOffset..]);
    }

    /// <summary>Sockets and devices, which System.IO does not tell apart (statx(2); Linux only, Other elsewhere).</summary>
    public static FileKind KindOf(string path)
    {
        if (!Path.Exists(path))
            return FileKind.None;
        if (!OperatingSystem.IsLinux())
            return FileKind.Other;
        Span<byte> answer = stackalloc byte[StatxBytes];
        if (statx(CurrentDirectory, path, 0, StatxType, answer) != 0)
            throw new IOException($"stat of {path} failed: {Marshal.GetLastPInvokeErrorMessage()}");
        return (BitConverter.ToUInt16(answer[StatxModeOffset..]) & 0xF000) switch
        {
            0xC000 => FileKind.Socket,
            0x2000 => FileKind.CharacterDevice,
            0x6000 => FileKind.BlockDevice,
            _ => FileKind.Other,
        };
    }

    /// <summary>Puts one name in the place of another in one step, also when either is a symbolic link to a directory.</summary>
    public static void Rename(string from, string to)
    {
        if (rename(from, to) != 0)
            throw new IOException($"rename of {from} to {to} failed: {Marshal.GetLastPInvokeErrorMessage()}");
    }

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int rename(string from, string to);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int statx(int directory, string path, int flags, uint mask, Span<byte> answer);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int lchown(string path, uint owner, uint group);
}
