namespace Cybernetes.Store.Embedded.Sqlite;

/// <summary>A call of SQLite failed. Never leaves the journal, which makes a <see cref="StoreError"/> of it.</summary>
internal sealed class SqliteException(int code, string message) : Exception(message)
{
    /// <summary>The primary result code (https://www.sqlite.org/rescode.html).</summary>
    public int Code { get; } = code & 0xff;

    /// <summary>True when the system could not put on disk what had been written: it may have forgotten that by now.</summary>
    public bool IsSyncFailure { get; } = code == SqliteLibrary.SyncFailed;

    public StoreError ToError() => Code switch
    {
        SqliteLibrary.Full => new StoreError(StoreErrorKind.NoSpace, $"the database cannot grow: {Message}"),
        SqliteLibrary.Corrupt or SqliteLibrary.NotADatabase =>
            new StoreError(StoreErrorKind.Corrupted, $"the database is damaged: {Message}"),
        _ => new StoreError(StoreErrorKind.Unavailable, $"the database failed: {Message}"),
    };
}
