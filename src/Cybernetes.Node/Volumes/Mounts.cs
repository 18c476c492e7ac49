using System.Runtime.InteropServices;

namespace Cybernetes.Node.Volumes;

/// <summary>The mounts a node agent makes: memory file systems. Failures are <see cref="IOException"/>s.</summary>
internal interface IMounts
{
    /// <param name="options">As mount(8)'s -o: <c>size=1048576</c>.</param>
    void MountMemory(string path, string options);

    void Unmount(string path);

    /// <summary>The mount points at or below a path, the deepest first.</summary>
    IReadOnlyList<string> Below(string path);
}

/// <summary>mount(2) of Linux.</summary>
internal sealed partial class LinuxMounts : IMounts
{
    private const int DetachNow = 2;

    public void MountMemory(string path, string options)
    {
        if (mount("tmpfs", path, "tmpfs", 0, options) != 0)
            throw Failure($"mount of tmpfs on {path}");
    }

    public void Unmount(string path)
    {
        if (umount2(path, 0) == 0)
            return;

        // Busy: it leaves the tree now and is gone with its last user.
        if (umount2(path, DetachNow) != 0)
            throw Failure($"unmount of {path}");
    }

    public IReadOnlyList<string> Below(string path)
    {
        const int mountPointField = 4;
        var found = new List<string>();
        foreach (var line in File.ReadLines("/proc/self/mountinfo"))
        {
            var point = Unescape(line.Split(' ')[mountPointField]);
            if (point == path || point.StartsWith(path + "/", StringComparison.Ordinal))
                found.Add(point);
        }

        found.Sort((one, other) => other.Length.CompareTo(one.Length));
        return found;
    }

    /// <summary>Blanks are written as \040 (proc_pid_mountinfo(5)).</summary>
    private static string Unescape(string text) => text
        .Replace("\\040", " ", StringComparison.Ordinal).Replace("\\011", "\t", StringComparison.Ordinal)
        .Replace("\\012", "\n", StringComparison.Ordinal).Replace("\\134", "\\", StringComparison.Ordinal);

    private static IOException Failure(string what) => new($"{what} failed: {Marshal.GetLastPInvokeErrorMessage()}");

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int mount(string source, string target, string type, nuint flags, string data);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int umount2(string target, int flags);
}
