using System.Diagnostics;

namespace Cybernetes.House.Tests;

/// <summary>The files of the checkout, as git sees them (tracked, and new ones that are not ignored).</summary>
internal static class SourceTree
{
    public static string Root { get; } = FindRoot();

    public static IReadOnlyList<string> Files { get; } = List();

    public static IEnumerable<string> CSharp(params string[] folders) =>
        Files.Where(f => f.EndsWith(".cs", StringComparison.Ordinal) && folders.Any(folder => f.StartsWith(folder + "/", StringComparison.Ordinal)));

    public static string Read(string relative) => File.ReadAllText(Path.Combine(Root, relative));

    public static string[] Lines(string relative) => File.ReadAllLines(Path.Combine(Root, relative));

    /// <summary>Fails with every finding on a line of its own.</summary>
    public static void AssertNone(IEnumerable<string> findings)
    {
        var all = findings.ToList();
        Assert.True(all.Count == 0, all.Count + " findings:\n" + string.Join('\n', all));
    }

    private static string FindRoot()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "Cybernetes.slnx")))
            folder = folder.Parent;
        return folder?.FullName ?? throw new InvalidOperationException("the tests must run from inside the checkout");
    }

    private static List<string> List()
    {
        var start = new ProcessStartInfo("git", ["ls-files", "--cached", "--others", "--exclude-standard"])
        {
            WorkingDirectory = Root,
            RedirectStandardOutput = true,
        };
        using var git = Process.Start(start)!;
        var output = git.StandardOutput.ReadToEnd();
        git.WaitForExit();
        return [.. output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Where(f => File.Exists(Path.Combine(Root, f)))];
    }
}
