namespace Cybernetes.Node.Resources;

/// <summary>Where the machine's cgroup hierarchies are mounted.</summary>
/// <param name="IsUnified">All controllers are in one cgroup v2 hierarchy, the only mount.</param>
/// <param name="Mounts">Every hierarchy: v1's one by one (named ones too), and v2's.</param>
internal sealed record CgroupMounts(bool IsUnified, IReadOnlyList<CgroupMount> Mounts)
{
    private const string Root = "/sys/fs/cgroup";
    private const StringComparison Ordinal = StringComparison.Ordinal;

    private static readonly string[] NotControllers =
        ["rw", "ro", "xattr", "clone_children", "noprefix", "nsdelegate", "memory_recursiveprot", "favordynmods", "all"];

    /// <summary>The v1 hierarchy of a controller, or null.</summary>
    public string? PathOf(string controller)
    {
        foreach (var mount in Mounts)
        {
            if (mount.Controllers.Contains(controller))
                return mount.Path;
        }

        return null;
    }

    /// <summary>Reads the form of /proc/self/mountinfo (proc_pid_mountinfo(5)). Only what lies under /sys/fs/cgroup
    /// counts.</summary>
    /// <exception cref="InvalidDataException">No cgroup hierarchy is mounted there.</exception>
    public static CgroupMounts Parse(IEnumerable<string> mountInfo)
    {
        var mounts = new Dictionary<string, CgroupMount>(StringComparer.Ordinal);
        foreach (var line in mountInfo)
        {
            var fields = line.Split(' ');
            var separator = Array.IndexOf(fields, "-");
            if (separator < 5 || fields.Length < separator + 4)
                continue;
            var path = fields[4];
            if (path != Root && !path.StartsWith(Root + "/", Ordinal))
                continue;

            // A later mount hides what was at its place and below.
            foreach (var hidden in mounts.Keys.Where(known => known == path || known.StartsWith(path + "/", Ordinal)).ToArray())
                mounts.Remove(hidden);
            switch (fields[separator + 1])
            {
                case "cgroup2":
                    mounts[path] = new CgroupMount(path, [], IsVersion2: true);
                    break;
                case "cgroup":
                    var controllers = fields[separator + 3].Split(',').Except(NotControllers).ToArray();
                    mounts[path] = new CgroupMount(path, controllers, IsVersion2: false);
                    break;
            }
        }

        if (mounts.Count == 0)
            throw new InvalidDataException($"no cgroup hierarchy is mounted under {Root}");
        var isUnified = mounts.Values.All(mount => mount.IsVersion2);
        return new CgroupMounts(isUnified, [.. mounts.Values]);
    }
}

/// <param name="Controllers">v1 only; a named hierarchy has <c>name=…</c>.</param>
internal sealed record CgroupMount(string Path, IReadOnlyList<string> Controllers, bool IsVersion2);
