using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Cybernetes.Store.Tests.Faults;

/// <summary>What goes wrong with an I/O call.</summary>
public enum DiskFault
{
    /// <summary>EIO on a write.</summary>
    WriteError,

    /// <summary>Half of the bytes are written, then EIO.</summary>
    ShortWrite,

    /// <summary>ENOSPC on a write.</summary>
    NoSpace,

    /// <summary>EIO from fsync.</summary>
    SyncError,

    /// <summary>EIO on a read.</summary>
    ReadError,
}

/// <summary>Calls that can fail.</summary>
public enum DiskCall
{
    Read,
    Write,
    Sync,
}

/// <summary>The plan for the files of one folder: which of its writes and syncs fail.</summary>
internal sealed class DiskPlan(string folder)
{
    private int _calls;

    public string Folder { get; } = folder;

    public DiskFault Fault { get; set; }

    /// <summary>The number of the first call that fails, from 1; 0 for none.</summary>
    public int FailFrom { get; set; }

    /// <summary>How many calls fail from there on.</summary>
    public int FailCount { get; set; } = 1;

    /// <summary>Calls of the fault's kind so far.</summary>
    public int Calls => Volatile.Read(ref _calls);

    public int Failed { get; private set; }

    /// <summary>What the names of the files end with whose calls fail.</summary>
    public string Suffix { get; set; } = "";

    /// <summary>A failed sync takes what was written since the last one along, as Linux may, and the next sync succeeds.</summary>
    public bool Forgets { get; set; }

    public void Restart() => Volatile.Write(ref _calls, 0);

    public bool Fails(DiskCall kind, string path)
    {
        var failing = Fault switch
        {
            DiskFault.SyncError => DiskCall.Sync,
            DiskFault.ReadError => DiskCall.Read,
            _ => DiskCall.Write,
        };
        if (kind != failing || !path.EndsWith(Suffix, StringComparison.Ordinal))
            return false;
        var call = Interlocked.Increment(ref _calls);
        if (FailFrom == 0 || call < FailFrom || call >= FailFrom + FailCount)
            return false;
        Failed++;
        return true;
    }
}

/// <summary>
/// A file system for SQLite (https://www.sqlite.org/vfs.html) that is the usual one, except that reads, writes and syncs of the files of a
/// planned folder fail as planned. It becomes the process's default and passes everything else through.
/// </summary>
internal static unsafe partial class FaultyDisk
{
    private const string Library = "libsqlite3.so.0";
    private const int Ok = 0;
    private const int Full = 13;
    private const int ReadFailed = 10 | (1 << 8);
    private const int WriteFailed = 10 | (3 << 8);
    private const int SyncFailed = 10 | (4 << 8);

    // Places in sqlite3_io_methods and sqlite3_vfs, in words of eight bytes.
    private const int Methods = 19;
    private const int Close = 1;
    private const int Read = 2;
    private const int Write = 3;
    private const int Sync = 5;
    private const int SystemWords = 21;
    private const int Name = 3;
    private const int Open = 5;

    // An open file: its plan, and the methods it would have. Databases and logs have different ones.
    private static readonly ConcurrentDictionary<nint, (DiskPlan Plan, nint Usual, string Path)> Files = new();

    // By path: what stood where something was written that no sync has seen yet.
    private static readonly ConcurrentDictionary<string, Stack<(long Offset, byte[] Before)>> Unsynced = new(StringComparer.Ordinal);
    private static readonly ConcurrentDictionary<nint, nint> Tables = new();
    private static readonly ConcurrentDictionary<string, DiskPlan> Plans = new(StringComparer.Ordinal);
    private static readonly Lazy<bool> Registered = new(Register);
    private static nint s_open;

