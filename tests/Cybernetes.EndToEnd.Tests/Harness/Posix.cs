using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace Cybernetes.EndToEnd.Tests.Harness;

/// <summary>System calls that .NET has no name for.</summary>
internal static partial class Posix
{
    private const int NetworkNamespace = 0x40000000; // CLONE_NEWNET

    /// <summary>rmdir(2) and nothing else: a control group is a folder whose files cannot be deleted.</summary>
    public static bool RemoveFolder(string path) => rmdir(path) == 0;

    /// <summary>
    /// A TCP socket in the network namespace of another process. A socket belongs to the namespace of the thread that made it
    /// for all its life, so a thread of its own goes there, makes it and ends.
    /// </summary>
    public static Socket CreateSocketIn(int processId, AddressFamily family)
    {
        Socket? socket = null;
        var error = 0;
        var thread = new Thread(() =>
        {
            using var space = File.OpenHandle($"/proc/{processId}/ns/net");
            if (setns((int)space.DangerousGetHandle(), NetworkNamespace) == 0)
                socket = new Socket(family, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            else
                error = Marshal.GetLastPInvokeError();
        });
        thread.Start();
        thread.Join();
        return socket ?? throw new HarnessException($"cannot enter the network of process {processId}: error {error}");
    }

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int rmdir(string path);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int setns(int file, int kind);
}
