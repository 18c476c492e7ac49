using Cybernetes.Node.Runtime;

namespace Cybernetes.Node.Simulated;

/// <summary>What a command in a simulated container answers.</summary>
public readonly record struct CommandAnswer(string Stdout = "", string Stderr = "", int ExitCode = 0);

public sealed class SimulatedRuntimeOptions
{
    /// <summary>Makes ids differ between nodes and equal between runs. Default: "node".</summary>
    public string Name { get; init; } = "node";

    /// <summary>Where pods get addresses from when the node agent names no range. Default 10.244.0.0/24.</summary>
    public string PodCidr { get; init; } = "10.244.0.0/24";

    /// <summary>How long a sandbox takes. Default: no time.</summary>
    public TimeSpan SandboxDelay { get; init; }

    /// <summary>How long a pull takes. Default: no time.</summary>
    public TimeSpan PullDelay { get; init; }

    /// <summary>Whether an image can be pulled. Default: each.</summary>
    public Predicate<string> CanPull { get; init; } = _ => true;

    /// <summary>What a container does; asked at its start. Default: <see cref="ContainerScript.Of"/>.</summary>
    public Func<SimulatedContainer, ContainerScript> Script { get; init; } = ContainerScript.Of;

    /// <summary>What exec answers; the text is all of stdin. Default: echo, cat, hostname, true, false; anything else succeeds in
    /// silence.</summary>
    public Func<SimulatedContainer, IReadOnlyList<string>, string, CommandAnswer> Command { get; init; } =
        SimulatedCommands.Answer;

    /// <summary>Makes a call fail: gets the CRI method's name. Default: none fails.</summary>
    public Func<string, RuntimeCallException?> Fault { get; init; } = _ => null;

    /// <summary>Writes log files where the node agent asks for them. Default: no, for many nodes on one machine.</summary>
    public bool WritesLogs { get; init; }
}
