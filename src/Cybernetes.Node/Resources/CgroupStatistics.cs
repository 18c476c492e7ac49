using System.Globalization;

namespace Cybernetes.Node.Resources;

/// <summary>Reads a cgroup's usage from the kernel's files (admin-guide/cgroup-v1/memory.rst, cgroup-v2.rst).</summary>
internal static class CgroupStatistics
{
    public static CgroupUsage? ReadVersion2(string directory, ICgroupFiles files)
    {
        if (files.Read(directory + "/cpu.stat") is not { } cpu)
            return null;

        // The root cgroup has no memory.current; what its pages are is still in memory.stat.
        var memory = files.Read(directory + "/memory.stat") ?? "";
        var anonymous = Field(memory, "anon");
        var usage = Number(files.Read(directory + "/memory.current")) ?? anonymous + Field(memory, "file");
        return new CgroupUsage(
            CpuNanoseconds: Field(cpu, "usage_usec") * 1000,
            MemoryBytes: usage,
            WorkingSetBytes: Without(usage, Field(memory, "inactive_file")),
            RssBytes: anonymous,
            PageFaults: Field(memory, "pgfault"),
            MajorPageFaults: Field(memory, "pgmajfault"),
            ProcessCount: Number(files.Read(directory + "/pids.current")) ?? 0);
    }

    public static CgroupUsage? ReadVersion1(CgroupMounts mounts, string path, ICgroupFiles files)
    {
        var cpu = mounts.PathOf("cpuacct") is { } cpuRoot ? Number(files.Read($"{cpuRoot}{path}/cpuacct.usage")) : null;
        var memoryRoot = mounts.PathOf("memory");
        var usage = memoryRoot is null ? null : Number(files.Read($"{memoryRoot}{path}/memory.usage_in_bytes"));
        if (cpu is null && usage is null)
            return null;

        var memory = memoryRoot is null ? "" : files.Read($"{memoryRoot}{path}/memory.stat") ?? "";
        var pids = mounts.PathOf("pids") is { } pidsRoot ? Number(files.Read($"{pidsRoot}{path}/pids.current")) : null;
        return new CgroupUsage(
            CpuNanoseconds: cpu ?? 0,
            MemoryBytes: usage ?? 0,
            WorkingSetBytes: Without(usage ?? 0, Field(memory, "total_inactive_file")),
            RssBytes: Field(memory, "total_rss"),
            PageFaults: Field(memory, "total_pgfault"),
            MajorPageFaults: Field(memory, "total_pgmajfault"),
            ProcessCount: pids ?? 0);
    }

    private static ulong Without(ulong all, ulong part) => part < all ? all - part : 0;

    private static ulong? Number(string? text) =>
        ulong.TryParse(text.AsSpan().Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out var value) ? value : null;

    /// <summary>The value on the line "name value"; 0 when there is none.</summary>
    private static ulong Field(string text, string name)
    {
        foreach (var line in text.AsSpan().EnumerateLines())
        {
            if (line.Length <= name.Length || line[name.Length] != ' ' || !line.StartsWith(name, StringComparison.Ordinal))
                continue;
            _ = ulong.TryParse(line[(name.Length + 1)..], NumberStyles.None, CultureInfo.InvariantCulture, out var value);
            return value;
        }

        return 0;
    }
}
