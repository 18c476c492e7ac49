using Cybernetes.Node.Resources;

namespace Cybernetes.Node.Tests.Resources;

/// <summary>A cgroup file system in memory: new directories get the files that the kernel would put there.</summary>
internal sealed class FakeCgroupFiles(Func<string, IEnumerable<KeyValuePair<string, string>>> filesOf) : ICgroupFiles
{
    private readonly SortedSet<string> _directories = new(StringComparer.Ordinal);

    public Dictionary<string, string> Files { get; } = new(StringComparer.Ordinal);

    /// <summary>Directories that have processes.</summary>
    public HashSet<string> Busy { get; } = new(StringComparer.Ordinal);

    public List<string> Writes { get; } = [];

    public List<string> Removed { get; } = [];

    public IReadOnlyCollection<string> AllDirectories => _directories;

    public void MakeDirectory(string path)
    {
        if (!_directories.Add(path))
            return;
        var parent = path[..path.LastIndexOf('/')];
        if (parent.Length > 0)
            MakeDirectory(parent);
        foreach (var (name, value) in filesOf(path))
            Files.TryAdd($"{path}/{name}", value);
    }

    public bool TryRemoveDirectory(string path)
    {
        if (!_directories.Contains(path))
            return true;
        if (Busy.Contains(path) || Directories(path).Count > 0)
            return false;
        _directories.Remove(path);
        Removed.Add(path);
        return true;
    }

    public IReadOnlyList<string> Directories(string path) =>
    [
        .. _directories
            .Where(directory => directory.StartsWith(path + "/", StringComparison.Ordinal))
            .Select(directory => directory[(path.Length + 1)..])
            .Where(name => !name.Contains('/')),
    ];

    public string? Read(string path) => Files.GetValueOrDefault(path);

    public void Write(string path, string value)
    {
        if (!Files.ContainsKey(path))
            throw new IOException($"failed to write \"{value}\" to {path}: no such file");
        Writes.Add($"{path}={value}");
        Files[path] = path.EndsWith("subtree_control", StringComparison.Ordinal) ? $"{Files[path]} {value[1..]}".Trim() : value;
    }
}
