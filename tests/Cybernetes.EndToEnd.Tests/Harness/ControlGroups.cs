namespace Cybernetes.EndToEnd.Tests.Harness;

/// <summary>Control groups that nodes leave behind, in every hierarchy.</summary>
internal static class ControlGroups
{
    private const string Root = "/sys/fs/cgroup";

    /// <summary>The groups whose name fits the pattern (with *), such as <c>cyb-e2e-12-*</c>.</summary>
    public static IEnumerable<string> Find(string pattern) =>
        Directory.Exists(Root)
            ? new[] { Root }.Concat(Directory.GetDirectories(Root)).SelectMany(folder => Directory.GetDirectories(folder, pattern))
            : [];

    /// <summary>Removes them with all below, children first. Groups with processes in them stay.</summary>
    /// <returns>Whether none is left.</returns>
    public static bool Remove(string pattern)
    {
        foreach (var group in Find(pattern))
        {
            var folders = Directory.GetDirectories(group, "*", SearchOption.AllDirectories).Append(group);
            foreach (var folder in folders.OrderByDescending(path => path.Length))
                Posix.RemoveFolder(folder);
        }
        return !Find(pattern).Any();
    }
}