    /// <summary>A plan for a folder's files that are opened from now on.</summary>
    public static DiskPlan Plan(string folder)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "the fault-injecting file system is for Linux");
        _ = Registered.Value;
        return Plans[folder] = new DiskPlan(folder);
    }

    private static bool Register()
    {
        var usual = (nint*)Find(0);
        var system = (nint*)NativeMemory.AllocZeroed(SystemWords, 8);
        NativeMemory.Copy(usual, system, SystemWords * 8);
        s_open = usual[Open];
        system[Name] = Marshal.StringToCoTaskMemUTF8("faulty");
        system[Open] = (nint)(delegate* unmanaged[Cdecl]<nint, byte*, nint*, int, int*, int>)&OpenFile;
        return Register((nint)system, 1) == Ok;
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int OpenFile(nint system, byte* path, nint* file, int flags, int* gotFlags)
    {
        var code = ((delegate* unmanaged[Cdecl]<nint, byte*, nint*, int, int*, int>)s_open)(system, path, file, flags, gotFlags);
        if (code != Ok || path is null || Plans.IsEmpty)
            return code;
        var name = Marshal.PtrToStringUTF8((nint)path)!;
        if (!Plans.TryGetValue(Path.GetDirectoryName(name)!, out var plan))
            return code;
        Files[(nint)file] = (plan, *file, name);
        *file = Tables.GetOrAdd(*file, MakeTable);
        return code;
    }

    private static nint MakeTable(nint usual)
    {
        var table = (nint*)NativeMemory.AllocZeroed(Methods, 8);
        NativeMemory.Copy((void*)usual, table, Methods * 8);
        table[Close] = (nint)(delegate* unmanaged[Cdecl]<nint*, int>)&CloseFile;
        table[Read] = (nint)(delegate* unmanaged[Cdecl]<nint*, byte*, int, long, int>)&ReadFile;
        table[Write] = (nint)(delegate* unmanaged[Cdecl]<nint*, byte*, int, long, int>)&WriteFile;
        table[Sync] = (nint)(delegate* unmanaged[Cdecl]<nint*, int, int>)&SyncFile;
        return (nint)table;
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int CloseFile(nint* file)
    {
        Files.TryRemove((nint)file, out var open);
        *file = open.Usual;
        return ((delegate* unmanaged[Cdecl]<nint*, int>)((nint*)open.Usual)[Close])(file);
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int ReadFile(nint* file, byte* bytes, int count, long offset)
    {
        var (plan, usual, path) = Files[(nint)file];
        return plan.Fails(DiskCall.Read, path) ? ReadFailed : Usually(usual, Read)(file, bytes, count, offset);
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int WriteFile(nint* file, byte* bytes, int count, long offset)
    {
        var (plan, usual, path) = Files[(nint)file];
        if (plan.Forgets)
            Note(file, usual, path, count, offset);
        if (!plan.Fails(DiskCall.Write, path))
            return Usually(usual, Write)(file, bytes, count, offset);
        if (plan.Fault == DiskFault.NoSpace)
            return Full;
        if (plan.Fault == DiskFault.ShortWrite && count > 1)
            _ = Usually(usual, Write)(file, bytes, count / 2, offset);
        return WriteFailed;
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int SyncFile(nint* file, int flags)
    {
        var (plan, usual, path) = Files[(nint)file];
        if (!plan.Fails(DiskCall.Sync, path))
        {
            Unsynced.TryRemove(path, out _);
            return ((delegate* unmanaged[Cdecl]<nint*, int, int>)((nint*)usual)[Sync])(file, flags);
        }
        if (plan.Forgets)
            Forget(file, usual, path);
        return SyncFailed;
    }

    private static delegate* unmanaged[Cdecl]<nint*, byte*, int, long, int> Usually(nint usual, int method) =>
        (delegate* unmanaged[Cdecl]<nint*, byte*, int, long, int>)((nint*)usual)[method];

    private static void Note(nint* file, nint usual, string path, int count, long offset)
    {
        var before = new byte[count];
        // What is beyond the file's end reads as zeros.
        fixed (byte* bytes = before)
            _ = Usually(usual, Read)(file, bytes, count, offset);
        var unsynced = Unsynced.GetOrAdd(path, _ => new());
        lock (unsynced)
            unsynced.Push((offset, before));
    }

    private static void Forget(nint* file, nint usual, string path)
    {
        if (!Unsynced.TryRemove(path, out var unsynced))
            return;
        lock (unsynced)
        {
            foreach (var (offset, before) in unsynced)
            {
                fixed (byte* bytes = before)
                    _ = Usually(usual, Write)(file, bytes, before.Length, offset);
            }
        }
    }

    [LibraryImport(Library, EntryPoint = "sqlite3_vfs_find")]
    private static partial nint Find(nint name);

    [LibraryImport(Library, EntryPoint = "sqlite3_vfs_register")]
    private static partial int Register(nint system, int makeDefault);
}
