using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Cybernetes.Store.Embedded.Sqlite;

/// <summary>
/// A file system for SQLite (https://www.sqlite.org/vfs.html): the usual one, but what is written to a write-ahead log one piece behind the
/// other is gathered and given to the system at once, at the latest with the sync that ends a commit. SQLite writes each page of a commit
/// in two pieces: a dozen calls for a small commit, instead of one.
/// </summary>
/// <remarks>
/// Nothing else changes: what is gathered was not on disk before its sync either, others look at a page of the log only after the commit,
/// and whoever reads the log through this file, or asks for its size, gets it written first. A write that fails is told by the call that
/// brought it about, mostly the sync, and is not tried again: SQLite then undoes the commit.
/// </remarks>
internal static unsafe class GatheringFiles
{
    /// <summary>Its name for <see cref="SqliteLibrary.Open"/>, once <see cref="Register"/> has been called.</summary>
    public const string Name = "gathering";

    // A larger commit comes in several pieces: SQLite's usual file system for Unix writes no more at once.
    private const int GatheredBytes = (128 << 10) - 1;
    private const int FirstBytes = 32 << 10;
    private const int Ok = SqliteLibrary.Ok;
    private const int OpenLog = 0x80000;

    // Places in sqlite3_vfs, in words of eight bytes, and the words it has at least.
    private const int SystemWords = 21;
    private const int SystemName = 3;
    private const int SystemOpen = 5;

    // Places in sqlite3_io_methods.
    private const int Close = 1;
    private const int Read = 2;
    private const int Write = 3;
    private const int Truncate = 4;
    private const int Sync = 5;
    private const int FileSize = 6;
    private const int FileControl = 10;
    private const int MethodWords = 19;

    private static readonly Lazy<bool> Registered = new(RegisterOnce);
    private static int s_usualFileBytes;

    /// <summary>Makes it known to SQLite, once in the process; false when that cannot be.</summary>
    public static bool Register() => Registered.Value;

    private static bool RegisterOnce()
    {
        var usual = (nint*)SqliteLibrary.FindFiles(0);
        if (usual is null)
            return false;
        var system = (nint*)NativeMemory.AllocZeroed(SystemWords, 8);
        NativeMemory.Copy(usual, system, SystemWords * 8);
        s_usualFileBytes = (FileBytes(usual) + 7) & ~7;
        FileBytes(system) = s_usualFileBytes + sizeof(GatheredLog);
        system[SystemName] = Marshal.StringToCoTaskMemUTF8(Name);
        system[SystemOpen] = (nint)(delegate* unmanaged[Cdecl]<nint, byte*, nint*, int, int*, int>)&OpenFile;
        return SqliteLibrary.RegisterFiles((nint)system, 0) == Ok;
    }

    private static ref int FileBytes(nint* system) => ref ((int*)system)[1];

