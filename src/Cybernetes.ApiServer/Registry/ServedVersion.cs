using System.Buffers;
using System.Text.Json;
using Cybernetes.Objects;
using Cybernetes.Objects.Schema;
using Cybernetes.Wire;

namespace Cybernetes.ApiServer.Registry;

/// <summary>
/// One group and version under which a kind is served. The registry works on the stored form; a served version turns what clients send into
/// it and back. The storage version does neither: its bytes are handed out as they are.
/// </summary>
public abstract class ServedVersion(string group, string version, string kind)
{
    private ApplySchema? _applySchema;
    private byte[]? _empty;

    /// <summary>API group; empty for the core group.</summary>
    public string Group { get; } = group;

    /// <summary>Version such as <c>v1</c>.</summary>
    public string Version { get; } = version;

    /// <summary>The kind's name in this version.</summary>
    public string Kind { get; } = kind;

    /// <summary><c>group/version</c>, or the version alone for the core group.</summary>
    public string APIVersion => Group.Length == 0 ? Version : $"{Group}/{Version}";

    /// <summary>True when the stored bytes are already of this version.</summary>
    public virtual bool IsStorage => false;

    /// <summary>Text of the Warning header of every request of this version; null when it is not deprecated.</summary>
    public string? DeprecationWarning { get; init; }

    /// <summary>
    /// True for a version that upstream has removed or is about to: served all the same, so that manifests of any era are accepted, listed last
    /// and without short names and categories in discovery, so that new clients do not choose it.
    /// </summary>
    public bool IsOlder { get; init; }

    /// <summary>The Scale that this version's scale subresource speaks, converted from autoscaling/v1; null where it is that one.</summary>
    public ServedVersion? Scale { get; init; }

    /// <summary>What a deletion through this version does with dependents when it says nothing of them; null for what the kind does.</summary>
    public string? DefaultPropagation { get; init; }

    /// <summary>Subresources that this version alone has.</summary>
    public IReadOnlyList<Subresource> Subresources { get; init; } = [];

    /// <summary>Facts of the type that clients send; null where there are none.</summary>
    public abstract TypeFacts? Facts { get; }

    /// <summary>Leads server-side apply through the type; null where owners of fields are not kept.</summary>
    public virtual ApplySchema? ApplySchema => Facts is { } facts ? _applySchema ??= ApplySchema.OfKind(facts) : null;

    /// <summary>An object without any value as this version writes it: what a create is compared with.</summary>
    internal ReadOnlyMemory<byte> Empty => _empty ??= MakeEmpty();

    /// <summary>Reads one object of this version and converts it to the stored form.</summary>
    /// <exception cref="ObjectDecodeException">The JSON is not of this type.</exception>
    public abstract IKubernetesObject Decode(ref Utf8JsonReader reader, DecodeContext context);

    /// <summary>
    /// Reads one object from its protobuf message, without its envelope, into the stored form; null where that goes by way of JSON.
    /// </summary>
    /// <exception cref="ObjectDecodeException">Malformed.</exception>
    public virtual IKubernetesObject? DecodeProtobuf(ReadOnlySpan<byte> message) => null;

    /// <summary>Writes a stored object as one of this version.</summary>
    public abstract void Encode(IKubernetesObject stored, Utf8JsonWriter writer);

    /// <summary>Writes an object of this version's own type without any value.</summary>
    private protected virtual byte[] MakeEmpty() => "{}"u8.ToArray();

    private protected static byte[] EmptyOf<T>() where T : class, IKubernetesObject<T>
    {
        var reader = new Utf8JsonReader("{}"u8);
        reader.Read();
        var obj = T.ReadJson(ref reader, new DecodeContext(collectStrict: false));
        var buffer = new ArrayBufferWriter<byte>(256);
        using (var writer = new Utf8JsonWriter(buffer, JsonLimits.WriterOptions))
            obj.WriteJson(writer);
        return buffer.WrittenSpan.ToArray();
    }
}

/// <summary>The version that objects are stored in.</summary>
public sealed class StorageVersion<T> : ServedVersion where T : class, IKubernetesObject<T>
{
    private readonly Lazy<TypeFacts?> _facts = new(() => SchemaFacts.FindType(T.Facts.Group, T.Facts.Version, T.Facts.Kind));

    /// <summary>The version that the facts of <typeparamref name="T"/> name.</summary>
    public StorageVersion() : base(T.Facts.Group, T.Facts.Version, T.Facts.Kind)
    {
    }

    /// <inheritdoc/>
    public override bool IsStorage => true;

    /// <inheritdoc/>
    public override TypeFacts? Facts => _facts.Value;

    /// <inheritdoc/>
    public override IKubernetesObject Decode(ref Utf8JsonReader reader, DecodeContext context) => T.ReadJson(ref reader, context);

    /// <inheritdoc/>
    public override IKubernetesObject? DecodeProtobuf(ReadOnlySpan<byte> message)
    {
        var obj = T.New();
        if (obj is not IProtobufMessage fields)
            return null;
        fields.MergeProtobuf(message);
        return obj;
    }

    /// <inheritdoc/>
    public override void Encode(IKubernetesObject stored, Utf8JsonWriter writer) => ((T)stored).WriteJson(writer);

    private protected override byte[] MakeEmpty() => EmptyOf<T>();
}

/// <summary>A version with a class of its own, converted by two functions that lose nothing. They may take over parts of their argument.</summary>
/// <param name="toStored">Applies this version's own defaults too.</param>
/// <param name="fromStored">Makes a new object.</param>
/// <param name="version">A version whose fields are those of <typeparamref name="TServed"/>, under a name of its own; null for the class's own.</param>
public sealed class ConvertedVersion<TServed, TStored>(
    Func<TServed, TStored> toStored, Func<TStored, TServed> fromStored, string? version = null)
    : ServedVersion(TServed.Facts.Group, version ?? TServed.Facts.Version, TServed.Facts.Kind)
    where TServed : class, IKubernetesObject<TServed>
    where TStored : class, IKubernetesObject<TStored>
{
    private readonly Lazy<TypeFacts?> _facts = new(() => SchemaFacts.FindType(TServed.Facts.Group, version ?? TServed.Facts.Version, TServed.Facts.Kind));

    /// <inheritdoc/>
    public override TypeFacts? Facts => _facts.Value;

    /// <inheritdoc/>
    public override IKubernetesObject Decode(ref Utf8JsonReader reader, DecodeContext context)
    {
        var served = TServed.ReadJson(ref reader, context);
        var stored = toStored(served);
        // What was sent is checked against what was asked for: keep the names until the registry sets the stored ones.
        stored.APIVersion = served.APIVersion;
        stored.Kind = served.Kind;
        return stored;
    }

    /// <inheritdoc/>
    public override void Encode(IKubernetesObject stored, Utf8JsonWriter writer)
    {
        var served = fromStored((TStored)stored);
        served.APIVersion = APIVersion;
        served.Kind = Kind;
        served.WriteJson(writer);
    }

    private protected override byte[] MakeEmpty() => EmptyOf<TServed>();
}
