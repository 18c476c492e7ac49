using Cybernetes.Node.Resources;

namespace Cybernetes.Node.Tests.Resources;

public sealed class PodCgroupsTests
{
    private static readonly string[] Hybrid =
    [
        "31 23 0:28 / /sys/fs/cgroup rw,relatime - tmpfs tmpfs rw,mode=755",
        "32 31 0:29 / /sys/fs/cgroup/cpu rw,relatime shared:5 - cgroup cgroup rw,cpu",
        "33 31 0:30 / /sys/fs/cgroup/cpuacct rw,relatime - cgroup cgroup rw,cpuacct",
        "34 31 0:31 / /sys/fs/cgroup/cpuset rw,relatime - cgroup cgroup rw,cpuset",
        "35 31 0:32 / /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,memory",
        "39 31 0:36 / /sys/fs/cgroup/pids rw,relatime - cgroup cgroup rw,pids",
        "40 31 0:37 / /sys/fs/cgroup/systemd rw,relatime - cgroup cgroup rw,xattr,name=systemd",
        "41 31 0:38 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw",
        "50 31 0:39 / /mnt/other rw - cgroup cgroup rw,blkio",
    ];

    private static readonly string[] Unified = ["30 23 0:26 / /sys/fs/cgroup rw,nosuid - cgroup2 cgroup2 rw,nsdelegate"];

    [Fact]
    public void Mounts_Hybrid_FindsEachHierarchy()
    {
        var mounts = CgroupMounts.Parse(Hybrid);

        Assert.False(mounts.IsUnified);
        Assert.Equal(7, mounts.Mounts.Count);
        Assert.Equal("/sys/fs/cgroup/memory", mounts.PathOf("memory"));
        Assert.Equal("/sys/fs/cgroup/systemd", mounts.PathOf("name=systemd"));
        Assert.Null(mounts.PathOf("blkio"));
    }

    [Fact]
    public void Mounts_Version2Alone_IsUnified()
    {
        var mounts = CgroupMounts.Parse(Unified);

        Assert.True(mounts.IsUnified);
        Assert.Equal("/sys/fs/cgroup", Assert.Single(mounts.Mounts).Path);
    }

    [Fact]
    public void Mounts_MountedOver_CountsOnlyTheLater()
    {
        var mounts = CgroupMounts.Parse([.. Hybrid, .. Unified]);

        Assert.True(mounts.IsUnified);
        Assert.Single(mounts.Mounts);
    }

    [Fact]
    public void Mounts_None_Throws() =>
        Assert.Throws<InvalidDataException>(() => CgroupMounts.Parse(["1 0 0:1 / / rw - ext4 /dev/vda rw"]));

    [Fact]
    public void Ensure_Hybrid_MakesPodInEveryHierarchyAndLimitsIt()
    {
        var files = HybridFiles();
        var cgroups = new PodCgroups(CgroupMounts.Parse(Hybrid), files);

        cgroups.EnsureRoots(default);
        cgroups.Ensure(QosClass.Burstable, "u1", new CgroupLimits(102, 20000, 100000, 4096, 100));

        foreach (var hierarchy in (string[])["cpu", "cpuacct", "cpuset", "memory", "pids", "systemd", "unified"])
            Assert.Contains($"/sys/fs/cgroup/{hierarchy}/kubepods/burstable/podu1", files.AllDirectories);
        Assert.Equal("102", files.Files["/sys/fs/cgroup/cpu/kubepods/burstable/podu1/cpu.shares"]);
        Assert.Equal("20000", files.Files["/sys/fs/cgroup/cpu/kubepods/burstable/podu1/cpu.cfs_quota_us"]);
        Assert.Equal("4096", files.Files["/sys/fs/cgroup/memory/kubepods/burstable/podu1/memory.limit_in_bytes"]);
        Assert.Equal("100", files.Files["/sys/fs/cgroup/pids/kubepods/burstable/podu1/pids.max"]);
        Assert.Equal("2", files.Files["/sys/fs/cgroup/cpu/kubepods/besteffort/cpu.shares"]);
        Assert.Equal("0-3", files.Files["/sys/fs/cgroup/cpuset/kubepods/burstable/podu1/cpuset.cpus"]);
    }

    [Fact]
    public void Ensure_Version2_PassesControllersDownAndWritesItsFiles()
    {
        var files = UnifiedFiles();
        var cgroups = new PodCgroups(CgroupMounts.Parse(Unified), files);

        cgroups.EnsureRoots(default);
        cgroups.Ensure(QosClass.Guaranteed, "u2", new CgroupLimits(1024, 100000, 100000, 8192, 50));

        const string Pod = "/sys/fs/cgroup/kubepods/podu2";
        Assert.Equal("39", files.Files[Pod + "/cpu.weight"]);
        Assert.Equal("100000 100000", files.Files[Pod + "/cpu.max"]);
        Assert.Equal("8192", files.Files[Pod + "/memory.max"]);
        Assert.Equal("50", files.Files[Pod + "/pids.max"]);
        Assert.Equal("cpu memory pids", files.Files["/sys/fs/cgroup/kubepods/cgroup.subtree_control"]);
        Assert.Equal(1, files.Writes.Count(write => write == "/sys/fs/cgroup/cgroup.subtree_control=+cpu"));
    }

