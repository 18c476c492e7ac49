using System.Diagnostics;
using System.Globalization;

namespace Cybernetes.Simulator.Running;

/// <summary>
/// Deals many seeds out to some processes, each of which lives one at a time, and tells how it went. A seed goes the same way wherever it is lived.
/// A life that hangs or takes its process with it has failed, and a new process lives the next.
/// </summary>
internal sealed class Dealer(Commanded commanded, TextWriter output)
{
    // What finished lives leave behind in a process is little, but not nothing.
    private const int MostLives = 100;
    private const int Reports = 20;
    private readonly Lock _gate = new();
    private readonly List<int> _failed = [];
    private readonly long _started = Stopwatch.GetTimestamp();
    private int _next = commanded.First;
    private int _lived;

    private int Count => commanded.Last - commanded.First + 1;

    /// <returns>The exit code: 1 when a seed failed.</returns>
    public int Run()
    {
        var hands = Enumerable.Range(0, Math.Min(commanded.Jobs, Count))
            .Select(number => new Thread(Work) { Name = $"seeds {number}", IsBackground = true }).ToList();
        foreach (var hand in hands)
            hand.Start();
        foreach (var hand in hands)
            hand.Join();
        _failed.Sort();
        output.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"seeds {commanded.First}-{commanded.Last}: {Count - _failed.Count} clean, {_failed.Count} "
                + $"failed{(_failed.Count > 0 ? $" ({string.Join(", ", _failed)})" : "")}, {Stopwatch.GetElapsedTime(_started).TotalSeconds:0.0} s"));
        output.Flush();
        return _failed.Count == 0 ? 0 : 1;
    }

    private void Work()
    {
        SeedProcess? process = null;
        while (Take() is { } seed)
        {
            process ??= new(commanded);
            var (isClean, told) = process.Live(seed);
            Tell(seed, isClean, told);
            if (process is { IsUsable: true, Lives: < MostLives })
                continue;
            process.Dispose();
            process = null;
        }
        process?.Dispose();
    }

    private int? Take()
    {
        lock (_gate)
            return _next <= commanded.Last ? _next++ : null;
    }

    private void Tell(int seed, bool isClean, List<string> told)
    {
        lock (_gate)
        {
            if (!isClean)
                _failed.Add(seed);
            foreach (var line in told)
                output.WriteLine(line);
            _lived++;
            if (Count >= Reports && _lived % (Count / Reports) == 0)
                output.WriteLine(string.Create(
                    CultureInfo.InvariantCulture,
                    $"{_lived} of {Count} lived, {_failed.Count} failed, {Stopwatch.GetElapsedTime(_started).TotalSeconds:0} s"));
            output.Flush();
        }
    }
}
