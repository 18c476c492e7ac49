using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace Cybernetes.Load.Connections;

/// <summary>
/// Tells which sockets have something to read. One thread waits for all of them: on Linux by epoll, which .NET does not offer as such, elsewhere
/// by select.
/// </summary>
internal abstract class Readiness : IDisposable
{
    public static Readiness Create() => OperatingSystem.IsLinux() ? new EpollReadiness() : new SelectReadiness();

    /// <summary>Reports <paramref name="key"/> whenever the socket has something to read.</summary>
    public abstract void Add(Socket socket, int key);

    public abstract void Remove(Socket socket);

    /// <returns>The keys of sockets with something to read; valid until the next call. Empty when the time is over.</returns>
    public abstract ReadOnlySpan<int> Wait(int timeoutMilliseconds);

    public abstract void Dispose();
}

/// <summary>Linux' epoll, level triggered.</summary>
internal sealed partial class EpollReadiness : Readiness
{
    private const int MaximumEvents = 256;
    private const int Control = 1; // EPOLL_CTL_ADD
    private const int ControlDelete = 2;
    private const uint Readable = 0x1 | 0x2000; // EPOLLIN, EPOLLRDHUP

    // struct epoll_event is packed on x64 only.
    private static readonly int s_stride = RuntimeInformation.ProcessArchitecture == Architecture.X64 ? 12 : 16;
    private static readonly int s_dataOffset = s_stride - 8;

    private readonly int _handle = epoll_create1(0);
    private readonly byte[] _events = new byte[MaximumEvents * s_stride];
    private readonly int[] _keys = new int[MaximumEvents];

    public override void Add(Socket socket, int key)
    {
        Span<byte> one = stackalloc byte[16];
        one.Clear();
        BitConverter.TryWriteBytes(one, Readable);
        BitConverter.TryWriteBytes(one[s_dataOffset..], key);
        if (epoll_ctl(_handle, Control, (int)socket.Handle, ref one[0]) != 0)
            throw new IOException($"epoll_ctl: error {Marshal.GetLastPInvokeError()}");
    }

    public override void Remove(Socket socket)
    {
        Span<byte> unused = stackalloc byte[16];
        _ = epoll_ctl(_handle, ControlDelete, (int)socket.Handle, ref unused[0]);
    }

    public override ReadOnlySpan<int> Wait(int timeoutMilliseconds)
    {
        var count = epoll_wait(_handle, ref _events[0], MaximumEvents, timeoutMilliseconds);
        for (var i = 0; i < count; i++)
            _keys[i] = BitConverter.ToInt32(_events, (i * s_stride) + s_dataOffset);
        return _keys.AsSpan(0, Math.Max(count, 0));
    }

    public override void Dispose() => _ = close(_handle);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int epoll_create1(int flags);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int epoll_ctl(int handle, int operation, int socket, ref byte change);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int epoll_wait(int handle, ref byte events, int maximum, int timeoutMilliseconds);

    [LibraryImport("libc")]
    private static partial int close(int handle);
}

/// <summary>Every other system: select, which copies its lists at each call and costs more.</summary>
internal sealed class SelectReadiness : Readiness
{
    private readonly Dictionary<Socket, int> _keys = [];
    private readonly List<Socket> _readable = [];
    private int[] _result = [];

    public override void Add(Socket socket, int key) => _keys[socket] = key;

    public override void Remove(Socket socket) => _keys.Remove(socket);

    public override ReadOnlySpan<int> Wait(int timeoutMilliseconds)
    {
        _readable.Clear();
        _readable.AddRange(_keys.Keys);
        if (_readable.Count > 0)
            Socket.Select(_readable, null, null, TimeSpan.FromMilliseconds(timeoutMilliseconds));
        if (_result.Length < _readable.Count)
            _result = new int[_keys.Count];
        for (var i = 0; i < _readable.Count; i++)
            _result[i] = _keys[_readable[i]];
        return _result.AsSpan(0, _readable.Count);
    }

    public override void Dispose() => _keys.Clear();
}
