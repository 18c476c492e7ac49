using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;

namespace Cybernetes.Store.Embedded.Sqlite;

/// <summary>One connection; one thread at a time. Every failure is a <see cref="SqliteException"/>.</summary>
internal sealed unsafe class SqliteConnection : IDisposable
{
    private nint _handle;
    private int* _logPages;

    /// <param name="mustExist">Whether it is an error when the database is not there; else it is made.</param>
    /// <param name="gather">Whether a commit's pages go to the write-ahead log at once: see <see cref="GatheringFiles"/>.</param>
    public SqliteConnection(string path, bool mustExist = false, bool gather = false)
    {
        SqliteLibrary.Load();
        // A reader opens for writing too: without a writer beside it, it has to make the log's index.
        var flags = SqliteLibrary.OpenReadWrite | SqliteLibrary.OpenNoMutex | (mustExist ? 0 : SqliteLibrary.OpenCreate);
        var code = SqliteLibrary.Open(path, out _handle, flags, gather && GatheringFiles.Register() ? GatheringFiles.Name : null);
        if (code != SqliteLibrary.Ok)
        {
            var failure = Failure(code);
            Dispose();
            throw failure;
        }
        _ = SqliteLibrary.UseExtendedCodes(_handle, 1);
        _ = SqliteLibrary.SetBusyTimeout(_handle, 10_000);
        _logPages = (int*)NativeMemory.AllocZeroed(sizeof(int));
    }

    /// <summary>Pages in the write-ahead log after this connection's last commit; 0 before <see cref="WatchLog"/>.</summary>
    public int LogPages => *_logPages;

    public bool InTransaction => SqliteLibrary.IsOutsideTransaction(_handle) == 0;

    /// <summary>Begins to count the log's pages, and ends SQLite's own copying of the log.</summary>
    public void WatchLog() => SqliteLibrary.SetLogHook(_handle, &NoteLogPages, _logPages);

    public SqliteStatement Prepare(string text)
    {
        // 1: the statement is kept for long.
        Check(SqliteLibrary.Prepare(_handle, text, -1, 1, out var statement, 0));
        return new SqliteStatement(this, statement);
    }

    /// <summary>
    /// Runs a statement to its end and gives the number in the first column of its first row; 0 when it has none.
    /// </summary>
    public long Execute(string text)
    {
        using var statement = Prepare(text);
        if (!statement.Step())
            return 0;
        var first = statement.Integer(0);
        while (statement.Step())
        {
        }
        return first;
    }

    /// <summary>Copies what the write-ahead log holds into the database; false when others are in the way.</summary>
    /// <param name="copied">Pages of the log that are in the database now, from its beginning.</param>
    public bool Checkpoint(int mode, out int copied)
    {
        var code = SqliteLibrary.Checkpoint(_handle, 0, mode, out _, out copied);
        if ((code & 0xff) == SqliteLibrary.Busy)
            return false;
        Check(code);
        return true;
    }

    /// <summary>The text in the first column of a statement's first row.</summary>
    public string ExecuteText(string text)
    {
        using var statement = Prepare(text);
        return statement.Step() ? Encoding.UTF8.GetString(statement.Bytes(0)) : "";
    }

    /// <summary>Leaves the write-ahead log where it is when the connection is closed.</summary>
    public void KeepLogOnClose() =>
        Check(SqliteLibrary.Configure(_handle, SqliteLibrary.NoCheckpointOnClose, 1, 0, 0, 0, 0, 0, 1, 0));

    /// <summary>Waits until what was copied into the database is on the disk.</summary>
    public void SyncDatabase()
    {
        Check(SqliteLibrary.FileControl(_handle, 0, SqliteLibrary.FilePointer, out var file));
        // sqlite3_file begins with the table of its methods: a version, then xClose, xRead, xWrite, xTruncate, xSync.
        var sync = (*(delegate* unmanaged[Cdecl]<nint, int, int>**)file)[5];
        Check(sync(file, SqliteLibrary.SyncNormal));
    }

    public void Check(int code)
    {
        if (code != SqliteLibrary.Ok)
            throw Failure(code);
    }

    public SqliteException Failure(int code)
    {
        var text = _handle == 0 ? null : Marshal.PtrToStringUTF8(SqliteLibrary.ErrorMessage(_handle));
        return new SqliteException(code, $"{text ?? "out of memory"} (SQLite code {code})");
    }

    public void Dispose()
    {
        if (_handle != 0)
            _ = SqliteLibrary.Close(_handle);
        _handle = 0;
        NativeMemory.Free(_logPages);
        _logPages = null;
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int NoteLogPages(int* pages, nint connection, nint schema, int count)
    {
        *pages = count;
        return SqliteLibrary.Ok;
    }
}

/// <summary>A prepared statement. Parameters count from 1, columns from 0.</summary>
internal sealed class SqliteStatement(SqliteConnection connection, nint handle) : IDisposable
{
    private nint _handle = handle;

    /// <summary>Runs to the next row; false at the end, after which the statement can be bound and run anew.</summary>
    public bool Step()
    {
        var code = SqliteLibrary.Step(_handle);
        if (code == SqliteLibrary.Row)
            return true;
        var failure = code == SqliteLibrary.Done ? null : connection.Failure(code);
        _ = SqliteLibrary.Reset(_handle);
        return failure is null ? false : throw failure;
    }

    /// <summary>Runs a statement that gives no rows.</summary>
    public void Run() => Step();

    public void Bind(int index, long value) => connection.Check(SqliteLibrary.Bind(_handle, index, value));

    public void BindNull(int index) => connection.Check(SqliteLibrary.BindNull(_handle, index));

    /// <param name="text">Must stay where it is until the statement has run.</param>
    public unsafe void BindText(int index, byte* text, int bytes) =>
        connection.Check(SqliteLibrary.BindText(_handle, index, text, bytes, 0));

    /// <param name="bytes">Must stay where it is until the statement has run.</param>
    public unsafe void BindBlob(int index, byte* bytes, int count) =>
        connection.Check(SqliteLibrary.BindBlob(_handle, index, bytes, count, 0));

    public bool IsNull(int column) => SqliteLibrary.ColumnType(_handle, column) == SqliteLibrary.TypeNull;

    public long Integer(int column) => SqliteLibrary.ColumnInteger(_handle, column);

    /// <summary>The bytes of a text or blob, until the next step.</summary>
    public unsafe ReadOnlySpan<byte> Bytes(int column)
    {
        var bytes = SqliteLibrary.ColumnBlob(_handle, column);
        return new ReadOnlySpan<byte>(bytes, SqliteLibrary.ColumnBytes(_handle, column));
    }

    public void Dispose()
    {
        if (_handle != 0)
            _ = SqliteLibrary.Finish(_handle);
        _handle = 0;
    }
}
