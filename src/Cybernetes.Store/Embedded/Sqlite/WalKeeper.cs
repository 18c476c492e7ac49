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

    /// <summary>To be called by the writer after each commit.</summary>
    public void AfterCommit()
    {
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
        else if (!isBeside && left >= (pages >= _copyByWriterAt ? RestBytes / pageSize : _copyBeside) && pages > _askedAt)
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
            if (connection.Checkpoint(SqliteLibrary.CheckpointPassive, out var copied))
                Volatile.Write(ref _copied, copied);
        }
        catch (SqliteException failure)
        {
            logger.LogWarning("The write-ahead log could not be copied into the database: {Message}", failure.Message);
        }
    }
}
