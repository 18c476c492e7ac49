using System.Runtime.Versioning;

namespace Cybernetes.Foundation.Files;

/// <summary>
/// Replaces whole files so that a reader, or a crash at any moment, sees either the old content or the new one, never a part.
/// </summary>
/// <remarks>
/// The content goes to a new file beside the target, is flushed to the disk and renamed over it; the directory is flushed last. A
/// target
/// that is a symbolic link is followed, so that the link stays. The owner of a file that existed is kept where the system allows
/// it.
/// </remarks>
public static class AtomicFile
{
    /// <summary>Readable and writable by the owner only (0600): keys, kubeconfigs, tokens.</summary>
    public const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    /// <summary>Writable by the owner, readable by all (0644): certificates, public keys.</summary>
    public const UnixFileMode ReadableByAll = OwnerOnly | UnixFileMode.GroupRead | UnixFileMode.OtherRead;

    /// <summary>Writes <paramref name="content"/> to <paramref name="path"/>, whose directory must exist.</summary>
    /// <exception cref="IOException">The disk is full, or the directory is missing or not writable; the target is then
    /// untouched.</exception>
    public static void Write(string path, ReadOnlySpan<byte> content, UnixFileMode mode)
    {
        string target = FinalTarget(path);
        string directory = Path.GetDirectoryName(Path.GetFullPath(target))!;
        string temporary = $"{target}.{Environment.ProcessId}-{Environment.CurrentManagedThreadId}.tmp";
        try
        {
            WriteNew(temporary, content, mode);
            if (OperatingSystem.IsLinux() && File.Exists(target))
                UnixFiles.CopyOwner(target, temporary);
            File.Move(temporary, target, overwrite: true);
        }
        catch
        {
            File.Delete(temporary);
            throw;
        }
        if (!OperatingSystem.IsWindows())
            UnixFiles.FlushDirectory(directory);
    }

    private static string FinalTarget(string path) =>
        new FileInfo(path).LinkTarget is null ? path : File.ResolveLinkTarget(path, returnFinalTarget: true)!.FullName;

    private static void WriteNew(string path, ReadOnlySpan<byte> content, UnixFileMode mode)
    {
        // A left-over of a process that died under the same id is ours to replace; its mode may differ, so it is not reused.
        File.Delete(path);
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, BufferSize = 0 };
        if (!OperatingSystem.IsWindows())
            options.UnixCreateMode = mode;
        using var stream = new FileStream(path, options);
        stream.Write(content);
        stream.Flush(flushToDisk: true);
        if (!OperatingSystem.IsWindows())
            SetExactMode(path, mode);
    }

    // The process' umask was applied at creation; the mode asked for is meant exactly.
    [UnsupportedOSPlatform("windows")]
    private static void SetExactMode(string path, UnixFileMode mode) => File.SetUnixFileMode(path, mode);
}
