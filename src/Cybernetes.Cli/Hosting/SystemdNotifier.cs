using System.Net.Sockets;
using System.Text;

namespace Cybernetes.Cli.Hosting;

/// <summary>
/// Tells systemd that the service is up or stops (sd_notify(3), <c>Type=notify</c>). Elsewhere it does nothing.
/// </summary>
internal static class SystemdNotifier
{
    public static void Ready() => Send("READY=1");

    public static void Stopping() => Send("STOPPING=1");

    private static void Send(string state)
    {
        string? path = Environment.GetEnvironmentVariable("NOTIFY_SOCKET");
        if (string.IsNullOrEmpty(path) || OperatingSystem.IsWindows())
            return;
        // A leading @ stands for the zero byte of the abstract namespace.
        string address = path[0] == '@' ? '\0' + path[1..] : path;
        using var socket = new Socket(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
        try
        {
            socket.SendTo(Encoding.UTF8.GetBytes(state), new UnixDomainSocketEndPoint(address));
        }
        catch (SocketException)
        {
            // The manager does not listen: the service is as up as before.
        }
    }
}
