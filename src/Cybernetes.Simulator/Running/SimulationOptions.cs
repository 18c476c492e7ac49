namespace Cybernetes.Simulator.Running;

/// <summary>How a run is made.</summary>
internal sealed record SimulationOptions
{
    /// <summary>How long, in virtual time, users act and things fail. Default 5 min.</summary>
    public TimeSpan Trouble { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>Claims of stateful sets, pods that give way to others and sleep of the whole machine take part. Default: no.</summary>
    public bool IsRich { get; init; }

    /// <summary>Warnings of the parts are traced too. Default: no.</summary>
    public bool IsTalkative { get; init; }
}
