using System.Diagnostics;

namespace Cybernetes.EndToEnd.Tests.Harness;

/// <summary>What a command that ran to its end left.</summary>
internal sealed record CommandResult(string Line, int ExitCode, string Output, string Error)
{
    /// <summary>The output of a command that has to succeed.</summary>
    /// <exception cref="HarnessException">It did not; the message holds all it said.</exception>
    public string EnsureSuccess(Func<string>? context = null) => ExitCode == 0 ? Output : throw new HarnessException($"""
        {Line}
        ended with exit code {ExitCode}
        --- output
        {Output}--- error
        {Error}{context?.Invoke()}
        """);
}

/// <summary>Runs commands to their end.</summary>
internal static class Command
{
    private static readonly TimeSpan UsualLimit = TimeSpan.FromSeconds(120);

    /// <summary>
    /// Runs a program and gathers what it says. Without <paramref name="input"/> its standard input is empty. After
    /// <paramref name="limit"/> (2 minutes when not given) it is killed and a <see cref="HarnessException"/> tells what it had said.
    /// </summary>
    public static async Task<CommandResult> RunAsync(
        string program,
        IEnumerable<string> arguments,
        string? input = null,
        IReadOnlyDictionary<string, string>? environment = null,
        TimeSpan? limit = null,
        CancellationToken cancellation = default)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var (name, value) in environment ?? new Dictionary<string, string>())
            start.Environment[name] = value;
        var line = $"{Path.GetFileName(program)} {string.Join(' ', start.ArgumentList)}";

        using var process = Process.Start(start) ?? throw new HarnessException($"cannot start {line}");
        using var time = new CancellationTokenSource(limit ?? UsualLimit, TimeProvider.System);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(time.Token, cancellation);
        var output = process.StandardOutput.ReadToEndAsync(CancellationToken.None);
        var error = process.StandardError.ReadToEndAsync(CancellationToken.None);
        try
        {
            await WriteInputAsync(process, input, both.Token);
            await process.WaitForExitAsync(both.Token);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            if (!time.IsCancellationRequested)
                throw;
            throw new HarnessException($"{line}\ntook longer than {limit ?? UsualLimit}\n--- output\n{await output}--- error\n{await error}");
        }
        return new CommandResult(line, process.ExitCode, await output, await error);
    }

    private static async Task WriteInputAsync(Process process, string? input, CancellationToken cancellation)
    {
        try
        {
            await process.StandardInput.WriteAsync((input ?? "").AsMemory(), cancellation);
            process.StandardInput.Close();
        }
        catch (IOException)
        {
            // It ended without reading all of it: its exit code tells why.
        }
    }
}

/// <summary>A test's surroundings failed, with all that helps to see why.</summary>
internal sealed class HarnessException(string message) : Exception(message);
