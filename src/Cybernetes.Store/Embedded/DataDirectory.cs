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
            // The system lets go of the lock when the process ends, however it ends.
            var options = new FileStreamOptions
            {
                Mode = FileMode.OpenOrCreate,
                Access = FileAccess.ReadWrite,
                Share = FileShare.None,
            };
            var directory = new DataDirectory(path, new FileStream(Path.Combine(path, "store.lock"), options));
            MakeDatabaseFile(directory.DatabasePath);
            return directory;
        }
        catch (UnauthorizedAccessException failure)
        {
            return new StoreError(StoreErrorKind.Unavailable, failure.Message);
        }
        catch (IOException failure)
        {
            var taken = File.Exists(Path.Combine(path, "store.lock"));
            return taken
                ? new StoreError(StoreErrorKind.Locked, $"another process has the store in {path}: {failure.Message}")
                : new StoreError(StoreErrorKind.Unavailable, failure.Message);
        }
    }

    public void Dispose() => _lock.Dispose();

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
