using System.Globalization;

namespace Cybernetes.Simulator.Running;

/// <summary>What a run of the program is told.</summary>
/// <param name="First">The first seed.</param>
/// <param name="Last">The last seed.</param>
/// <param name="IsReplay">One seed, with its trace.</param>
/// <param name="IsFed">The seeds come line by line from the input: the process lives for a dealer.</param>
/// <param name="Jobs">How many processes live many seeds.</param>
/// <param name="Options">How each is run.</param>
internal sealed record Commanded(int First, int Last, bool IsReplay, bool IsFed, int Jobs, SimulationOptions Options)
{
    /// <summary>The options of each life, as arguments.</summary>
    public IEnumerable<string> Arguments()
    {
        // What another length of the troubles has shown, only that length shows again.
        if (Options.Trouble != new SimulationOptions().Trouble)
        {
            yield return "--minutes";
            yield return Options.Trouble.TotalMinutes.ToString(CultureInfo.InvariantCulture);
        }
        if (Options.IsRich)
            yield return "--rich";
        if (Options.IsTalkative)
            yield return "--verbose";
    }

    public string Replay(int seed) => string.Join(' ', [$"./dev sim --seed {seed}", .. Arguments().Where(a => a != "--verbose")]);
}

/// <summary>The command line.</summary>
internal static class CommandLine
{
    private const string Help = """
        cyb-sim: lives of whole clusters under virtual time, each decided by one seed, with what must hold in them checked all the time.

          --seed N          replay one seed and print what happens in it
          --seeds A-B       run the seeds from A to B and print the command that replays each failing one; a life that hangs has failed, and
                            the others go on
          --count N         run N seeds from 1 on
          --jobs N          in how many processes many seeds are run (1 to 256; default: one a processor)
          --minutes N       how many virtual minutes users act and things fail in each life (1 to 600; default 5)
          --rich            claims, preemption and a sleeping machine too: lives that have not been clean a thousand times yet
          --verbose         with --seed: print the warnings of the parts too; with --seeds: a line for each seed
          --quiet           with --seed: print no trace

        Examples
          ./dev sim --seed 42
          ./dev sim --seeds 1-1000
          ./dev sim --seed 42 --verbose | grep -E 'web-3|WRONG'

        The trace: seconds since the start, topic, what happened. "object" lines are changes in the store (+ new, ~ changed, - gone, @ revision),
        "user" what the workload asks, "fault", "kill", "node", "lease" and "dial" what goes wrong, "WRONG" what must not be.
        Exit code: 0 all is well, 1 a seed failed, 2 the command line is wrong, 3 the one seed asked for hangs.
        """;

    public static int Run(string[] arguments, TextReader input, TextWriter output, TextWriter errors)
    {
        if (arguments.Length == 0 || arguments.Contains("--help") || arguments.Contains("-h"))
        {
            output.WriteLine(Help);
            return arguments.Length == 0 ? 2 : 0;
        }
        if (TryRead(arguments, out var isQuiet) is not { } commanded)
        {
            errors.WriteLine($"cannot make sense of: {string.Join(' ', arguments)}\nsee: ./dev sim --help");
            return 2;
        }
        return commanded.IsReplay || commanded.IsFed
            ? new Runner(input, output, errors).Run(commanded, isQuiet)
            : new Dealer(commanded, output).Run();
    }

    internal static Commanded? TryRead(string[] arguments, out bool isQuiet)
    {
        var (first, last, minutes, jobs) = (0, 0, 5, Environment.ProcessorCount);
        var (isReplay, isFed, isTalkative, isRich) = (false, false, false, false);
        isQuiet = false;
        for (var i = 0; i < arguments.Length; i++)
        {
            var value = i + 1 < arguments.Length ? arguments[i + 1] : "";
            var isKnown = arguments[i] switch
            {
                "--seed" => isReplay = Number(value, out first) && Number(value, out last),
                "--seeds" => value.Split('-') is [var from, var to] && Number(from, out first) && Number(to, out last) && first <= last,
                "--count" => Number(value, out last) && (first = 1) <= last,
                "--minutes" => Number(value, out minutes) && minutes is >= 1 and <= 600,
                "--jobs" => Number(value, out jobs) && jobs is >= 1 and <= 256,
                "--fed" => isFed = true,
                "--rich" => isRich = true,
                "--verbose" => isTalkative = true,
                "--quiet" => isQuiet = true,
                _ => false,
            };
            if (!isKnown)
                return null;
            if (arguments[i] is not ("--fed" or "--rich" or "--verbose" or "--quiet"))
                i++;
        }
        return first == 0 && last == 0 && !isReplay && !isFed ? null
            : new(first, last, isReplay, isFed, jobs, new() { Trouble = TimeSpan.FromMinutes(minutes), IsTalkative = isTalkative, IsRich = isRich });
    }

    private static bool Number(string text, out int number) => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number);
}
