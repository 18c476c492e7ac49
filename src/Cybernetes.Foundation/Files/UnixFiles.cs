using System.Runtime.InteropServices;
using System.Runtime.Versioning;

namespace Cybernetes.Foundation.Files;

/// <summary>The few file calls that .NET does not offer: flushing a directory, and the owner of a file.</summary>
internal static partial class UnixFiles
{
    private const int CurrentDirectory = -100;
    private const uint WantOwner = 0x8 | 0x10;

    /// <summary>
    /// Makes a rename or a creation inside the directory durable. A file system without that notion is left alone.
    /// </summary>
    [UnsupportedOSPlatform("windows")]
    public static void FlushDirectory(string directory)
    {
        int descriptor = Open(directory, 0);
        if (descriptor < 0)
            throw new IOException($"open {directory}: {Marshal.GetLastPInvokeErrorMessage()}");
        _ = Fsync(descriptor);
        _ = Close(descriptor);
    }

    /// <summary>
    /// Gives <paramref name="to"/> the owner and group of <paramref name="from"/>; only root may give files away, so others keep
    /// theirs.
    /// </summary>
    [SupportedOSPlatform("linux")]
    public static void CopyOwner(string from, string to)
    {
        var facts = default(FileFacts);
        if (Statx(CurrentDirectory, from, 0, WantOwner, ref facts) == 0)
            _ = Chown(to, facts.UserId, facts.GroupId);
    }

    // The head of struct statx (linux/stat.h), which is the same on every architecture; the rest is 256 bytes in all.
    [StructLayout(LayoutKind.Sequential, Size = 256)]
    private struct FileFacts
    {
        public uint Mask;
        public uint BlockSize;
        public ulong Attributes;
        public uint LinkCount;
        public uint UserId;
        public uint GroupId;
    }

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    private static partial int Fsync(int descriptor);

    [LibraryImport("libc", EntryPoint = "close", SetLastError = true)]
    private static partial int Close(int descriptor);

    [LibraryImport("libc", EntryPoint = "chown", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Chown(string path, uint user, uint group);

    [LibraryImport("libc", EntryPoint = "statx", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Statx(int directory, string path, int flags, uint mask, ref FileFacts facts);
}
