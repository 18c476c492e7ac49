using System.ComponentModel;
using System.Runtime.InteropServices;
using System.Runtime.Versioning;

namespace Cybernetes.ApiServer.Sockets;

/// <summary>The calls of epoll(7). Safe for concurrent use.</summary>
[SupportedOSPlatform("linux")]
internal sealed unsafe partial class Epoll
{
    private const int CloseOnExec = 0x80000;
    private const int Add = 1;
    private const int Interrupted = 4;
    private const uint Readable = 0x1;
    private const uint Failed = 0x8;
    private const uint Closed = 0x10;
    private const uint PeerClosed = 0x2000;
    private const uint OnChange = 1u << 31;
    private const int EventBytes = 16;
    private const int WithoutEnd = -1;

    // struct epoll_event is packed on x86 only.
    private static readonly int s_dataOffset = RuntimeInformation.ProcessArchitecture is Architecture.X64 or Architecture.X86 ? 4 : 8;

    // Never closed: who polls does so for as long as the process lives.
    private readonly int _queue = Checked(epoll_create1(CloseOnExec));

    /// <summary>
    /// From now on each change of the socket to readable, closed or failed is told to one of those who wait. The system forgets a socket that is closed.
    /// </summary>
    /// <param name="socket">The socket; stays its owner's.</param>
    /// <param name="id">What the events carry.</param>
    public void Watch(SafeHandle socket, ulong id)
    {
        var change = stackalloc byte[EventBytes];
        var bytes = new Span<byte>(change, EventBytes);
        BitConverter.TryWriteBytes(bytes, Readable | PeerClosed | OnChange);
        BitConverter.TryWriteBytes(bytes[s_dataOffset..], id);
        Checked(epoll_ctl(_queue, Add, socket, change));
    }

    /// <summary>Waits for the next event.</summary>
    /// <returns>Whose it is, and whether nothing more will come from the other side.</returns>
    public (ulong Id, bool IsClosed) Wait()
    {
        while (true)
        {
            if (TryTake(WithoutEnd, out var told))
                return told;
        }
    }

    /// <summary>The next event, when there is one already; see <see cref="Wait"/>.</summary>
    public bool TryTake(out (ulong Id, bool IsClosed) told) => TryTake(0, out told);

    private bool TryTake(int milliseconds, out (ulong Id, bool IsClosed) told)
    {
        var taken = stackalloc byte[EventBytes];
        var count = epoll_wait(_queue, taken, 1, milliseconds);
        if (count < 0 && Marshal.GetLastPInvokeError() != Interrupted)
            throw new Win32Exception();
        told = default;
        if (count <= 0)
            return false;
        var bytes = new ReadOnlySpan<byte>(taken, EventBytes);
        var events = BitConverter.ToUInt32(bytes);
        told = (BitConverter.ToUInt64(bytes[s_dataOffset..]), (events & (PeerClosed | Closed | Failed)) != 0);
        return true;
    }

    private static int Checked(int result) => result >= 0 ? result : throw new Win32Exception();

    [LibraryImport("libc", SetLastError = true)]
    private static partial int epoll_create1(int flags);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int epoll_ctl(int queue, int operation, SafeHandle socket, byte* change);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int epoll_wait(int queue, byte* told, int most, int milliseconds);
}
