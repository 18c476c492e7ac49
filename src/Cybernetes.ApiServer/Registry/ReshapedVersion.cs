using System.Text.Json;
using Cybernetes.Objects;
using Cybernetes.Objects.Schema;

namespace Cybernetes.ApiServer.Registry;

/// <summary>
/// A version whose fields stand in the stored form under the same names, all or nearly all: they are carried over by name, and two actions do the
/// rest. A field that one side lacks is lost on the way, as upstream's conversion loses it. Slower than <see cref="ConvertedVersion{TServed,TStored}"/>
/// by one more pass over the JSON; meant for versions that are asked for seldom.
/// </summary>
/// <param name="toStored">Own defaults and what does not go by name, from what was sent; null where names do everything.</param>
/// <param name="fromStored">The way back; null where names do everything.</param>
public sealed class ReshapedVersion<TServed, TStored>(Action<TServed, TStored>? toStored = null, Action<TStored, TServed>? fromStored = null)
    : ServedVersion(TServed.Facts.Group, TServed.Facts.Version, TServed.Facts.Kind)
    where TServed : class, IKubernetesObject<TServed>
    where TStored : class, IKubernetesObject<TStored>
{
    private readonly Lazy<TypeFacts?> _facts = new(() => SchemaFacts.FindType(TServed.Facts.Group, TServed.Facts.Version, TServed.Facts.Kind));

    /// <inheritdoc/>
    public override TypeFacts? Facts => _facts.Value;

    /// <inheritdoc/>
    public override IKubernetesObject Decode(ref Utf8JsonReader reader, DecodeContext context)
    {
        var served = TServed.ReadJson(ref reader, context);
        var stored = FieldCarry.Over<TServed, TStored>(served);
        toStored?.Invoke(served, stored);
        return stored;
    }

    /// <inheritdoc/>
    public override void Encode(IKubernetesObject stored, Utf8JsonWriter writer)
    {
        var served = FieldCarry.Over<TStored, TServed>((TStored)stored);
        fromStored?.Invoke((TStored)stored, served);
        served.APIVersion = APIVersion;
        served.Kind = Kind;
        served.WriteJson(writer);
    }

    private protected override byte[] MakeEmpty() => EmptyOf<TServed>();
}
