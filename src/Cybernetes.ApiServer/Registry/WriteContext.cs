using Cybernetes.ApiServer.Authentication;
using Cybernetes.Foundation;
using Cybernetes.Store;

namespace Cybernetes.ApiServer.Registry;

/// <summary>What strategies, validation and admission may know about the write they serve. One a request.</summary>
public sealed class WriteContext
{
    /// <summary>Who writes.</summary>
    public required UserInfo User { get; init; }

    /// <summary>When the write began.</summary>
    public required DateTimeOffset Now { get; init; }

    /// <summary>Namespace of the request, empty at cluster scope.</summary>
    public required string Namespace { get; init; }

    /// <summary>Makes uids and name suffixes.</summary>
    public required IdentitySource Identities { get; init; }

    /// <summary>Which features are on.</summary>
    public FeatureGates Gates { get; init; } = FeatureGates.Default;

    /// <summary>True when nothing may be kept: all stages run, the store is not written.</summary>
    public bool DryRun { get; init; }

    /// <summary>Who is named in managedFields.</summary>
    public string FieldManager { get; init; } = "";

    /// <summary>The subresource written through, empty for the object itself.</summary>
    public string Subresource { get; init; } = "";

    /// <summary>What a deletion does with dependents when it says nothing of them; null for what the kind does.</summary>
    public string? DefaultPropagation { get; init; }

    /// <summary>Texts for the answer's Warning headers, in order, each once.</summary>
    public List<string> Warnings { get; } = [];

    /// <summary>Adds a Warning header.</summary>
    public void Warn(string text)
    {
        if (!Warnings.Contains(text))
            Warnings.Add(text);
    }
}

/// <summary>
/// What else is written in the transaction that writes an object: how a kind takes names, addresses or ports atomically with it. When a
/// condition does not hold, the object is planned again from the state before planning, a bounded number of times.
/// </summary>
public sealed class WritePlan : IDisposable
{
    private readonly List<IDisposable> _held = [];

    /// <summary>The store, to look up what is free. Reads only.</summary>
    public required IStore Store { get; init; }

    /// <summary>About the write.</summary>
    public required WriteContext Context { get; init; }

    /// <summary>How often this object was planned before in vain.</summary>
    public int Attempt { get; init; }

    internal List<Compare> Conditions { get; } = [];

    internal List<Operation> Operations { get; } = [];

    /// <summary>The transaction happens only if this holds.</summary>
    public void Require(Compare condition) => Conditions.Add(condition);

    /// <summary>Lets something go when the transaction is over, whatever became of it: a turn at what many writes charge.</summary>
    public void Hold(IDisposable turn) => _held.Add(turn);

    /// <summary>The transaction is over.</summary>
    public void Dispose() => _held.ForEach(h => h.Dispose());

    /// <summary>Done together with the object's write.</summary>
    public void Also(Operation operation) => Operations.Add(operation);
}
