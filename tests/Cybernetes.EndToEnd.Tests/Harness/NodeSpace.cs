using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace Cybernetes.EndToEnd.Tests.Harness;

/// <summary>
/// A machine of its own in namespaces (see node.sh): whatever is started in it sees its own processes, mounts, network and
/// control groups, and ends with it, even when the test process is killed.
/// </summary>
internal sealed class NodeSpace : IAsyncDisposable
{
    private const string Inside = """
        for group in /sys/fs/cgroup/node /sys/fs/cgroup/*/node; do [ ! -d "$group" ] || echo 0 >"$group/cgroup.procs"; done
        for group in /sys/fs/cgroup/*; do [ ! -f "$group/tasks" ] || echo 0 >"$group/cgroup.procs"; done
        exec "$@"
        """;

    private static int _count;

    private readonly Process _holder;
    private readonly string _group;

    private NodeSpace(Process holder, string name, string group, string folder, int initProcessId)
    {
        _holder = holder;
        _group = group;
        Name = name;
        Folder = folder;
        InitProcessId = initProcessId;
    }

    /// <summary>The host name.</summary>
    public string Name { get; }

    /// <summary>A folder for all its files; the same path inside and outside.</summary>
    public string Folder { get; }

    /// <summary>The pid outside of its process 1.</summary>
    public int InitProcessId { get; }

    public static async Task<NodeSpace> CreateAsync(string name)
    {
        var group = $"cyb-e2e-{Environment.ProcessId}-{Interlocked.Increment(ref _count)}";
        var folder = Machine.CreateScratch("n");
        var script = Path.Combine(AppContext.BaseDirectory, "Harness/node.sh");
        var start = new ProcessStartInfo("/bin/bash", [script, name, group, folder])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        var holder = Process.Start(start) ?? throw new HarnessException("cannot start bash");
        if (await holder.StandardOutput.ReadLineAsync() != "ready" || BackgroundProcess.ChildOf(holder.Id) is not { } init)
            throw new HarnessException($"the namespaces of node {name} cannot be made: {await holder.StandardError.ReadToEndAsync()}");
        // Its parent stayed at the group's top, where version 2 wants no process.
        foreach (var leaf in ControlGroups.Find(group).Select(top => Path.Combine(top, "node")).Where(Directory.Exists))
            await File.WriteAllTextAsync(Path.Combine(leaf, "cgroup.procs"), holder.Id.ToString());
        return new NodeSpace(holder, name, group, folder, init);
    }

    /// <summary>The command line that runs the program inside.</summary>
    public (string Program, IEnumerable<string> Arguments) Enter(string program, IEnumerable<string> arguments) =>
        ("nsenter", ["-t", InitProcessId.ToString(), "-a", "--", "/bin/sh", "-c", Inside, "sh", program, .. arguments]);

    /// <inheritdoc cref="Command.RunAsync"/>
    public Task<CommandResult> RunAsync(
        string program,
        IEnumerable<string> arguments,
        string? input = null,
        IReadOnlyDictionary<string, string>? environment = null,
        TimeSpan? limit = null,
        CancellationToken cancellation = default)
    {
        var (file, all) = Enter(program, arguments);
        return Command.RunAsync(file, all, input, environment, limit, cancellation);
    }

    /// <summary>Connects inside: 127.0.0.1 is the node's own. For <see cref="SocketsHttpHandler.ConnectCallback"/>.</summary>
    public async ValueTask<Stream> ConnectAsync(EndPoint endPoint, CancellationToken cancellation)
    {
        var address = endPoint switch
        {
            IPEndPoint ip => ip,
            DnsEndPoint dns when dns.Host == "localhost" => new IPEndPoint(IPAddress.Loopback, dns.Port),
            DnsEndPoint dns => new IPEndPoint(IPAddress.Parse(dns.Host.Trim('[', ']')), dns.Port),
            _ => throw new HarnessException($"cannot connect to {endPoint}"),
        };
        var socket = Posix.CreateSocketIn(InitProcessId, address.AddressFamily);
        try
        {
            await socket.ConnectAsync(address, cancellation);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>A client whose connections start on this node. The caller disposes it.</summary>
    public HttpClient CreateHttpClient() => new(new SocketsHttpHandler
    {
        ConnectCallback = (context, cancellation) => ConnectAsync(context.DnsEndPoint, cancellation),
        UseProxy = false,
    });

    public async ValueTask DisposeAsync()
    {
        _holder.StandardInput.Close();
        await _holder.WaitForExitAsync();
        _holder.Dispose();
        // Killed processes take a moment to leave their groups.
        await Until.TrueAsync($"the control groups {_group} are empty", TimeSpan.FromSeconds(60), () => ControlGroups.Remove(_group));
        Machine.DeleteScratch(Folder);
    }
}