    [Fact]
    public void Ensure_NoQuota_WritesMax()
    {
        var files = UnifiedFiles();
        var cgroups = new PodCgroups(CgroupMounts.Parse(Unified), files);

        cgroups.Ensure(QosClass.Guaranteed, "u", new CgroupLimits(CpuQuotaMicroseconds: -1));

        Assert.Equal("max 100000", files.Files["/sys/fs/cgroup/kubepods/podu/cpu.max"]);
    }

    [Fact]
    public void Remove_ContainersLeft_RemovesThemFirst()
    {
        var files = UnifiedFiles();
        var cgroups = new PodCgroups(CgroupMounts.Parse(Unified), files);
        cgroups.Ensure(QosClass.BestEffort, "u", default);
        files.MakeDirectory("/sys/fs/cgroup/kubepods/besteffort/podu/abc/inner");

        Assert.True(cgroups.TryRemove(QosClass.BestEffort, "u"));

        const string Pod = "/sys/fs/cgroup/kubepods/besteffort/podu";
        Assert.Equal([Pod + "/abc/inner", Pod + "/abc", Pod], files.Removed);
        Assert.True(cgroups.TryRemove(QosClass.BestEffort, "u"));
    }

    [Fact]
    public void Remove_ProcessesLeft_SaysSo()
    {
        var files = UnifiedFiles();
        var cgroups = new PodCgroups(CgroupMounts.Parse(Unified), files);
        cgroups.Ensure(QosClass.BestEffort, "u", default);
        files.Busy.Add("/sys/fs/cgroup/kubepods/besteffort/podu");

        Assert.False(cgroups.TryRemove(QosClass.BestEffort, "u"));
    }

    [Fact]
    public void List_PodsOfAllClasses_FindsThemOnce()
    {
        var cgroups = new PodCgroups(CgroupMounts.Parse(Hybrid), HybridFiles());
        cgroups.EnsureRoots(default);
        cgroups.Ensure(QosClass.Guaranteed, "g", default);
        cgroups.Ensure(QosClass.BestEffort, "b", default);

        Assert.Equal([(QosClass.Guaranteed, "g"), (QosClass.BestEffort, "b")], cgroups.List().OrderBy(pod => pod.Qos));
    }

    [Fact]
    public void Usage_Version1_ReadsItsFiles()
    {
        var files = HybridFiles();
        var cgroups = new PodCgroups(CgroupMounts.Parse(Hybrid), files);
        Assert.Null(cgroups.ReadUsage("/kubepods/podx"));
        files.Files["/sys/fs/cgroup/cpuacct/kubepods/podx/cpuacct.usage"] = "123456\n";
        files.Files["/sys/fs/cgroup/memory/kubepods/podx/memory.usage_in_bytes"] = "1000\n";
        files.Files["/sys/fs/cgroup/memory/kubepods/podx/memory.stat"] =
            "inactive_file 5\ntotal_rss 300\ntotal_pgfault 7\ntotal_pgmajfault 1\ntotal_inactive_file 400\n";
        files.Files["/sys/fs/cgroup/pids/kubepods/podx/pids.current"] = "3\n";

        Assert.Equal(new CgroupUsage(123456, 1000, 600, 300, 7, 1, 3), cgroups.ReadUsage("/kubepods/podx"));
    }

    [Fact]
    public void Usage_Version2_ReadsItsFiles()
    {
        var files = UnifiedFiles();
        var cgroups = new PodCgroups(CgroupMounts.Parse(Unified), files);
        files.Files["/sys/fs/cgroup/kubepods/cpu.stat"] = "usage_usec 12\nuser_usec 10\n";
        files.Files["/sys/fs/cgroup/kubepods/memory.current"] = "1000\n";
        files.Files["/sys/fs/cgroup/kubepods/memory.stat"] = "anon 200\nfile 700\ninactive_file 1100\npgfault 4\n";
        files.Files["/sys/fs/cgroup/kubepods/pids.current"] = "9\n";

        Assert.Equal(new CgroupUsage(12000, 1000, 0, 200, 4, 0, 9), cgroups.ReadUsage("/kubepods"));
    }

    private static FakeCgroupFiles HybridFiles()
    {
        var files = new FakeCgroupFiles(path => (path + "/////").Split('/')[4] switch
        {
            "cpu" => [new("cpu.shares", "1024"), new("cpu.cfs_period_us", "100000"), new("cpu.cfs_quota_us", "-1")],
            "memory" => [new("memory.limit_in_bytes", "9223372036854771712")],
            "pids" => [new("pids.max", "max")],
            "cpuset" => [new("cpuset.cpus", "\n"), new("cpuset.mems", "\n")],
            _ => Array.Empty<KeyValuePair<string, string>>(),
        });
        files.Files["/sys/fs/cgroup/cpuset/cpuset.cpus"] = "0-3\n";
        files.Files["/sys/fs/cgroup/cpuset/cpuset.mems"] = "0\n";
        return files;
    }

    private static FakeCgroupFiles UnifiedFiles()
    {
        const string Has = "cpu memory pids misc\n";
        var files = new FakeCgroupFiles(_ =>
        [
            new("cgroup.controllers", Has), new("cgroup.subtree_control", ""), new("cpu.weight", "100"),
            new("cpu.max", "max 100000"), new("memory.max", "max"), new("pids.max", "max"),
        ]);
        files.Files["/sys/fs/cgroup/cgroup.controllers"] = Has;
        files.Files["/sys/fs/cgroup/cgroup.subtree_control"] = "";
        return files;
    }
}
