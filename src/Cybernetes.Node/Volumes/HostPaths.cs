using Cybernetes.Node.Pods;
using Cybernetes.Objects.Core.V1;

namespace Cybernetes.Node.Volumes;

/// <summary>hostPath volumes: the type says what has to be there, or is to be made (API reference,
/// HostPathVolumeSource.type).</summary>
internal static class HostPaths
{
    private const int DirectoryMode = 0x1ED;
    private const int FileMode = 0x1A4;

    /// <exception cref="PodConfigException">There is something else, or nothing.</exception>
    public static void Check(HostPathVolumeSource source)
    {
        var path = source.Path;
        switch (source.Type ?? "")
        {
            case "":
                return;
            case "DirectoryOrCreate":
                if (!Path.Exists(path))
                    MakeDirectory(path);
                Require(Directory.Exists(path), path, "directory");
                return;
            case "Directory":
                Require(Directory.Exists(path), path, "directory");
                return;
            case "FileOrCreate":
                if (!Path.Exists(path))
                    MakeFile(path);
                Require(File.Exists(path), path, "file");
                return;
            case "File":
                Require(File.Exists(path), path, "file");
                return;
            case "Socket":
                Require(UnixFiles.KindOf(path) == FileKind.Socket, path, "socket");
                return;
            case "CharDevice":
                Require(UnixFiles.KindOf(path) == FileKind.CharacterDevice, path, "character device");
                return;
            case "BlockDevice":
                Require(UnixFiles.KindOf(path) == FileKind.BlockDevice, path, "block device");
                return;
            default:
                throw new PodConfigException($"{source.Type} is an invalid volume type");
        }
    }

    private static void Require(bool holds, string path, string kind)
    {
        if (!holds)
            throw new PodConfigException($"hostPath type check failed: {path} is not a {kind}");
    }

    private static void MakeDirectory(string path)
    {
        Directory.CreateDirectory(path);
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(path, (UnixFileMode)DirectoryMode);
    }

    private static void MakeFile(string path)
    {
        File.WriteAllBytes(path, []);
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(path, (UnixFileMode)FileMode);
    }
}

internal enum FileKind
{
    None,
    Other,
    Socket,
    CharacterDevice,
    BlockDevice,
}
