using System.Diagnostics;

namespace Cybernetes.Testing.Tests.Determinism;

/// <summary>Runs an explicit test of this assembly in a process of its own, whose pool has one thread.</summary>
internal static class TwinProcess
{
    /// <summary>Where the child puts what it has to tell.</summary>
    public const string Folder = "CYB_TWIN_FOLDER";

    // Much longer than on any machine.
    private static readonly TimeSpan s_longest = TimeSpan.FromMinutes(5);

    public static async Task RunAsync(string method, string folder, CancellationToken cancelled)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancelled);
        limit.CancelAfter(s_longest);
        var cancellation = limit.Token;
        var start = new ProcessStartInfo(Environment.ProcessPath is { } host && Path.GetFileNameWithoutExtension(host) == "dotnet" ? host : "dotnet")
        {
            RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false,
            ArgumentList = { Path.Combine(AppContext.BaseDirectory, "Cybernetes.Testing.Tests.dll"), "-explicit", "only", "-method", "*." + method, "-noLogo", "-noColor" },
        };
        start.Environment["DOTNET_ThreadPool_ForceMinWorkerThreads"] = "1";
        start.Environment["DOTNET_ThreadPool_ForceMaxWorkerThreads"] = "1";
        // Half a second sooner.
        start.Environment["DOTNET_TieredPGO"] = "0";
        start.Environment[Folder] = folder;
        using var process = Process.Start(start)!;
        try
        {
            var errors = process.StandardError.ReadToEndAsync(cancellation);
            var output = await process.StandardOutput.ReadToEndAsync(cancellation);
            await process.WaitForExitAsync(cancellation);
            Assert.True(process.ExitCode == 0, output + await errors);
        }
        finally
        {
            if (!process.HasExited)
                process.Kill(entireProcessTree: true);
        }
    }
}
