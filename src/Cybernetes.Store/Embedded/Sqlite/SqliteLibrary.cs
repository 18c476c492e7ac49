using System.Reflection;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Cybernetes.Store.Embedded.Sqlite;

/// <summary>The functions we need of the system's SQLite library (https://www.sqlite.org/c3ref/intro.html).</summary>
internal static partial class SqliteLibrary
{
    public const int Ok = 0;
    public const int Busy = 5;
    public const int Corrupt = 11;
    public const int Full = 13;
    public const int NotADatabase = 26;
    public const int Row = 100;
    public const int Done = 101;
    public const int SyncFailed = 10 | (4 << 8);

    public const int OpenReadWrite = 0x2;
    public const int OpenCreate = 0x4;
    public const int OpenNoMutex = 0x8000;

    public const int CheckpointPassive = 0;

    public const int FilePointer = 7;
    public const int SyncNormal = 2;
    public const int NoCheckpointOnClose = 1006;
    private const int MemoryStatus = 9;

    public const int TypeNull = 5;

    private const string Name = "sqlite3";

    static SqliteLibrary()
    {
        NativeLibrary.SetDllImportResolver(typeof(SqliteLibrary).Assembly, Resolve);
        // Nobody asks how much memory SQLite has; counting it takes a lock for every piece. Refused when somebody used the library before.
        _ = ConfigureAll(MemoryStatus, 0, 0, 0, 0, 0, 0, 0, 0);
    }

    /// <summary>Runs the static constructor, so that the library is found by its name on this system.</summary>
    public static void Load() => RuntimeHelpers.RunClassConstructor(typeof(SqliteLibrary).TypeHandle);

    [LibraryImport(Name, EntryPoint = "sqlite3_open_v2", StringMarshalling = StringMarshalling.Utf8)]
    public static partial int Open(string path, out nint connection, int flags, string? fileSystem);

    [LibraryImport(Name, EntryPoint = "sqlite3_vfs_find")]
    public static partial nint FindFiles(nint name);

    [LibraryImport(Name, EntryPoint = "sqlite3_vfs_register")]
    public static partial int RegisterFiles(nint fileSystem, int makeDefault);

    [LibraryImport(Name, EntryPoint = "sqlite3_close_v2")]
    public static partial int Close(nint connection);

    [LibraryImport(Name, EntryPoint = "sqlite3_errmsg")]
    public static partial nint ErrorMessage(nint connection);

    [LibraryImport(Name, EntryPoint = "sqlite3_extended_result_codes")]
    public static partial int UseExtendedCodes(nint connection, int on);

    [LibraryImport(Name, EntryPoint = "sqlite3_busy_timeout")]
    public static partial int SetBusyTimeout(nint connection, int milliseconds);

    [LibraryImport(Name, EntryPoint = "sqlite3_get_autocommit")]
    public static partial int IsOutsideTransaction(nint connection);

    [LibraryImport(Name, EntryPoint = "sqlite3_prepare_v3", StringMarshalling = StringMarshalling.Utf8)]
    public static partial int Prepare(nint connection, string text, int bytes, uint flags, out nint statement, nint tail);

    [LibraryImport(Name, EntryPoint = "sqlite3_step")]
    public static partial int Step(nint statement);

    [LibraryImport(Name, EntryPoint = "sqlite3_reset")]
    public static partial int Reset(nint statement);

    [LibraryImport(Name, EntryPoint = "sqlite3_finalize")]
    public static partial int Finish(nint statement);

    [LibraryImport(Name, EntryPoint = "sqlite3_bind_int64")]
    [SuppressGCTransition]
    public static partial int Bind(nint statement, int index, long value);

    [LibraryImport(Name, EntryPoint = "sqlite3_bind_null")]
    [SuppressGCTransition]
    public static partial int BindNull(nint statement, int index);

    [LibraryImport(Name, EntryPoint = "sqlite3_bind_text")]
    public static unsafe partial int BindText(nint statement, int index, byte* text, int bytes, nint destructor);

    [LibraryImport(Name, EntryPoint = "sqlite3_bind_blob")]
    public static unsafe partial int BindBlob(nint statement, int index, byte* bytes, int count, nint destructor);

    [LibraryImport(Name, EntryPoint = "sqlite3_column_type")]
    [SuppressGCTransition]
    public static partial int ColumnType(nint statement, int column);

    [LibraryImport(Name, EntryPoint = "sqlite3_column_int64")]
    [SuppressGCTransition]
    public static partial long ColumnInteger(nint statement, int column);

    [LibraryImport(Name, EntryPoint = "sqlite3_column_blob")]
    public static unsafe partial byte* ColumnBlob(nint statement, int column);

    [LibraryImport(Name, EntryPoint = "sqlite3_column_bytes")]
    [SuppressGCTransition]
    public static partial int ColumnBytes(nint statement, int column);

    [LibraryImport(Name, EntryPoint = "sqlite3_wal_checkpoint_v2")]
    public static partial int Checkpoint(nint connection, nint schema, int mode, out int frames, out int copied);

    [LibraryImport(Name, EntryPoint = "sqlite3_file_control")]
    public static partial int FileControl(nint connection, nint schema, int operation, out nint result);

    // Takes a variable number of arguments. Some systems pass those on the stack only, where the last two get by this form.
    [LibraryImport(Name, EntryPoint = "sqlite3_db_config")]
    public static partial int Configure(
        nint connection, int option, nint on, nint result, nint unused1, nint unused2, nint unused3, nint unused4, nint onStack, nint resultOnStack);

    // As above: some systems find the argument in a register, some on the stack.
    [LibraryImport(Name, EntryPoint = "sqlite3_config")]
    private static partial int ConfigureAll(
        int option, nint value, nint unused1, nint unused2, nint unused3, nint unused4, nint unused5, nint unused6, nint valueOnStack);

    [LibraryImport(Name, EntryPoint = "sqlite3_wal_hook")]
    public static unsafe partial nint SetLogHook(
        nint connection, delegate* unmanaged[Cdecl]<int*, nint, nint, int, int> hook, int* context);

    private static nint Resolve(string name, Assembly assembly, DllImportSearchPath? path)
    {
        if (name != Name)
            return 0;
        string[] candidates = OperatingSystem.IsWindows() ? ["winsqlite3"]
            : OperatingSystem.IsMacOS() ? ["libsqlite3.dylib", "/usr/lib/libsqlite3.dylib"]
            : ["libsqlite3.so.0", "libsqlite3.so"];
        foreach (var candidate in candidates)
        {
            if (NativeLibrary.TryLoad(candidate, assembly, path, out var handle))
                return handle;
        }
        return 0;
    }
}