    private static GatheredLog* Of(nint* file) => (GatheredLog*)((byte*)file + s_usualFileBytes);

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int OpenFile(nint system, byte* path, nint* file, int flags, int* gotFlags)
    {
        // Whatever is the usual one now: tests put theirs in its place.
        var usual = (nint*)SqliteLibrary.FindFiles(0);
        var code = ((delegate* unmanaged[Cdecl]<nint, byte*, nint*, int, int*, int>)usual[SystemOpen])((nint)usual, path, file, flags, gotFlags);
        if (code != Ok || (flags & OpenLog) == 0)
            return code;
        var log = Of(file);
        *log = new GatheredLog { Usual = (nint*)*file };
        var methods = (nint*)log->Methods;
        var words = *(int*)log->Usual switch { 1 => 13, 2 => 17, _ => MethodWords };
        NativeMemory.Copy(log->Usual, methods, (nuint)words * 8);
        ((int*)methods)[0] = Math.Min(((int*)methods)[0], 3);
        methods[Close] = (nint)(delegate* unmanaged[Cdecl]<nint*, int>)&CloseFile;
        methods[Read] = (nint)(delegate* unmanaged[Cdecl]<nint*, byte*, int, long, int>)&ReadFile;
        methods[Write] = (nint)(delegate* unmanaged[Cdecl]<nint*, byte*, int, long, int>)&WriteFile;
        methods[Truncate] = (nint)(delegate* unmanaged[Cdecl]<nint*, long, int>)&TruncateFile;
        methods[Sync] = (nint)(delegate* unmanaged[Cdecl]<nint*, int, int>)&SyncFile;
        methods[FileSize] = (nint)(delegate* unmanaged[Cdecl]<nint*, long*, int>)&SizeOfFile;
        methods[FileControl] = (nint)(delegate* unmanaged[Cdecl]<nint*, int, nint, int>)&ControlFile;
        *file = (nint)methods;
        return Ok;
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int CloseFile(nint* file)
    {
        var log = Of(file);
        var flushed = Flush(file, log);
        NativeMemory.Free(log->Bytes);
        log->Bytes = null;
        *file = (nint)log->Usual;
        var closed = ((delegate* unmanaged[Cdecl]<nint*, int>)log->Usual[Close])(file);
        return flushed != Ok ? flushed : closed;
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int ReadFile(nint* file, byte* bytes, int count, long offset)
    {
        var log = Of(file);
        var code = Flush(file, log);
        return code != Ok ? code : ((delegate* unmanaged[Cdecl]<nint*, byte*, int, long, int>)log->Usual[Read])(file, bytes, count, offset);
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int WriteFile(nint* file, byte* bytes, int count, long offset)
    {
        var log = Of(file);
        if (log->Count > 0 && (offset != log->Offset + log->Count || log->Count + count > GatheredBytes) && Flush(file, log) is var code and not Ok)
            return code;
        if (count > GatheredBytes)
            return UsualWrite(file, log, bytes, count, offset);
        if (log->Count + count > log->Capacity)
            Grow(log, log->Count + count);
        if (log->Count == 0)
            log->Offset = offset;
        NativeMemory.Copy(bytes, log->Bytes + log->Count, (nuint)count);
        log->Count += count;
        return Ok;
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int TruncateFile(nint* file, long size)
    {
        var log = Of(file);
        var code = Flush(file, log);
        return code != Ok ? code : ((delegate* unmanaged[Cdecl]<nint*, long, int>)log->Usual[Truncate])(file, size);
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int SyncFile(nint* file, int flags)
    {
        var log = Of(file);
        var code = Flush(file, log);
        return code != Ok ? code : ((delegate* unmanaged[Cdecl]<nint*, int, int>)log->Usual[Sync])(file, flags);
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int SizeOfFile(nint* file, long* size)
    {
        var log = Of(file);
        var code = Flush(file, log);
        return code != Ok ? code : ((delegate* unmanaged[Cdecl]<nint*, long*, int>)log->Usual[FileSize])(file, size);
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int ControlFile(nint* file, int operation, nint argument)
    {
        var log = Of(file);
        var code = Flush(file, log);
        return code != Ok ? code : ((delegate* unmanaged[Cdecl]<nint*, int, nint, int>)log->Usual[FileControl])(file, operation, argument);
    }

    private static int Flush(nint* file, GatheredLog* log)
    {
        if (log->Count == 0)
            return Ok;
        var count = log->Count;
        log->Count = 0;
        return UsualWrite(file, log, log->Bytes, count, log->Offset);
    }

    private static int UsualWrite(nint* file, GatheredLog* log, byte* bytes, int count, long offset) =>
        ((delegate* unmanaged[Cdecl]<nint*, byte*, int, long, int>)log->Usual[Write])(file, bytes, count, offset);

    private static void Grow(GatheredLog* log, int count)
    {
        log->Capacity = count <= FirstBytes ? FirstBytes : GatheredBytes;
        log->Bytes = (byte*)NativeMemory.Realloc(log->Bytes, (nuint)log->Capacity);
    }

    /// <summary>What stands behind the usual file's own bytes.</summary>
    private struct GatheredLog
    {
        /// <summary>The methods the file would have.</summary>
        public nint* Usual;

        /// <summary>Where what is gathered belongs in the file.</summary>
        public long Offset;

        public byte* Bytes;
        public int Count;
        public int Capacity;

        /// <summary>Its methods now.</summary>
        public fixed long Methods[MethodWords];
    }
}
