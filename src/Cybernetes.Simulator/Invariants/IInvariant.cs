using Cybernetes.Simulator.World;

namespace Cybernetes.Simulator.Invariants;

/// <summary>Something that holds in every moment of a cluster's life, whatever fails.</summary>
internal interface IInvariant
{
    /// <summary>A change has been made.</summary>
    /// <returns>What is wrong since then; null when all is well.</returns>
    string? See(Change change);

    /// <summary>What is wrong when the cluster has come to rest.</summary>
    IEnumerable<string> AtRest() => [];
}
