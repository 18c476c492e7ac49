using System.Globalization;

namespace Cybernetes.Node.Resources;

/// <summary>Pods' cgroups in the kernel's hierarchies: v2 alone, v1, or both side by side ("hybrid").</summary>
public sealed class PodCgroups : IPodCgroups
{
    private const string KubePods = "/kubepods";

    private static readonly QosClass[] Classes = [QosClass.Guaranteed, QosClass.Burstable, QosClass.BestEffort];

    /// <summary>What the node agent needs of v2's controllers; those the kernel lacks are left out.</summary>
    private static readonly string[] WantedControllers = ["cpu", "memory", "pids", "cpuset", "hugetlb", "io"];

    private readonly CgroupMounts _mounts;
    private readonly ICgroupFiles _files;

    internal PodCgroups(CgroupMounts mounts, ICgroupFiles files)
    {
        _mounts = mounts;
        _files = files;
    }

    /// <summary>All controllers in one hierarchy (cgroup v2).</summary>
    public bool IsUnified => _mounts.IsUnified;

    /// <summary>The hierarchies this process sees.</summary>
    /// <exception cref="InvalidDataException">None is mounted.</exception>
    public static PodCgroups OfThisMachine() =>
        new(CgroupMounts.Parse(File.ReadLines("/proc/self/mountinfo")), new KernelCgroupFiles());

    public string PathOf(QosClass qos, string podUid) => $"{RootOf(qos)}/pod{podUid}";

    public void EnsureRoots(CgroupLimits limits)
    {
        foreach (var qos in Classes)
            Make(RootOf(qos));
        Apply(KubePods, limits);

        // Best effort gets what nobody else wants.
        Apply(RootOf(QosClass.BestEffort), new CgroupLimits(CpuShares: ResourceMath.MinShares));
    }

    public void SetBurstableShares(long cpuShares) =>
        Apply(RootOf(QosClass.Burstable), new CgroupLimits(CpuShares: Math.Max(cpuShares, ResourceMath.MinShares)));

    public void Ensure(QosClass qos, string podUid, CgroupLimits limits)
    {
        var path = PathOf(qos, podUid);
        Make(path);
        Apply(path, limits);
    }

    public bool TryRemove(QosClass qos, string podUid)
    {
        var removed = true;
        foreach (var mount in _mounts.Mounts)
            removed &= TryRemoveTree(mount.Path + PathOf(qos, podUid));
        return removed;
    }

    public IReadOnlyList<(QosClass Qos, string PodUid)> List()
    {
        var found = new HashSet<(QosClass, string)>();
        foreach (var mount in _mounts.Mounts)
        {
            foreach (var qos in Classes)
            {
                foreach (var name in _files.Directories(mount.Path + RootOf(qos)))
                {
                    if (name.StartsWith("pod", StringComparison.Ordinal))
                        found.Add((qos, name["pod".Length..]));
                }
            }
        }

        return [.. found];
    }

    public CgroupUsage? ReadUsage(string path)
    {
        path = path == "/" ? "" : path;
        return IsUnified
            ? CgroupStatistics.ReadVersion2(_mounts.Mounts[0].Path + path, _files)
            : CgroupStatistics.ReadVersion1(_mounts, path, _files);
    }

    private static string RootOf(QosClass qos) => qos switch
    {
        QosClass.Burstable => KubePods + "/burstable",
        QosClass.BestEffort => KubePods + "/besteffort",
        _ => KubePods,
    };

    private void Make(string path)
    {
        foreach (var mount in _mounts.Mounts)
        {
            // Beside v1 the limits are v1's; there v2 only groups processes and may hold some at its root.
            if (IsUnified)
                PassControllersDown(mount.Path, path);
            _files.MakeDirectory(mount.Path + path);
            if (mount.Controllers.Contains("cpuset"))
                InheritCpuset(mount.Path, path);
        }
    }

    /// <summary>On v2 a cgroup has only the controllers that each of its parents passes down.</summary>
    private void PassControllersDown(string root, string path)
    {
        foreach (var parent in ParentsOf(path))
        {
            _files.MakeDirectory(root + parent);
            var has = Words(_files.Read($"{root}{parent}/cgroup.controllers"));
            var passes = Words(_files.Read($"{root}{parent}/cgroup.subtree_control"));
            foreach (var controller in WantedControllers.Intersect(has).Except(passes))
                _files.Write($"{root}{parent}/cgroup.subtree_control", "+" + controller);
        }
    }

