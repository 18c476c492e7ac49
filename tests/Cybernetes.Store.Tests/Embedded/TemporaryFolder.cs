namespace Cybernetes.Store.Tests.Embedded;

/// <summary>A folder of the test's own, gone afterwards.</summary>
internal sealed class TemporaryFolder : IAsyncDisposable
{
    private const string Memory = "/dev/shm";

    /// <param name="inMemory">Where the system has a place for that: for tests that wait for many syncs of no meaning.</param>
    public TemporaryFolder(bool inMemory = false)
    {
        Path = Directory.CreateTempSubdirectory("cybernetes-store-").FullName;
        if (!inMemory || !Directory.Exists(Memory))
            return;
        var folder = System.IO.Path.Combine(Memory, System.IO.Path.GetFileName(Path));
        Directory.Delete(Path);
        Path = Directory.CreateDirectory(folder).FullName;
    }

    public string Path { get; }

    public string Database => System.IO.Path.Combine(Path, "store.db");

    public ValueTask DisposeAsync()
    {
        Directory.Delete(Path, recursive: true);
        return ValueTask.CompletedTask;
    }
}
