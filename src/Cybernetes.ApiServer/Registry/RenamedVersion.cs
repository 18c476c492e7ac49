using System.Text.Json;
using Cybernetes.Objects;
using Cybernetes.Objects.Schema;

namespace Cybernetes.ApiServer.Registry;

/// <summary>A version in which a kind has the very fields of its storage version: only the name of the version differs.</summary>
/// <param name="group">The group it is served in.</param>
/// <param name="version">The version.</param>
/// <param name="toStored">Own defaults; null where there are none.</param>
/// <param name="fromStored">What is written otherwise; it gets a copy of its own. Null where there is nothing.</param>
public sealed class RenamedVersion<TStored>(string group, string version, Action<TStored>? toStored = null, Action<TStored>? fromStored = null)
    : ServedVersion(group, version, TStored.Facts.Kind)
    where TStored : class, IKubernetesObject<TStored>
{
    private readonly Lazy<TypeFacts?> _facts = new(() => SchemaFacts.FindType(group, version, TStored.Facts.Kind));

    /// <summary>A version of the storage version's group.</summary>
    public RenamedVersion(string version, Action<TStored>? toStored = null, Action<TStored>? fromStored = null)
        : this(TStored.Facts.Group, version, toStored, fromStored)
    {
    }

    /// <inheritdoc/>
    public override TypeFacts? Facts => _facts.Value;

    /// <inheritdoc/>
    public override IKubernetesObject Decode(ref Utf8JsonReader reader, DecodeContext context)
    {
        var stored = TStored.ReadJson(ref reader, context);
        toStored?.Invoke(stored);
        return stored;
    }

    /// <inheritdoc/>
    public override void Encode(IKubernetesObject stored, Utf8JsonWriter writer)
    {
        var served = ((TStored)stored).DeepClone();
        fromStored?.Invoke(served);
        served.APIVersion = APIVersion;
        served.Kind = Kind;
        served.WriteJson(writer);
    }
}
