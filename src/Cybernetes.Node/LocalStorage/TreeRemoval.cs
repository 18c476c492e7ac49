using System.Runtime.Versioning;
using Microsoft.Win32.SafeHandles;

namespace Cybernetes.Node.LocalStorage;

/// <summary>Removes a directory and all in it, whatever the names are; links are removed, not followed.</summary>
[SupportedOSPlatform("linux")]
internal static class TreeRemoval
{
    private const int MaximumDepth = 4 * TreeCopy.MaximumDepth;

    /// <exception cref="IOException">Something cannot be removed.</exception>
    public static void Run(string path)
    {
        using (var parent = FileCalls.OpenDirectory(Path.GetDirectoryName(path)!))
            Directory(parent, FileCalls.NameOf(Path.GetFileName(path)), 0);
    }

    private static void Directory(SafeFileHandle at, byte[] name, int depth)
    {
        if (depth > MaximumDepth)
            throw new IOException($"more than {MaximumDepth} directories within each other are not removed");
        using (var directory = FileCalls.OpenDirectory(at, name))
        {
            foreach (var child in FileCalls.List(directory))
            {
                if (FileCalls.Look(directory, child).IsDirectory)
                    Directory(directory, child, depth + 1);
                else
                    FileCalls.Remove(directory, child, isDirectory: false);
            }
        }
        FileCalls.Remove(at, name, isDirectory: true);
    }
}
