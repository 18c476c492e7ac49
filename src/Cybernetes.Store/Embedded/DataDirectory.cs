using System.Runtime.Versioning;

namespace Cybernetes.Store.Embedded;

/// <summary>The folder of a store: only its owner can look into it, and only one process at a time has it.</summary>
internal sealed class DataDirectory : IDisposable
{
    private readonly FileStream _lock;

    private DataDirectory(string path, FileStream @lock)
    {
        DatabasePath = Path.Combine(path, "store.db");
        _lock = @lock;
    }

    public string DatabasePath { get; }

    public static StoreResult<DataDirectory> Open(string path)
    {
        try
        {
            path = Path.GetFullPath(path);
            Make(path);
            if (TryLock(Path.Combine(path, "store.lock")) is not { } held)
                return new StoreError(StoreErrorKind.Locked, $"another process has the store in {path}");
            var directory = new DataDirectory(path, held);
            MakeDatabaseFile(directory.DatabasePath);
            return directory;
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            return new StoreError(StoreErrorKind.Unavailable, failure.Message);
        }
    }

    public void Dispose() => _lock.Dispose();

    /// <summary>The lock; null when another process has it. The system lets it go when the process ends, however it ends.</summary>
    private static FileStream? TryLock(string path)
    {
        try
        {
            return new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException) when (File.Exists(path))
        {
            return null;
        }
    }

    private static void Make(string path)
    {
        if (Directory.Exists(path))
            return;
        if (OperatingSystem.IsWindows())
            Directory.CreateDirectory(path);
        else
            MakePrivate(path);
    }

    [UnsupportedOSPlatform("windows")]
    private static void MakePrivate(string path) =>
        Directory.CreateDirectory(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);

    // SQLite gives its other files the mode of the database.
    private static void MakeDatabaseFile(string path)
    {
        if (File.Exists(path))
            return;
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        using var file = new FileStream(path, options);
    }
}
