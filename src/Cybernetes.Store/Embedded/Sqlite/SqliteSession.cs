using Microsoft.Extensions.Logging;

namespace Cybernetes.Store.Embedded.Sqlite;

/// <summary>The journal's open database: the writer's connection with the statements it runs, and the keeper of its log.</summary>
internal sealed class SqliteSession : IDisposable
{
    private const int PageSize = 8192;

    private const string Schema = """
        CREATE TABLE IF NOT EXISTS records (
            id INTEGER PRIMARY KEY, key TEXT NOT NULL, value BLOB, created INTEGER NOT NULL, version INTEGER NOT NULL,
            lease INTEGER NOT NULL, stamp INTEGER NOT NULL, checksum INTEGER NOT NULL)
        """;

    private readonly List<SqliteStatement> _statements = [];

    private SqliteSession(string path, SqliteConnection connection, ILogger logger)
    {
        Connection = connection;
        Begin = Prepare("BEGIN IMMEDIATE");
        Commit = Prepare("COMMIT");
        Rollback = Prepare("ROLLBACK");
        Insert = Prepare("INSERT INTO records VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)");
        Delete = Prepare("DELETE FROM records WHERE id = ?1");
        DeleteFrom = Prepare("DELETE FROM records WHERE id >= ?1");
        Grant = Prepare("INSERT INTO leases VALUES (?1, ?2)");
        Revoke = Prepare("DELETE FROM leases WHERE id = ?1");
        SetCompactRevision = Prepare("INSERT OR REPLACE INTO meta VALUES ('compact-revision', ?1)");
        connection.WatchLog();
        Wal = new WalKeeper(path, connection, PageSize, logger);
    }

    public SqliteConnection Connection { get; }

    public WalKeeper Wal { get; }

    public SqliteStatement Begin { get; }

    public SqliteStatement Commit { get; }

    public SqliteStatement Rollback { get; }

    public SqliteStatement Insert { get; }

    public SqliteStatement Delete { get; }

    public SqliteStatement DeleteFrom { get; }

    public SqliteStatement Grant { get; }

    public SqliteStatement Revoke { get; }

    public SqliteStatement SetCompactRevision { get; }

    /// <summary>Opens or makes the database.</summary>
    /// <exception cref="SqliteException">It cannot be opened.</exception>
    public static SqliteSession Open(string path, EmbeddedStoreOptions options, ILogger logger)
    {
        var connection = new SqliteConnection(path, gather: true);
        try
        {
            SetUp(connection, options);
            return new SqliteSession(path, connection, logger);
        }
        catch (SqliteException)
        {
            connection.Dispose();
            throw;
        }
    }

    public void Dispose()
    {
        if (Wal.LostCopies)
            Connection.KeepLogOnClose();
        Wal.Dispose();
        foreach (var statement in _statements)
            statement.Dispose();
        Connection.Dispose();
    }

    private static void SetUp(SqliteConnection connection, EmbeddedStoreOptions options)
    {
        // The first two count only before the database has its first page.
        connection.Execute($"PRAGMA page_size={PageSize}");
        connection.Execute("PRAGMA auto_vacuum=INCREMENTAL");
        connection.Execute("PRAGMA journal_mode=WAL");
        connection.Execute("PRAGMA synchronous=FULL");
        connection.Execute("PRAGMA fullfsync=1");
        connection.Execute($"PRAGMA journal_size_limit={WalKeeper.LengthLimit}");
        connection.Execute("PRAGMA cache_size=-8192");
        connection.Execute("PRAGMA cell_size_check=1");
        // Some systems' SQLite overwrites what is deleted, which costs as much as writing it did. The log's past is not overwritten either.
        connection.Execute("PRAGMA secure_delete=OFF");
        if (options.DatabaseByteLimit > 0)
            connection.Execute($"PRAGMA max_page_count={Math.Max(16, options.DatabaseByteLimit / PageSize)}");
        // One transaction: a crash leaves all of it or nothing, and there is one wait for the disk.
        connection.Execute("BEGIN IMMEDIATE");
        connection.Execute(Schema);
        connection.Execute("CREATE TABLE IF NOT EXISTS leases (id INTEGER PRIMARY KEY, milliseconds INTEGER NOT NULL)");
        connection.Execute("CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, number INTEGER NOT NULL)");
        connection.Execute("INSERT OR IGNORE INTO meta VALUES ('format', 1)");
        connection.Execute("COMMIT");
    }

    private SqliteStatement Prepare(string text)
    {
        var statement = Connection.Prepare(text);
        _statements.Add(statement);
        return statement;
    }
}
