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
    // Pages one call of Tidy gives back at most: a few milliseconds.
    private const int TidyPages = 64;

    private readonly string _path;
    private readonly EmbeddedStoreOptions _options;
    private readonly ILogger _logger;
    private SqliteSession? _session;
    private byte[] _key = new byte[512];
    private bool _failed;

    private SqliteJournal(string path, EmbeddedStoreOptions options, SqliteSession session, ILogger logger)
    {
        (_path, _options, _logger) = (path, options, logger);
        Adopt(session);
    }

    public long BytesOnDisk => Size(_path) + Size(_path + "-wal");

    public StoreError? Fault => Volatile.Read(ref _session)?.Wal.Fault;

    public Action? Failed { get; set; }

    /// <summary>Opens or makes the database and shows the loader what it holds.</summary>
    public static StoreResult<SqliteJournal> Open(string path, EmbeddedStoreOptions options, StateLoader loader, ILogger logger)
    {
        if (WalInspector.FindDamage(path + "-wal") is { } logDamage)
            return logDamage;
        SqliteSession? session = null;
        try
        {
            session = SqliteSession.Open(path, options, logger);
            if (Load(path, session, loader) is not { } damage)
                return new SqliteJournal(path, options, session, logger);
            session.Dispose();
            return damage;
        }
        catch (SqliteException failure)
        {
            session?.Dispose();
            return failure.ToError();
        }
    }

    public StoreError? Commit(JournalBatch batch)
    {
        SqliteSession session;
        try
        {
            session = Session();
            if (_failed)
                Repair(session);
            session.Begin.Run();
            if (_failed)
                RemoveUnanswered(session, batch);
            // First: the new rows then take pages that are written anyway, instead of others.
            Delete(session.Delete, batch.Compacted);
            foreach (var record in batch.Records)
                Insert(session.Insert, record);
            Write(session, batch);
            session.Commit.Run();
            _failed = false;
        }
        catch (SqliteException failure)
        {
            _failed = true;
            TryRollback();
            return failure.ToError();
        }
        session.Wal.AfterCommit();
        return null;
    }

    public bool Tidy()
    {
        try
        {
            // Some free pages are soon used again; giving them back would be work for nothing.
            var session = Session();
            var free = session.Connection.Execute("PRAGMA freelist_count");
            if (free <= Math.Max(256, session.Connection.Execute("PRAGMA page_count") / 8))
                return false;
            session.Connection.Execute($"PRAGMA incremental_vacuum({TidyPages})");
            session.Wal.AfterCommit();
            return true;
        }
        catch (SqliteException failure)
        {
            _logger.LogWarning("The database could not give free space back: {Message}", failure.Message);
            return false;
        }
    }

    public void Dispose() => _session?.Dispose();

    /// <summary>Loads the records while another thread looks at the pages they are on.</summary>
    private static StoreError? Load(string path, SqliteSession session, StateLoader loader)
    {
        var pages = Task.Run(() => JournalReader.FindDamage(path));
        StoreError? damage;
        try
        {
            damage = JournalReader.Load(session.Connection, loader);
        }
        finally
        {
            pages.Wait();
        }
        return damage ?? pages.Result;
    }

    /// <summary>The open database; opened anew when what was copied into it may be lost.</summary>
    private SqliteSession Session()
    {
        if (_session is { Wal.LostCopies: true } lost)
        {
            _logger.LogWarning("The database is opened anew, to copy the whole write-ahead log into it again");
            Volatile.Write(ref _session, null);
            lost.Dispose();
        }
        if (_session is null)
            Adopt(SqliteSession.Open(_path, _options, _logger));
        return _session!;
    }

    private void Adopt(SqliteSession session)
    {
        session.Wal.Failed = () => Failed?.Invoke();
        Volatile.Write(ref _session, session);
    }

    private static void Delete(SqliteStatement delete, List<long> ids)
    {
        foreach (var id in ids)
        {
            delete.Bind(1, id);
            delete.Run();
        }
    }

    private static void Write(SqliteSession session, JournalBatch batch)
    {
        foreach (var (id, milliseconds) in batch.Granted)
        {
            session.Grant.Bind(1, id);
            session.Grant.Bind(2, milliseconds);
            session.Grant.Run();
        }
        foreach (var id in batch.Revoked)
        {
            session.Revoke.Bind(1, id);
            session.Revoke.Run();
        }
        if (batch.Probe)
            session.Connection.Execute("INSERT OR REPLACE INTO meta VALUES ('probe', 1 + ifnull((SELECT number FROM meta WHERE name = 'probe'), 0))");
        if (batch.CompactRevision == 0)
            return;
        session.SetCompactRevision.Bind(1, batch.CompactRevision);
        session.SetCompactRevision.Run();
    }

    private unsafe void Insert(SqliteStatement insert, Record record)
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
            insert.Bind(1, id);
            insert.BindText(2, key, record.Key.Length);
            if (value is null)
                insert.BindNull(3);
            else
                insert.BindBlob(3, bytes, value.Length);
            insert.Bind(4, record.CreateRevision);
            insert.Bind(5, record.Version);
            insert.Bind(6, record.Lease);
            insert.Bind(7, record.RevisionOffset);
            insert.Bind(8, checksum);
            insert.Run();
        }
    }

    /// <summary>After a failure: makes sure that no half transaction is open.</summary>
    private static void Repair(SqliteSession session)
    {
        if (session.Connection.InTransaction)
            session.Rollback.Run();
    }

    // A commit that failed at its very end may be in the log all the same; its revisions come again now.
    private static void RemoveUnanswered(SqliteSession session, JournalBatch batch)
    {
        if (batch.Records.Count == 0)
            return;
        session.DeleteFrom.Bind(1, RecordId.Of(batch.Records[0].ModRevision, 0));
        session.DeleteFrom.Run();
    }

    private void TryRollback()
    {
        try
        {
            if (_session is not null)
                Repair(_session);
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
