using System.Globalization;

namespace Cybernetes.Node.Simulated;

/// <summary>What a simulated container does once it is started.</summary>
/// <param name="StartDelay">How long StartContainer takes.</param>
/// <param name="RunFor">Null: until it is stopped.</param>
/// <param name="ExitCode">When it ends by itself.</param>
/// <param name="StopDelay">How long it takes to end after the stop signal; killed when the grace is shorter.</param>
/// <param name="IsOutOfMemory">It ends as OOMKilled (exit code 137).</param>
/// <param name="Output">Written to the log at the start.</param>
/// <param name="MilliCpu">What the statistics show.</param>
public sealed record ContainerScript(
    TimeSpan StartDelay = default,
    TimeSpan? RunFor = null,
    int ExitCode = 0,
    TimeSpan StopDelay = default,
    bool IsOutOfMemory = false,
    string Output = "",
    int MilliCpu = 1,
    long MemoryBytes = 1024 * 1024)
{
    /// <summary>Annotations of the pod that write its containers' script. Times are seconds, as 1.5.</summary>
    public const string AnnotationPrefix = "simulated.cybernetes.io/";

    /// <summary>
    /// From the pod's annotations (start-delay, run-for, exit-code, stop-delay, oom-killed, output, milli-cpu, memory-bytes),
    /// else from the command: sleep, true and false do what their names say.
    /// </summary>
    public static ContainerScript Of(SimulatedContainer container) => Of(container.Sandbox.Config.Annotations, [.. container.CommandLine]);

    /// <inheritdoc cref="Of(SimulatedContainer)"/>
    public static ContainerScript Of(IDictionary<string, string> annotations, string[] command) =>
        OfCommand(command).With(name => annotations.TryGetValue(AnnotationPrefix + name, out var value) ? value : null);

    /// <summary>This script, but for what the words say: their names are those of the annotations, without the prefix.</summary>
    internal ContainerScript With(Func<string, string?> word)
    {
        var isSame = !Array.Exists(s_words, name => word(name) is not null);
        return isSame ? this : this with
        {
            StartDelay = Seconds(word("start-delay")) ?? StartDelay,
            RunFor = Seconds(word("run-for")) ?? RunFor,
            ExitCode = Whole(word("exit-code")) is { } code ? (int)code : ExitCode,
            StopDelay = Seconds(word("stop-delay")) ?? StopDelay,
            IsOutOfMemory = word("oom-killed") is { } killed ? killed == "true" : IsOutOfMemory,
            Output = word("output") ?? Output,
            MilliCpu = Whole(word("milli-cpu")) is { } milli ? (int)milli : MilliCpu,
            MemoryBytes = Whole(word("memory-bytes")) ?? MemoryBytes,
        };
    }

    /// <summary>The words that a script is written in.</summary>
    internal static IReadOnlyList<string> Words => s_words;

    private static readonly string[] s_words =
        ["start-delay", "run-for", "exit-code", "stop-delay", "oom-killed", "output", "milli-cpu", "memory-bytes"];

    // Shared: a fleet has a hundred thousand containers of which nobody says anything.
    private static readonly ContainerScript s_plain = new();

    internal static ContainerScript OfCommand(string[] command) => command switch
    {
        ["true", ..] or ["/bin/true", ..] => new ContainerScript(RunFor: TimeSpan.Zero),
        ["false", ..] or ["/bin/false", ..] => new ContainerScript(RunFor: TimeSpan.Zero, ExitCode: 1),
        ["echo", .. var words] => new ContainerScript(RunFor: TimeSpan.Zero, Output: string.Join(' ', words) + "\n"),
        ["sleep", var time] when Seconds(time) is { } span => new ContainerScript(RunFor: span),
        _ => s_plain,
    };

    private static TimeSpan? Seconds(string? text) =>
        double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var seconds) && seconds < 1e9
            ? TimeSpan.FromSeconds(seconds)
            : null;

    private static long? Whole(string? text) =>
        long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var value) ? value : null;
}
