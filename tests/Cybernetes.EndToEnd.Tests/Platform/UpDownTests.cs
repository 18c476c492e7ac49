using Cybernetes.EndToEnd.Tests.Harness;

namespace Cybernetes.EndToEnd.Tests.Platform;

/// <summary><c>./dev up</c> and <c>./dev down</c> on a machine of their own.</summary>
public sealed class UpDownTests
{
    private static readonly TimeSpan UpLimit = TimeSpan.FromMinutes(5);

    /// <summary>All that a cluster could leave on a machine: processes, mounts, links, rules, control groups, settings, files.</summary>
    private const string Traces = """
        echo "# processes"; ps -eo args --no-headers | grep -vE '^\[?(ps|grep|sort|sh|/bin/sh|nsenter|bash|/bin/bash)\]?( |$)' | sort
        echo "# mounts"; awk '{ print $5 }' /proc/self/mountinfo | grep -v '^/var/tmp/cyb-e2e/.*/disk' | sort  # a disk that another test fills
        echo "# links"; ip -o link | awk '{ print $2 }' | sort
        echo "# routes"; ip route | sort
        echo "# rules"; { iptables-save; ip6tables-save; } | grep -E '^-A|^:[A-Z]+-' | sort
        echo "# control groups"; find /sys/fs/cgroup/ -mindepth 2 -maxdepth 4 -type d | sort
        echo "# settings"; cat /proc/sys/net/ipv4/ip_forward /proc/sys/net/ipv4/conf/all/route_localnet
        echo "# files"; ls /run /var/lib /etc /run/netns | grep -vx mount  # /run/mount is what mount(8) keeps for itself
        """;

    [ClusterFact]
    public async Task Down_AfterUpTwice_LeavesTheMachineAsItWas()
    {
        await Machine.PrepareAsync();
        await using var lan = await Lan.CreateAsync();
        await using var node = await NodeSpace.CreateAsync("workstation");
        await lan.ConnectAsync(node);
        var before = await TracesAsync(node);

        var first = (await DevAsync(node, "up")).EnsureSuccess(() => ServerLog(node));
        var second = (await DevAsync(node, "up")).EnsureSuccess(() => ServerLog(node));
        (await DevAsync(node, "down")).EnsureSuccess();
        var after = await TracesAsync(node);
        var downAgain = (await DevAsync(node, "down")).EnsureSuccess();

        Assert.Contains("kuard 1 on kuard-", first);
        Assert.DoesNotContain("starting the server", second);
        Assert.Contains("kuard 1 on kuard-", second);
        Assert.Equal(before, after);
        Assert.Contains("nothing to do", downAgain);
    }

    [ClusterFact]
    public async Task Down_AfterServerAndContainerdWereKilled_LeavesTheMachineAsItWas()
    {
        await Machine.PrepareAsync();
        await using var lan = await Lan.CreateAsync();
        await using var node = await NodeSpace.CreateAsync("workstation");
        await lan.ConnectAsync(node);
        var before = await TracesAsync(node);
        (await DevAsync(node, "up")).EnsureSuccess(() => ServerLog(node));

        // As after a crash: the pods and their shims go on without anyone to look after them.
        var kill = $"for file in {State(node)}/run/*.pid; do read -r pid start <$file; kill -KILL $pid; done";
        (await node.RunAsync("/bin/sh", ["-c", kill])).EnsureSuccess();
        (await DevAsync(node, "down")).EnsureSuccess();

        Assert.Equal(before, await TracesAsync(node));
    }

    private static Task<CommandResult> DevAsync(NodeSpace node, string command) => node.RunAsync(
        Path.Combine(Machine.Repository, "dev"),
        [command],
        environment: new Dictionary<string, string> { ["CYBERNETES_STATE"] = State(node), ["HOME"] = node.Folder },
        limit: UpLimit);

    private static string State(NodeSpace node) => node.Folder + "/state";

    private static string ServerLog(NodeSpace node) => Logs.Tail(State(node) + "/log/server.log");

    private static async Task<string> TracesAsync(NodeSpace node) => (await node.RunAsync("/bin/sh", ["-c", Traces])).Output;
}
