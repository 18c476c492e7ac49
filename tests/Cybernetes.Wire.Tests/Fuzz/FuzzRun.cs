using System.Globalization;
using System.Runtime.CompilerServices;

namespace Cybernetes.Wire.Tests;

/// <summary>
/// Runs one case after another until the time is up. Each case has a seed of its own, so that a failure names the command that replays it.
/// <c>CYBERNETES_FUZZ_SECONDS</c> is the time for each test (default 2), <c>CYBERNETES_FUZZ_SEED</c> the first case's seed (default 1).
/// </summary>
internal static class FuzzRun
{
    private const int LeastCases = 50;
    private static readonly TimeSpan CaseLimit = TimeSpan.FromSeconds(60);

    /// <summary>Runs cases; each gets its own source of input.</summary>
    /// <param name="oneCase">Throws when it finds a fault.</param>
    /// <param name="test">The test's name.</param>
    public static Task CasesAsync(Action<FuzzSource> oneCase, [CallerMemberName] string test = "") => CasesAsync(source =>
    {
        oneCase(source);
        return Task.CompletedTask;
    }, test);

    /// <summary>The same for cases that wait.</summary>
    public static async Task CasesAsync(Func<FuzzSource, Task> oneCase, [CallerMemberName] string test = "")
    {
        var seconds = Setting("CYBERNETES_FUZZ_SECONDS", 2);
        var seed = Setting("CYBERNETES_FUZZ_SEED", 1);
        // Should the whole process die of a case, its seed is found here.
        var trace = Path.Combine(AppContext.BaseDirectory, $"fuzz-{test}.seed");
        var started = TimeProvider.System.GetTimestamp();
        for (var cases = 0; cases < LeastCases || TimeProvider.System.GetElapsedTime(started).TotalSeconds < seconds; cases++, seed++)
        {
            await File.WriteAllTextAsync(trace, seed.ToString(CultureInfo.InvariantCulture));
            var source = new FuzzSource(seed);
            try
            {
                await Task.Run(() => oneCase(source)).WaitAsync(CaseLimit, TimeProvider.System);
            }
            catch (Exception e)
            {
                Assert.Fail($"{test} found a fault; replay it by: ./dev fuzz --seconds 0 --seed {seed}\n{e.Message}\ninput: {source.Shown}\n{e}");
            }
        }
        File.Delete(trace);
    }

    private static int Setting(string name, int otherwise) =>
        int.TryParse(Environment.GetEnvironmentVariable(name), NumberStyles.None, CultureInfo.InvariantCulture, out var value) ? value : otherwise;
}
