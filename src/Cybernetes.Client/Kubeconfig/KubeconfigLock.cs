using Cybernetes.Foundation.Files;

namespace Cybernetes.Client.Kubeconfig;

/// <summary>
/// client-go's convention: who creates PATH.lock exclusively may write PATH. It fails at once when the lock is taken, and so do we. What a process
/// of ours that was killed has left behind is taken over; of what kubectl has left behind nobody can tell that it is not held.
/// </summary>
internal sealed class KubeconfigLock : IDisposable
{
    // A lock of ours may be given back between two looks at it.
    private const int Attempts = 20;
    private static readonly byte[] s_mark = "cybernetes\n"u8.ToArray();

    private readonly string _path;
    private readonly FileStream _held;

    private KubeconfigLock(string path, FileStream held) => (_path, _held) = (path, held);

    /// <param name="path">The lock's own path, in a directory that is there.</param>
    /// <exception cref="KubeconfigException">Another process holds it.</exception>
    public static KubeconfigLock Take(string path)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                return new(path, Create(path));
            }
            catch (IOException failure) when (attempt < Attempts || File.Exists(path))
            {
                if (TryTakeOver(path) is { } left)
                    return new(path, left);
                if (File.Exists(path))
                {
                    throw new KubeconfigException(
                        $"{path} is there: another process is writing this kubeconfig (or left it behind; then remove it)", failure);
                }
            }
        }
    }

    /// <summary>Gives it back.</summary>
    public void Dispose()
    {
        if (!OperatingSystem.IsWindows())
        {
            File.Delete(_path);
            // Who has opened it before this finds no mark in it, and begins again.
            _held.SetLength(0);
        }
        _held.Dispose();
    }

    private static FileStream Create(string path)
    {
        // The system removes it when the process dies.
        if (OperatingSystem.IsWindows())
            return new FileStream(path, FileMode.CreateNew, FileAccess.Write, FileShare.None, 1, FileOptions.DeleteOnClose);
        // It appears with its mark in it, and locked for as long as its maker lives: so it can be told from one left behind, and from kubectl's.
        var made = $"{path}.{Environment.ProcessId}-{Environment.CurrentManagedThreadId}.tmp";
        File.Delete(made);
        var stream = new FileStream(made, new FileStreamOptions
        {
            Mode = FileMode.CreateNew, Access = FileAccess.ReadWrite, Share = FileShare.None, BufferSize = 0, UnixCreateMode = AtomicFile.OwnerOnly,
        });
        try
        {
            stream.Write(s_mark);
            File.Move(made, path, overwrite: false);
            return stream;
        }
        catch
        {
            stream.Dispose();
            File.Delete(made);
            throw;
        }
    }

    /// <summary>What a dead process has left behind; null when it is somebody's, or gone.</summary>
    private static FileStream? TryTakeOver(string path)
    {
        if (OperatingSystem.IsWindows())
            return null;
        FileStream? left = null;
        try
        {
            // Fails while the one who made it lives.
            left = new FileStream(path, FileMode.Open, FileAccess.ReadWrite, FileShare.None, 0);
            var mark = new byte[s_mark.Length];
            if (left.ReadAtLeast(mark, mark.Length, throwOnEndOfStream: false) == mark.Length && mark.AsSpan().SequenceEqual(s_mark))
                return left;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Held, gone, or of another user.
        }
        left?.Dispose();
        return null;
    }
}
