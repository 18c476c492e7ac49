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
    public static ContainerScript Of(IDictionary<string, string> annotations, string[] command)
    {
        string? Get(string name) => annotations.TryGetValue(AnnotationPrefix + name, out var value) ? value : null;
        var script = OfCommand(command);
        return script with
        {
            StartDelay = Seconds(Get("start-delay")) ?? script.StartDelay,
            RunFor = Seconds(Get("run-for")) ?? script.RunFor,
            ExitCode = Whole(Get("exit-code")) is { } code ? (int)code : script.ExitCode,
            StopDelay = Seconds(Get("stop-delay")) ?? script.StopDelay,
            IsOutOfMemory = Get("oom-killed") == "true",
            Output = Get("output") ?? script.Output,
            MilliCpu = Whole(Get("milli-cpu")) is { } milli ? (int)milli : script.MilliCpu,
            MemoryBytes = Whole(Get("memory-bytes")) ?? script.MemoryBytes,
        };
    }

    private static ContainerScript OfCommand(string[] command) => command switch
    {
        ["true", ..] or ["/bin/true", ..] => new ContainerScript(RunFor: TimeSpan.Zero),
        ["false", ..] or ["/bin/false", ..] => new ContainerScript(RunFor: TimeSpan.Zero, ExitCode: 1),
        ["echo", .. var words] => new ContainerScript(RunFor: TimeSpan.Zero, Output: string.Join(' ', words) + "\n"),
        ["sleep", var time] when Seconds(time) is { } span => new ContainerScript(RunFor: span),
        _ => new ContainerScript(),
    };

    private static TimeSpan? Seconds(string? text) =>
        double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var seconds) && seconds < 1e9
            ? TimeSpan.FromSeconds(seconds)
            : null;

    private static long? Whole(string? text) =>
        long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var value) ? value : null;
}
