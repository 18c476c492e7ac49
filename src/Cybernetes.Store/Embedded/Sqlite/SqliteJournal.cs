using System.Text;
using Cybernetes.Store.Embedded.Journal;
using Microsoft.Extensions.Logging;

namespace Cybernetes.Store.Embedded.Sqlite;

/// <summary>
/// The journal in an SQLite database: one row a record, in the order of the revisions, so that writing is appending.
/// Write-ahead log, synchronous=FULL: a commit is on disk when it returns.
/// </summary>
internal sealed class SqliteJournal : IJournal
{
    private const int PageSize = 8192;

    // Pages one call of Tidy gives back at most: a few milliseconds.
    private const int TidyPages = 64;

    private const string Schema = """
        CREATE TABLE IF NOT EXISTS records (
            id INTEGER PRIMARY KEY, key TEXT NOT NULL, value BLOB, created INTEGER NOT NULL, version INTEGER NOT NULL,
            lease INTEGER NOT NULL, stamp INTEGER NOT NULL, checksum INTEGER NOT NULL)
        """;

    private readonly string _path;
    private readonly ILogger _logger;
    private readonly SqliteConnection _connection;
    private readonly WalKeeper _wal;
    private readonly SqliteStatement _begin;
    private readonly SqliteStatement _commit;
    private readonly SqliteStatement _rollback;
    private readonly SqliteStatement _insert;
    private readonly SqliteStatement _delete;
    private readonly SqliteStatement _deleteFrom;
    private readonly SqliteStatement _grant;
    private readonly SqliteStatement _revoke;
    private readonly SqliteStatement _setMeta;
    private byte[] _key = new byte[512];
    private bool _failed;

    private SqliteJournal(string path, SqliteConnection connection, ILogger logger)
    {
        (_path, _connection, _logger) = (path, connection, logger);
        _begin = connection.Prepare("BEGIN IMMEDIATE");
        _commit = connection.Prepare("COMMIT");
        _rollback = connection.Prepare("ROLLBACK");
        _insert = connection.Prepare("INSERT INTO records VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)");
        _delete = connection.Prepare("DELETE FROM records WHERE id = ?1");
        _deleteFrom = connection.Prepare("DELETE FROM records WHERE id >= ?1");
        _grant = connection.Prepare("INSERT INTO leases VALUES (?1, ?2)");
        _revoke = connection.Prepare("DELETE FROM leases WHERE id = ?1");
        _setMeta = connection.Prepare("INSERT OR REPLACE INTO meta VALUES ('compact-revision', ?1)");
        connection.WatchLog();
        _wal = new WalKeeper(path, connection, PageSize, logger);
    }

    public long BytesOnDisk => Size(_path) + Size(_path + "-wal");

    /// <summary>Opens or makes the database and shows the loader what it holds.</summary>
    public static StoreResult<SqliteJournal> Open(string path, EmbeddedStoreOptions options, StateLoader loader, ILogger logger)
    {
        if (WalInspector.FindDamage(path + "-wal") is { } logDamage)
            return logDamage;
        SqliteConnection? connection = null;
        try
        {
            connection = new SqliteConnection(path);
            Prepare(connection, options);
            if (JournalReader.Load(connection, loader) is { } damage)
            {
                connection.Dispose();
                return damage;
            }
            return new SqliteJournal(path, connection, logger);
        }
        catch (SqliteException failure)
        {
            connection?.Dispose();
            return failure.ToError();
        }
    }

    public StoreError? Commit(JournalBatch batch)
    {
        try
        {
            if (_failed)
                Repair();
            _begin.Run();
            if (_failed)
                RemoveUnanswered(batch);
            foreach (var record in batch.Records)
                Insert(record);
            Write(batch);
            _commit.Run();
            _failed = false;
        }
        catch (SqliteException failure)
        {
            _failed = true;
            TryRollback();
            return failure.ToError();
        }
        _wal.AfterCommit();
        return null;
    }

    public bool Tidy()
    {
        try
        {
            // Some free pages are soon used again; giving them back would be work for nothing.
            var free = _connection.Execute("PRAGMA freelist_count");
            if (free <= Math.Max(256, _connection.Execute("PRAGMA page_count") / 8))
                return false;
            _connection.Execute($"PRAGMA incremental_vacuum({TidyPages})");
            _wal.AfterCommit();
            return true;
        }
        catch (SqliteException failure)
        {
            _logger.LogWarning("The database could not give free space back: {Message}", failure.Message);
            return false;
        }
    }

    public void Dispose()
    {
        _wal.Dispose();
        foreach (var statement in (SqliteStatement[])
            [_begin, _commit, _rollback, _insert, _delete, _deleteFrom, _grant, _revoke, _setMeta])
            statement.Dispose();
        _connection.Dispose();
    }

    private static void Prepare(SqliteConnection connection, EmbeddedStoreOptions options)
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

    private void Write(JournalBatch batch)
    {
        foreach (var id in batch.Compacted)
        {
            _delete.Bind(1, id);
            _delete.Run();
        }
        foreach (var (id, milliseconds) in batch.Granted)
        {
            _grant.Bind(1, id);
            _grant.Bind(2, milliseconds);
            _grant.Run();
        }
        foreach (var id in batch.Revoked)
        {
            _revoke.Bind(1, id);
            _revoke.Run();
        }
        if (batch.Probe)
            _connection.Execute("INSERT OR REPLACE INTO meta VALUES ('probe', 1 + ifnull((SELECT number FROM meta WHERE name = 'probe'), 0))");
        if (batch.CompactRevision == 0)
            return;
        _setMeta.Bind(1, batch.CompactRevision);
        _setMeta.Run();
    }

    private unsafe void Insert(Record record)
    {
        if (_key.Length < record.Key.Length)
            _key = new byte[record.Key.Length * 2];
        Encoding.ASCII.GetBytes(record.Key, _key);
        var value = record.ValueArray;
        var id = RecordId.Of(record);
        var checksum = RecordChecksum.Of(
            id, record.CreateRevision, record.Version, record.Lease, record.RevisionOffset,
            _key.AsSpan(0, record.Key.Length), value, value is null);
        // An empty array has no address, but an empty value is not a deletion.
        fixed (byte* key = _key, bytes = value is { Length: 0 } ? _key : value)
        {
            _insert.Bind(1, id);
            _insert.BindText(2, key, record.Key.Length);
            if (value is null)
                _insert.BindNull(3);
            else
                _insert.BindBlob(3, bytes, value.Length);
            _insert.Bind(4, record.CreateRevision);
            _insert.Bind(5, record.Version);
            _insert.Bind(6, record.Lease);
            _insert.Bind(7, record.RevisionOffset);
            _insert.Bind(8, checksum);
            _insert.Run();
        }
    }

    /// <summary>After a failure: makes sure that no half transaction is open.</summary>
    private void Repair()
    {
        if (_connection.InTransaction)
            _rollback.Run();
    }

    // A commit that failed at its very end may be in the log all the same; its revisions come again now.
    private void RemoveUnanswered(JournalBatch batch)
    {
        if (batch.Records.Count == 0)
            return;
        _deleteFrom.Bind(1, RecordId.Of(batch.Records[0].ModRevision, 0));
        _deleteFrom.Run();
    }

    private void TryRollback()
    {
        try
        {
            Repair();
        }
        catch (SqliteException failure)
        {
            // Tried again before the next commit.
            _logger.LogError("The database could not roll back: {Message}", failure.Message);
        }
    }

    private static long Size(string path)
    {
        var file = new FileInfo(path);
        return file.Exists ? file.Length : 0;
    }
}
