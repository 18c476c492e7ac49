using System.Globalization;

namespace Cybernetes.Store.Tests;

/// <summary>What <c>./dev soak</c> asks of tests that have a course by chance: more rounds, and other seeds, which it prints.</summary>
internal static class Soak
{
    public static int Rounds(int otherwise) => Number("CYBERNETES_CRASH_ROUNDS", otherwise);

    /// <summary>The seed of a case: its own in <c>./dev test</c>, another one for each run of the soak.</summary>
    public static int Seed(int ofCase) => Number("CYBERNETES_CRASH_SEED", 0) + ofCase;

    private static int Number(string variable, int otherwise) =>
        int.TryParse(Environment.GetEnvironmentVariable(variable), NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : otherwise;
}
