using Microsoft.Extensions.Logging;

namespace Cybernetes.Store.Embedded.Sqlite;

/// <summary>
/// Keeps the write-ahead log short. Copying it into the database is done beside the writer, by a connection of its own; only
/// when the writer never pauses, so that there is always something left to copy, it does the rest itself, which lets the log
/// start anew.
/// </summary>
/// <remarks>
/// When a sync of the database fails, the system may drop what had been copied and call the next sync a success (see "PostgreSQL's
/// handling of fsync() errors is unsafe", 2018). SQLite would not copy it again: <see cref="LostCopies"/> says that the log must be kept
/// and all connections be opened anew, which makes SQLite begin at the log's beginning.
/// </remarks>
internal sealed class WalKeeper(string path, SqliteConnection writer, int pageSize, ILogger logger) : IDisposable
{
    /// <summary>The length the log is cut back to when it starts anew.</summary>
    public const long LengthLimit = 64 << 20;

    // Often: so that there is little left when the writer has to do the rest. It may wait for that up to twice its length, where the file ends.
    private const long CopyBesideBytes = 4 << 20;
    private const long CopyByWriterBytes = 32 << 20;
    private const long RestBytes = 1 << 20;

    private readonly long _copyBeside = CopyBesideBytes / pageSize;
    private readonly long _copyByWriter = CopyByWriterBytes / pageSize;
    private long _copyByWriterAt = CopyByWriterBytes / pageSize;
    private long _askedAt;
    private long _copied;
    private Task _beside = Task.CompletedTask;
    private SqliteConnection? _besideConnection;
    private volatile StoreError? _fault;
    private volatile bool _lostCopies;

    /// <summary>Why the log could not be copied the last time; null after a success. The log holds all of it still.</summary>
    public StoreError? Fault => _fault;

    /// <summary>Called, by any thread, when the log could not be copied: the next commit tries it again.</summary>
    public Action? Failed { get; set; }

    /// <summary>What was copied may not be on the disk.</summary>
    public bool LostCopies => _lostCopies;

    /// <summary>To be called by the writer after each commit.</summary>
    public void AfterCommit()
    {
        if (_lostCopies)
            return;
        var pages = writer.LogPages;
        if (pages < _askedAt)
        {
            (_askedAt, _copyByWriterAt) = (0, _copyByWriter);
            Volatile.Write(ref _copied, 0);
        }
        var isBeside = !_beside.IsCompleted;
        var left = pages - Volatile.Read(ref _copied);
        // What is left is little, or nobody else copies fast enough.
        if (pages >= _copyByWriterAt && !isBeside && (left <= RestBytes / pageSize || pages >= 2 * _copyByWriter))
        {
            // If that does not succeed, for example because the disk is full, it is tried again somewhat later.
            _copyByWriterAt = pages + _copyBeside;
            TryCopy(writer);
        }
        else if (!isBeside && pages > _askedAt && (_fault is not null || left >= (pages >= _copyByWriterAt ? RestBytes / pageSize : _copyBeside)))
        {
            _askedAt = pages;
            _beside = Task.Run(CopyBeside);
        }
    }

    public void Dispose()
    {
        _beside.Wait();
        _besideConnection?.Dispose();
    }

    private void CopyBeside()
    {
        if (_besideConnection is null && !TryConnectBeside())
            return;
        TryCopy(_besideConnection!);
    }

    private bool TryConnectBeside()
    {
        SqliteConnection? connection = null;
        try
        {
            connection = new SqliteConnection(path, mustExist: true);
            // Only a connection that has read knows that there is a log; another's copying does nothing, and says nothing.
            connection.Execute("SELECT count(*) FROM sqlite_schema");
            _besideConnection = connection;
            return true;
        }
        catch (SqliteException failure)
        {
            connection?.Dispose();
            Report(failure);
            return false;
        }
    }

    private void TryCopy(SqliteConnection connection)
    {
        try
        {
            if (!connection.Checkpoint(SqliteLibrary.CheckpointPassive, out var copied))
                return;
            // SQLite does so only when the log is copied to its end: that would be the writer, who then waits for all of it.
            if (connection != writer)
                connection.SyncDatabase();
            Volatile.Write(ref _copied, copied);
            _fault = null;
        }
        catch (SqliteException failure)
        {
            _lostCopies |= failure.IsSyncFailure;
            Report(failure);
        }
    }

    private void Report(SqliteException failure)
    {
        var fault = failure.ToError() with { Message = $"the write-ahead log cannot be copied into the database: {failure.Message}" };
        if (_fault != fault)
            logger.LogError("The store cannot tidy its log: {Kind}: {Message}", fault.Kind, fault.Message);
        _fault = fault;
        Failed?.Invoke();
    }
}
