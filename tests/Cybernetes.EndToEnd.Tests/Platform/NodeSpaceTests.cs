using Cybernetes.EndToEnd.Tests.Harness;

namespace Cybernetes.EndToEnd.Tests.Platform;

/// <summary>The harness itself: nodes keep to themselves and leave nothing.</summary>
public sealed class NodeSpaceTests
{
    [ClusterFact]
    public async Task Node_Disposed_LeavesNothing()
    {
        var node = await NodeSpace.CreateAsync("node-x");
        var sleeper = BackgroundProcess.Start(node, node.Folder + "/log", "sleep", ["600"]);
        (await node.RunAsync("mkdir", ["-p", "/sys/fs/cgroup/cpu/kubepods/pod1"])).EnsureSuccess();
        await Until.TrueAsync("sleep runs", TimeSpan.FromSeconds(60), () => Name(sleeper.ProcessId) == "sleep");
        var (pid, init) = (sleeper.ProcessId, node.InitProcessId);

        await node.DisposeAsync();

        Assert.False(Directory.Exists($"/proc/{pid}"));
        Assert.False(Directory.Exists($"/proc/{init}"));
        Assert.False(Directory.Exists(node.Folder));
        Assert.DoesNotContain(node.Folder, await File.ReadAllTextAsync("/proc/self/mountinfo"));
        await sleeper.DisposeAsync();
    }

    [ClusterFact]
    public async Task Node_OnALan_ReachesItsNeighboursAndNothingElse()
    {
        await using var lan = await Lan.CreateAsync();
        await using var one = await NodeSpace.CreateAsync("one");
        await using var two = await NodeSpace.CreateAsync("two");
        await lan.ConnectAsync(one);
        var address = await lan.ConnectAsync(two);

        var neighbour = await one.RunAsync("/bin/busybox", ["ping", "-c", "1", "-W", "5", address]);
        var outside = await one.RunAsync("/bin/busybox", ["ping", "-c", "1", "-W", "1", "198.51.100.1"]);

        Assert.Equal(0, neighbour.ExitCode);
        Assert.Contains(" 0 packets received", outside.Output);
    }

    [ClusterFact]
    public async Task Process_OnANode_IsKilledByItsPid()
    {
        await using var node = await NodeSpace.CreateAsync("node-x");
        await using var sleeper = BackgroundProcess.Start(node, node.Folder + "/log", "sleep", ["600"]);
        await Until.TrueAsync("sleep runs", TimeSpan.FromSeconds(60), () => Name(sleeper.ProcessId) == "sleep");

        await sleeper.KillAsync();

        Assert.True(sleeper.HasEnded);
        Assert.DoesNotContain("sleep", (await node.RunAsync("ps", ["-eo", "comm"])).EnsureSuccess());
    }

    private static string Name(int pid) => File.Exists($"/proc/{pid}/comm") ? File.ReadAllText($"/proc/{pid}/comm").TrimEnd() : "";
}
