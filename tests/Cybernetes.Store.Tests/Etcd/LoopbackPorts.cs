using System.Net;
using System.Net.Sockets;

namespace Cybernetes.Store.Tests.Etcd;

/// <summary>
/// Ports on loopback for processes that cannot say which one they got: below those that the system gives to whoever connects, since one of
/// these may be gone again before the process listens, or while it is down.
/// </summary>
internal static class LoopbackPorts
{
    private const int First = 20_000;
    private const int Count = 12_000;
    private static int s_next = Environment.ProcessId * 97 % Count;

    public static int[] Free(int count)
    {
        var ports = new List<int>();
        while (ports.Count < count)
        {
            var port = First + ((Interlocked.Increment(ref s_next) & int.MaxValue) % Count);
            if (IsFree(port))
                ports.Add(port);
        }
        return [.. ports];
    }

    private static bool IsFree(int port)
    {
        try
        {
            using var listener = new TcpListener(IPAddress.Loopback, port);
            listener.Start();
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