    /// <summary>On v1 a new cpuset is empty, and nothing can run in it until it has processors and memory nodes.</summary>
    private void InheritCpuset(string root, string path)
    {
        foreach (var directory in ParentsOf(path).Skip(1).Append(path))
        {
            foreach (var file in (ReadOnlySpan<string>)["cpuset.cpus", "cpuset.mems"])
            {
                if (_files.Read($"{root}{directory}/{file}") is not { } own || own.Trim().Length > 0)
                    continue;
                var parent = directory[..directory.LastIndexOf('/')];
                if (_files.Read($"{root}{parent}/{file}")?.Trim() is { Length: > 0 } value)
                    _files.Write($"{root}{directory}/{file}", value);
            }
        }
    }

    /// <summary>From the hierarchy's root ("") down to the direct parent.</summary>
    private static IEnumerable<string> ParentsOf(string path)
    {
        for (var at = path.IndexOf('/'); at >= 0; at = path.IndexOf('/', at + 1))
            yield return path[..at];
    }

    private static string[] Words(string? text) =>
        text?.Split((char[])[' ', '\n'], StringSplitOptions.RemoveEmptyEntries) ?? [];

    private void Apply(string path, CgroupLimits limits)
    {
        if (IsUnified)
            ApplyVersion2(_mounts.Mounts[0].Path + path, limits);
        else
            ApplyVersion1(path, limits);
    }

    private void ApplyVersion2(string directory, CgroupLimits limits)
    {
        if (limits.CpuShares is { } shares)
            _files.Write(directory + "/cpu.weight", Text(ResourceMath.SharesToWeight(shares)));
        if (limits.CpuQuotaMicroseconds is { } quota)
        {
            var period = limits.CpuPeriodMicroseconds ?? ResourceMath.DefaultPeriodMicroseconds;
            _files.Write(directory + "/cpu.max", $"{(quota > 0 ? Text(quota) : "max")} {Text(period)}");
        }

        if (limits.MemoryBytes is { } memory)
            _files.Write(directory + "/memory.max", Text(memory));
        if (limits.Pids is { } pids)
            _files.Write(directory + "/pids.max", Text(pids));
    }

    private void ApplyVersion1(string path, CgroupLimits limits)
    {
        if (_mounts.PathOf("cpu") is { } cpu)
        {
            if (limits.CpuShares is { } shares)
                _files.Write($"{cpu}{path}/cpu.shares", Text(shares));
            if (limits.CpuPeriodMicroseconds is { } period)
                _files.Write($"{cpu}{path}/cpu.cfs_period_us", Text(period));
            if (limits.CpuQuotaMicroseconds is { } quota)
                _files.Write($"{cpu}{path}/cpu.cfs_quota_us", Text(quota > 0 ? quota : -1));
        }

        if (limits.MemoryBytes is { } memory && _mounts.PathOf("memory") is { } memoryRoot)
            _files.Write($"{memoryRoot}{path}/memory.limit_in_bytes", Text(memory));
        if (limits.Pids is { } pids && _mounts.PathOf("pids") is { } pidsRoot)
            _files.Write($"{pidsRoot}{path}/pids.max", Text(pids));
    }

    private bool TryRemoveTree(string directory)
    {
        foreach (var child in _files.Directories(directory))
            TryRemoveTree($"{directory}/{child}");
        return _files.TryRemoveDirectory(directory);
    }

    private static string Text(long value) => value.ToString(CultureInfo.InvariantCulture);
}

/// <summary>For nodes without containers: nothing is made, nothing is used.</summary>
public sealed class NoPodCgroups : IPodCgroups
{
    public string PathOf(QosClass qos, string podUid) => "";

    public void EnsureRoots(CgroupLimits limits)
    {
    }

    public void SetBurstableShares(long cpuShares)
    {
    }

    public void Ensure(QosClass qos, string podUid, CgroupLimits limits)
    {
    }

    public bool TryRemove(QosClass qos, string podUid) => true;

    public IReadOnlyList<(QosClass Qos, string PodUid)> List() => [];

    public CgroupUsage? ReadUsage(string path) => null;
}
