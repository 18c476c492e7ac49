namespace Cybernetes.Controllers.Bench;

/// <summary>How the suite is run; the defaults are the sizes that are asked for.</summary>
internal sealed record SuiteOptions
{
    /// <summary>The <c>cyb</c> to measure.</summary>
    public required string Program { get; init; }

    /// <summary>Names of stages; empty: all.</summary>
    public IReadOnlyList<string> Only { get; init; } = [];

    /// <summary>Of the deployment that is made, rolled and deleted.</summary>
    public int Pods { get; init; } = 10_000;

    /// <summary>Of the namespace that is deleted.</summary>
    public int Objects { get; init; } = 10_000;

    /// <summary>That stand still in the steady state.</summary>
    public int Deployments { get; init; } = 5000;

    /// <summary>How long the steady state is watched.</summary>
    public int SteadySeconds { get; init; } = 60;

    /// <summary>Objects in the cluster at the points of the curve, ascending.</summary>
    public IReadOnlyList<int> Sizes { get; init; } = [1000, 10_000, 100_000];

    /// <summary>Events of each sort at each point of the curve.</summary>
    public int Events { get; init; } = 200;

    /// <summary>Simulated nodes; each takes 110 pods, and a rollout has a quarter more pods than replicas.</summary>
    public int Nodes { get; init; } = 130;

    /// <summary>Whether the rollout's pods are first made by clients alone, to compare with.</summary>
    public bool WithClients { get; init; } = true;

    /// <summary>Whether the logs and the data stay when it ends.</summary>
    public bool Keep { get; init; }

    public bool Has(string stage) => Only.Count == 0 || Only.Contains(stage);
}
