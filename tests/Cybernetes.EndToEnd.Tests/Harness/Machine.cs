using System.Globalization;
using System.Runtime.CompilerServices;

namespace Cybernetes.EndToEnd.Tests.Harness;

/// <summary>The machine the tests run on: where the project is, what <c>./dev prepare</c> made, and scratch folders.</summary>
internal static class Machine
{
    private const string ScratchRoot = "/var/tmp/cyb-e2e";

    private static readonly Lazy<Task> Preparing = new(RunPrepareAsync);
    private static int _scratchCount;

    /// <summary>Whether nodes can be started here. Elsewhere the tests that need one are skipped; on the build machine they run.</summary>
    public static bool CanRunNodes { get; } = OperatingSystem.IsLinux() && Environment.IsPrivilegedProcess;

    /// <summary>The top folder of the project.</summary>
    public static string Repository { get; } = FindRepository();

    /// <summary>The <c>cyb</c> program.</summary>
    public static string Program => Path.Combine(Repository, "out/cyb");

    /// <summary>The image archives by their short names: pause, busybox, kuard.</summary>
    public static string ImageArchive(string name) => Path.Combine(Repository, "out/images", name + ".tar");

    /// <summary>The kubectl versions that are there, oldest first, such as 1.20.</summary>
    public static IReadOnlyList<string> KubectlVersions() =>
    [
        .. from folder in Directory.GetDirectories(Path.Combine(Repository, "out/kubectl"))
           let version = Path.GetFileName(folder)
           where !version.StartsWith('.') && File.Exists(Path.Combine(folder, "kubectl"))
           orderby int.Parse(version.Split('.')[1], CultureInfo.InvariantCulture)
           select version,
    ];

    public static string Kubectl(string version) => Path.Combine(Repository, "out/kubectl", version, "kubectl");

    /// <summary>Makes the program, the images and the kubectl versions, once a test process; quick when all is there.</summary>
    public static Task PrepareAsync() => Preparing.Value;

    /// <summary>A new empty folder with a short path (sockets live in it); its owner deletes it by <see cref="DeleteScratch"/>.</summary>
    public static string CreateScratch(string name)
    {
        var path = $"{ScratchRoot}/{Environment.ProcessId}/{name}{Interlocked.Increment(ref _scratchCount)}";
        Directory.CreateDirectory(path);
        return path;
    }

    /// <summary>Deletes the folder, unless CYBERNETES_KEEP is set for a look at what a test left.</summary>
    public static void DeleteScratch(string path)
    {
        if (Environment.GetEnvironmentVariable("CYBERNETES_KEEP") is { Length: > 0 })
            return;
        // Not Directory.Delete: it stops at the first file that a just ended process takes away.
        Command.RunAsync("rm", ["-rf", "--one-file-system", path]).GetAwaiter().GetResult();
        Posix.RemoveFolder(Path.GetDirectoryName(path)!); // ours, when this was the last one in it
    }

    private static async Task RunPrepareAsync()
    {
        if (!CanRunNodes)
            return;
        SweepLeftovers();
        if (Environment.GetEnvironmentVariable("CYBERNETES_PREPARED") is { Length: > 0 })
            return; // by ./dev test, a moment ago
        (await Command.RunAsync(Path.Combine(Repository, "dev"), ["prepare"], limit: TimeSpan.FromMinutes(15))).EnsureSuccess();
    }

    // Of test processes that were killed: their namespaces are gone with them, folders and control groups are not.
    private static void SweepLeftovers()
    {
        Directory.CreateDirectory(ScratchRoot);
        foreach (var folder in Directory.GetDirectories(ScratchRoot))
        {
            var owner = Path.GetFileName(folder);
            if (Directory.Exists($"/proc/{owner}"))
                continue;
            DeleteScratch(folder);
            ControlGroups.Remove($"cyb-e2e-{owner}-*");
        }
    }

    private static string FindRepository([CallerFilePath] string thisFile = "")
    {
        foreach (var start in new[] { AppContext.BaseDirectory, Path.GetDirectoryName(thisFile) })
        {
            for (var folder = start; !string.IsNullOrEmpty(folder); folder = Path.GetDirectoryName(folder))
                if (File.Exists(Path.Combine(folder, "Cybernetes.slnx")))
                    return folder;
        }
        throw new InvalidOperationException("the tests are not inside the project's folder");
    }
}
