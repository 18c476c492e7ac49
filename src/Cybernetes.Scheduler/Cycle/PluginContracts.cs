namespace Cybernetes.Scheduler.Cycle;

/// <summary>Takes nodes out of a cycle's feasible set, each with its reasons. Runs over all still feasible nodes at once; keeps no state.</summary>
internal interface IFilterPlugin
{
    /// <summary>The plugin's name in configuration, metrics and queueing: upstream's.</summary>
    string Name { get; }

    /// <summary>What may make a pod schedulable that this plugin rejected.</summary>
    Queue.ClusterEvent Wakers { get; }

    void Filter(SchedulingCycle cycle);
}

/// <summary>Rates the feasible nodes from 0 (worst) to 100 (best), normalised. Keeps no state.</summary>
internal interface IScorePlugin
{
    const long MaximumScore = 100;

    string Name { get; }

    /// <summary>The weight of the default profile.</summary>
    long Weight { get; }

    /// <param name="cycle">Holds the feasible nodes.</param>
    /// <param name="scores">By slot; only feasible slots count. All zero at the start.</param>
    void Score(SchedulingCycle cycle, Span<long> scores);
}
