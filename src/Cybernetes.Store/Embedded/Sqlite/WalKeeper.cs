using Microsoft.Extensions.Logging;

namespace Cybernetes.Store.Embedded.Sqlite;

/// <summary>
/// Keeps the write-ahead log short. Copying it into the database is done beside the writer, by a connection of its own; only
/// when the writer never pauses, so that there is always something left to copy, it does the rest itself, which lets the log
/// start anew.
/// </summary>
internal sealed class WalKeeper(string path, SqliteConnection writer, int pageSize, ILogger logger) : IDisposable
{
    /// <summary>The length the log is cut back to when it starts anew.</summary>
    public const long LengthLimit = 64 << 20;

    private const long CopyBesideBytes = 16 << 20;
    private const long CopyByWriterBytes = 48 << 20;

    private readonly long _copyBeside = CopyBesideBytes / pageSize;
    private long _copyByWriter = CopyByWriterBytes / pageSize;
    private long _copiedAt;
    private Task _beside = Task.CompletedTask;
    private SqliteConnection? _besideConnection;

    /// <summary>To be called by the writer after each commit.</summary>
    public void AfterCommit()
    {
        var pages = writer.LogPages;
        if (pages < _copiedAt)
        {
            _copiedAt = 0;
            _copyByWriter = CopyByWriterBytes / pageSize;
        }
        if (pages >= _copyByWriter)
        {
            // If that does not succeed, for example because the disk is full, it is tried again somewhat later.
            _copyByWriter = pages + (_copyBeside / 4);
            TryCopy(writer);
        }
        else if (pages - _copiedAt >= _copyBeside && _beside.IsCompleted)
        {
            _copiedAt = pages;
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
        try
        {
            _besideConnection ??= new SqliteConnection(path);
        }
        catch (SqliteException failure)
        {
            logger.LogWarning("The database could not be opened a second time: {Message}", failure.Message);
            return;
        }
        TryCopy(_besideConnection);
    }

    private void TryCopy(SqliteConnection connection)
    {
        try
        {
            connection.Checkpoint(SqliteLibrary.CheckpointPassive);
        }
        catch (SqliteException failure)
        {
            logger.LogWarning("The write-ahead log could not be copied into the database: {Message}", failure.Message);
        }
    }
}
