using System.Diagnostics;
using System.Globalization;

namespace Cybernetes.Simulator.Running;

/// <summary>
/// Another process of this program, which lives the seeds that it is told one after another: whatever a life does to its process, the others' go on.
/// </summary>
internal sealed class SeedProcess : IDisposable
{
    /// <summary>Begins the line after all that is told of a seed.</summary>
    public const string End = "=== ";

    /// <summary>All is well.</summary>
    public const string Clean = "clean";

    /// <summary>Something is wrong.</summary>
    public const string Failed = "failed";

    /// <summary>Something is wrong, and the process ends: nothing else can live in it.</summary>
    public const string Hung = "hung";

    private readonly Process _process;

    public SeedProcess(Commanded commanded)
    {
        var host = Environment.ProcessPath ?? "cyb-sim";
        var start = new ProcessStartInfo(host) { RedirectStandardInput = true, RedirectStandardOutput = true, UseShellExecute = false };
        if (Path.GetFileNameWithoutExtension(host) == "dotnet")
            start.ArgumentList.Add(Path.Combine(AppContext.BaseDirectory, "cyb-sim.dll"));
        foreach (var argument in (string[])["--fed", .. commanded.Arguments()])
            start.ArgumentList.Add(argument);
        _process = Process.Start(start)!;
    }

    /// <summary>How many lives it has lived.</summary>
    public int Lives { get; private set; }

    /// <summary>Whether it takes more of them.</summary>
    public bool IsUsable { get; private set; } = true;

    /// <summary>Lives a seed.</summary>
    /// <returns>Whether it is clean, and what is told of it.</returns>
    public (bool IsClean, List<string> Told) Live(int seed)
    {
        var told = new List<string>();
        Lives++;
        try
        {
            _process.StandardInput.WriteLine(seed.ToString(CultureInfo.InvariantCulture));
            _process.StandardInput.Flush();
            while (_process.StandardOutput.ReadLine() is { } line)
            {
                if (!line.StartsWith(End, StringComparison.Ordinal))
                {
                    told.Add(line);
                    continue;
                }
                IsUsable = line != End + Hung;
                return (line == End + Clean, told);
            }
        }
        catch (IOException)
        {
            // It is gone: its exit code tells more.
        }
        _process.WaitForExit();
        IsUsable = false;
        told.Add($"seed {seed}: FAILED, its process ended with {_process.ExitCode}");
        return (false, told);
    }

    /// <summary>Lets the process end, and waits for it.</summary>
    public void Dispose()
    {
        _process.StandardInput.Dispose();
        _process.WaitForExit();
        _process.Dispose();
    }
}
