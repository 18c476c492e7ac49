namespace Cybernetes.Store.Tests.Embedded;

/// <summary>A folder of the test's own, gone afterwards.</summary>
internal sealed class TemporaryFolder : IAsyncDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("cybernetes-store-").FullName;

    public string Database => System.IO.Path.Combine(Path, "store.db");

    public ValueTask DisposeAsync()
    {
        Directory.Delete(Path, recursive: true);
        return ValueTask.CompletedTask;
    }
}
