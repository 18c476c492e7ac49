using System.Diagnostics;

namespace Cybernetes.EndToEnd.Tests.Harness;

/// <summary>
/// A network that ends at its own edge: a bridge in a network namespace that has no route to anywhere else. It is the default
/// route of the nodes on it, so whatever they send astray dies here.
/// </summary>
internal sealed class Lan : IAsyncDisposable
{
    public const string Gateway = "172.31.0.1";

    private const string Script = """
        set -e
        ip link set lo up
        ip link add lan0 type bridge
        ip address add 172.31.0.1/24 dev lan0
        ip link set lan0 up
        echo 1 >/proc/sys/net/ipv4/ip_forward
        ip route add unreachable default
        echo ready
        read -r _
        """;

    private readonly Process _holder;
    private int _count;

    private Lan(Process holder) => _holder = holder;

    public static async Task<Lan> CreateAsync()
    {
        var start = new ProcessStartInfo("unshare", ["--net", "/bin/sh", "-c", Script])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        };
        var holder = Process.Start(start) ?? throw new HarnessException("cannot start unshare");
        if (await holder.StandardOutput.ReadLineAsync() != "ready")
            throw new HarnessException("the network namespace of the tests cannot be made");
        return new Lan(holder);
    }

    /// <summary>Plugs a node in.</summary>
    /// <returns>Its address.</returns>
    public async Task<string> ConnectAsync(NodeSpace node)
    {
        var number = Interlocked.Increment(ref _count);
        var (address, lan) = ($"172.31.0.{10 + number}", _holder.Id.ToString());
        string[] cable = ["link", "add", "eth0", "netns", node.InitProcessId.ToString(), "type", "veth", "peer", "name", $"ve{number}", "netns", lan];
        (await Command.RunAsync("ip", cable)).EnsureSuccess();
        (await Command.RunAsync("nsenter", ["-t", lan, "-n", "ip", "link", "set", $"ve{number}", "master", "lan0", "up"])).EnsureSuccess();
        (await node.RunAsync("ip", ["address", "add", address + "/24", "dev", "eth0"])).EnsureSuccess();
        (await node.RunAsync("ip", ["link", "set", "eth0", "up"])).EnsureSuccess();
        (await node.RunAsync("ip", ["route", "add", "default", "via", Gateway])).EnsureSuccess();
        return address;
    }

    public async ValueTask DisposeAsync()
    {
        _holder.StandardInput.Close();
        await _holder.WaitForExitAsync();
        _holder.Dispose();
    }
}
