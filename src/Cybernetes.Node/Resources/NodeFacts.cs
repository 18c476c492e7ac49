using System.Globalization;
using System.Runtime.InteropServices;

namespace Cybernetes.Node.Resources;

/// <summary>What a machine has: the base of a Node's status.capacity and status.nodeInfo.</summary>
/// <param name="EphemeralStorageBytes">The size of the file system that holds the node agent's root directory.</param>
/// <param name="HugePageBytes">Total bytes by page size in bytes; sizes the kernel knows, those with none too.</param>
/// <param name="Architecture">Go's name: amd64, arm64 …</param>
public sealed record NodeFacts(
    int Cpus,
    long MemoryBytes,
    long EphemeralStorageBytes,
    IReadOnlyDictionary<long, long> HugePageBytes,
    string MachineId,
    string SystemUuid,
    string BootId,
    string KernelVersion,
    string OsImage,
    string OperatingSystem,
    string Architecture)
{
    /// <summary>Upstream's default --max-pods.</summary>
    public const int DefaultMaxPods = 110;

    /// <summary>Upstream's default hard eviction threshold memory.available; not allocatable.</summary>
    public const long EvictionReservedMemoryBytes = 100L * 1024 * 1024;

    /// <summary>Without upstream's default hard eviction threshold nodefs.available (10 %).</summary>
    public long AllocatableEphemeralStorageBytes => EphemeralStorageBytes - (EphemeralStorageBytes / 10);

    public long AllocatableMemoryBytes =>
        Math.Max(0, MemoryBytes - EvictionReservedMemoryBytes - HugePageBytes.Values.Sum());

    /// <summary>"hugepages-2Mi" for 2097152, as resources are named.</summary>
    public static string HugePageResource(long pageBytes)
    {
        string[] units = ["", "Ki", "Mi", "Gi", "Ti"];
        var unit = 0;
        while (pageBytes % 1024 == 0 && unit < units.Length - 1)
        {
            pageBytes /= 1024;
            unit++;
        }

        return string.Create(CultureInfo.InvariantCulture, $"hugepages-{pageBytes}{units[unit]}");
    }

    /// <summary>This machine's. On systems other than Linux what cannot be known is empty.</summary>
    /// <param name="rootDirectory">The node agent's; it has to exist.</param>
    public static NodeFacts OfThisMachine(string rootDirectory)
    {
        var storage = new DriveInfo(rootDirectory).TotalSize;
        return System.OperatingSystem.IsLinux() ? ReadLinux("/", storage) : Portable(storage);
    }

    internal static NodeFacts ReadLinux(string root, long storageBytes) => new(
        CountCpus(Lines(root + "proc/cpuinfo")),
        MemoryTotal(Lines(root + "proc/meminfo")),
        storageBytes,
        HugePages(root + "sys/kernel/mm/hugepages"),
        Text(root + "etc/machine-id", root + "var/lib/dbus/machine-id"),
        Text(root + "sys/class/dmi/id/product_uuid", root + "proc/device-tree/vm,uuid", root + "etc/machine-id"),
        Text(root + "proc/sys/kernel/random/boot_id"),
        Text(root + "proc/sys/kernel/osrelease"),
        PrettyName(Lines(root + "etc/os-release").Concat(Lines(root + "usr/lib/os-release"))),
        "linux",
        GoArchitecture());

    private static NodeFacts Portable(long storageBytes) => new(
        Environment.ProcessorCount,
        GC.GetGCMemoryInfo().TotalAvailableMemoryBytes,
        storageBytes,
        new Dictionary<long, long>(),
        MachineId: "",
        SystemUuid: "",
        BootId: "",
        Environment.OSVersion.Version.ToString(),
        RuntimeInformation.OSDescription,
        System.OperatingSystem.IsWindows() ? "windows" : System.OperatingSystem.IsMacOS() ? "darwin" : "unknown",
        GoArchitecture());

    internal static int CountCpus(IEnumerable<string> cpuInfo)
    {
        var count = cpuInfo.Count(line => line.StartsWith("processor", StringComparison.Ordinal) && line.Contains(':'));
        return count > 0 ? count : Environment.ProcessorCount;
    }

    internal static long MemoryTotal(IEnumerable<string> memInfo)
    {
        foreach (var line in memInfo)
        {
            if (!line.StartsWith("MemTotal:", StringComparison.Ordinal))
                continue;
            var kibibytes = line["MemTotal:".Length..].Replace("kB", "", StringComparison.Ordinal).Trim();
            return long.Parse(kibibytes, CultureInfo.InvariantCulture) * 1024;
        }

        throw new InvalidDataException("/proc/meminfo has no MemTotal");
    }

    internal static string PrettyName(IEnumerable<string> osRelease)
    {
        foreach (var line in osRelease)
        {
            if (line.StartsWith("PRETTY_NAME=", StringComparison.Ordinal))
                return line["PRETTY_NAME=".Length..].Trim('"', '\'');
        }

        return "Linux";
    }

    private static Dictionary<long, long> HugePages(string directory)
    {
        var sizes = new Dictionary<long, long>();
        if (!Directory.Exists(directory))
            return sizes;
        foreach (var entry in Directory.EnumerateDirectories(directory))
        {
            // hugepages-2048kB
            var name = Path.GetFileName(entry).AsSpan().TrimStart("hugepages-").TrimEnd("kB");
            if (!long.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out var kibibytes))
                continue;
            _ = long.TryParse(Text(entry + "/nr_hugepages"), NumberStyles.None, CultureInfo.InvariantCulture, out var count);
            sizes[kibibytes * 1024] = count * kibibytes * 1024;
        }

        return sizes;
    }

    private static string GoArchitecture() => RuntimeInformation.OSArchitecture switch
    {
        System.Runtime.InteropServices.Architecture.X64 => "amd64",
        System.Runtime.InteropServices.Architecture.Arm64 => "arm64",
        System.Runtime.InteropServices.Architecture.X86 => "386",
        var other => other.ToString().ToLowerInvariant(),
    };

    private static string[] Lines(string path) => File.Exists(path) ? File.ReadAllLines(path) : [];

    /// <summary>The first of the files that is there and readable, trimmed; else empty.</summary>
    private static string Text(params ReadOnlySpan<string> paths)
    {
        foreach (var path in paths)
        {
            try
            {
                if (File.ReadAllText(path).Trim('\n', '\0', ' ') is { Length: > 0 } text)
                    return text;
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // Facts like the product's uuid are not on every machine and not for every user: the next file may know.
            }
        }

        return "";
    }
}
