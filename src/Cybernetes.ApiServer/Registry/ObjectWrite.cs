using Cybernetes.Objects;
using Cybernetes.Store;

namespace Cybernetes.ApiServer.Registry;

/// <summary>What is stored under a name when a write begins. The object is decoded for this write and may be kept, not changed.</summary>
internal sealed record CurrentState(Record Record, IKubernetesObject Object);

/// <summary>One create, update or patch on its way through the write stages.</summary>
internal sealed class ObjectWrite
{
    /// <summary>The kind.</summary>
    public required KindDefinition Kind { get; init; }

    /// <summary>Object name; empty when a create brings or generates it.</summary>
    public required string Name { get; init; }

    /// <summary>User, namespace, dry run, subresource.</summary>
    public required WriteContext Context { get; init; }

    /// <summary>Makes the wanted object: decoded from the body, or the current one patched. Called again on each attempt.</summary>
    public required Func<CurrentState?, ValueTask<IKubernetesObject>> Produce { get; init; }

    /// <summary>True for a create: what is there already is a conflict.</summary>
    public bool IsCreate { get; init; }

    /// <summary>Whether an object that is not there is created.</summary>
    public bool MayCreate { get; init; }

    /// <summary>Whether what was produced holds for any state (patches): what comes between is produced again instead of a conflict.</summary>
    public bool HoldsForAnyState { get; init; }

    /// <summary>The version that the client speaks, in which its fields are kept; null when the producer keeps owners itself, or nobody does.</summary>
    public ServedVersion? Version { get; init; }

    /// <summary>Which part may change.</summary>
    public WriteStrategy Strategy { get; init; } = WriteStrategy.Object;

    /// <summary>Namespace, for cluster kinds empty.</summary>
    public string Namespace => Kind.Namespaced ? Context.Namespace : "";
}

/// <summary>What became of a write.</summary>
/// <param name="Stored">The object's JSON in the storage version.</param>
/// <param name="Created">True when it was not there before.</param>
internal readonly record struct WriteOutcome(ReadOnlyMemory<byte> Stored, bool Created);
