using System.Collections.Concurrent;
using System.Numerics;
using System.Text;
using System.Text.Json;
using Cybernetes.Objects.Schema;

namespace Cybernetes.Wire;

/// <summary>The shape of a value to server-side apply.</summary>
internal enum ApplyShape
{
    /// <summary>No parts.</summary>
    Scalar,

    /// <summary>A struct or a map: owned field by field, unless atomic.</summary>
    Map,

    /// <summary>A list: owned element by element if it is a set or has keys, else as a whole.</summary>
    List,

    /// <summary>Whatever the value is: maps field by field, lists as a whole (RawExtension, free JSON).</summary>
    Deduced,
}

/// <summary>What a scalar must be.</summary>
internal enum ScalarRule
{
    Any,
    Text,
    Number,
    Boolean,
}

/// <summary>A field of a struct.</summary>
internal sealed class ApplyField(string name, Func<ApplySchema> schema)
{
    private ApplySchema? _schema;

    public PathElement Element { get; } = PathElement.Field(name);

    public byte[] Utf8Name { get; } = Encoding.UTF8.GetBytes(name);

    /// <summary>Made on first use: schemas may hold themselves.</summary>
    public ApplySchema Schema => _schema ??= schema();

    /// <summary>Whether nobody owns the field: the server keeps it (uid, resourceVersion, managedFields, names). Set before use.</summary>
    public bool IsStripped { get; init; }

    /// <summary>Whether the field stays whoever gives up what is in it: the metadata of an object.</summary>
    public bool IsPinned { get; init; }
}

/// <summary>A key of a list's elements; the default holds where an element leaves it out, null where it may not.</summary>
internal sealed record ApplyListKey(string Name, JsonScalar? Default)
{
    public byte[] Utf8Name { get; } = Encoding.UTF8.GetBytes(Name);
}

/// <summary>
/// Leads server-side apply through a type: what is owned as a whole, what by parts, and how list elements are told apart. Made from the schema
/// facts, once a type; immutable and shared.
/// </summary>
public sealed class ApplySchema
{
    private static readonly string[] s_strippedMetadata =
    [
        "name", "namespace", "creationTimestamp", "selfLink", "uid", "clusterName", "generation", "managedFields", "resourceVersion",
    ];

    private static readonly ConcurrentDictionary<string, ApplySchema> s_types = new(StringComparer.Ordinal);
    private static readonly ConcurrentDictionary<string, ApplySchema> s_kinds = new(StringComparer.Ordinal);

    private static int s_count;

    private readonly ApplyField[] _fields = [];
    private readonly byte[] _places = [];

    private ApplySchema(ApplyShape shape)
    {
        Shape = shape;
        Number = Interlocked.Increment(ref s_count);
    }

    /// <summary>Free JSON.</summary>
    public static ApplySchema Deduced { get; } = new(ApplyShape.Deduced);

    internal ApplyShape Shape { get; }

    internal bool IsAtomic { get; private init; }

    internal ScalarRule Rule { get; private init; }

    /// <summary>The metadata of an object.</summary>
    internal bool IsMetadata { get; private init; }

    /// <summary>Tells it apart from the others.</summary>
    internal int Number { get; }

    /// <summary>Fields of a struct in the order they are written; empty for a free map.</summary>
    internal ApplyField[] Fields
    {
        get => _fields;
        private init
        {
            _fields = value;
            _places = PlacesOf(value);
        }
    }

    /// <summary>Values of a free map, elements of a list; null for structs.</summary>
    internal ApplySchema? Element { get; private init; }

    /// <summary>Keys of a list's elements; empty for a set.</summary>
    internal ApplyListKey[] Keys { get; private init; } = [];

    /// <summary>The schema of a kind's type at the top of a document: what the server keeps of its metadata is nobody's.</summary>
    public static ApplySchema OfKind(TypeFacts type) => s_kinds.GetOrAdd(type.FullName, static (_, facts) => Struct(facts, isTop: true), type);

    /// <summary>Whether a step leads to a field that the struct names, and that goes when all in it goes.</summary>
    internal bool HasField(PathElement element) => element.Kind == PathElementKind.Field && FieldOf(element) is { IsPinned: false };

    /// <summary>The schema below a step.</summary>
    internal ApplySchema Child(PathElement element)
    {
        if (Shape == ApplyShape.Map && element.Kind == PathElementKind.Field) return FieldOf(element)?.Schema ?? Element ?? Deduced;
        if (Shape == ApplyShape.List && element.Kind == PathElementKind.Key) return Element ?? Deduced;
        return Deduced;
    }

    /// <summary>The field of a JSON property; null where the struct has none. The place is a guess where to look first, and is moved on.</summary>
    internal ApplyField? FieldOf(ReadOnlySpan<byte> name, ref int place)
    {
        ApplyField[] fields = _fields;
        if ((uint)place < (uint)fields.Length && name.SequenceEqual(fields[place].Utf8Name)) return fields[place++];
        // Open addressing: the place of a field, and zero for none.
        for (int slot = Hash(name) & (_places.Length - 1); _places[slot] != 0; slot = (slot + 1) & (_places.Length - 1))
        {
            int at = _places[slot] - 1;
            if (!name.SequenceEqual(fields[at].Utf8Name)) continue;
            place = at + 1;
            return fields[at];
        }
        return null;
    }

    private static byte[] PlacesOf(ApplyField[] fields)
    {
        byte[] places = new byte[(int)BitOperations.RoundUpToPowerOf2((uint)(fields.Length * 3) + 1)];
        for (int i = 0; i < fields.Length; i++)
        {
            int slot = Hash(fields[i].Utf8Name) & (places.Length - 1);
            while (places[slot] != 0) slot = (slot + 1) & (places.Length - 1);
            places[slot] = checked((byte)(i + 1));
        }
        return places;
    }

    private static int Hash(ReadOnlySpan<byte> name) =>
        name.IsEmpty ? 0 : (name.Length * 31) + (name[0] * 7) + (name[^1] * 13) + (name[name.Length / 2] * 5) + name[name.Length / 4];

    private static ApplySchema Struct(TypeFacts type, bool isTop)
    {
        ApplyField[] fields = [.. SchemaFacts.FieldsOf(type).Select(field => isTop ? TopField(field) : FieldFrom(field))];
        return new ApplySchema(ApplyShape.Map) { Fields = fields, IsAtomic = type.IsAtomic };
    }

    private static ApplyField TopField(FieldFacts facts) => facts.JsonName switch
    {
        "apiVersion" or "kind" => new ApplyField(facts.JsonName, () => Of(facts)) { IsStripped = true },
        "metadata" when facts.Type.StructName is { } name => new ApplyField(facts.JsonName, () => Metadata(SchemaFacts.Type(name))) { IsPinned = true },
        _ => FieldFrom(facts),
    };

    private static ApplyField FieldFrom(FieldFacts facts) => new(facts.JsonName, () => Of(facts));

    private static ApplySchema Metadata(TypeFacts type) => new(ApplyShape.Map)
    {
        IsMetadata = true,
        Fields =
        [
            .. SchemaFacts.FieldsOf(type).Select(facts =>
                new ApplyField(facts.JsonName, () => Of(facts)) { IsStripped = s_strippedMetadata.Contains(facts.JsonName) }),
        ],
    };

    private static ApplySchema Of(FieldFacts facts)
    {
        TypeReference type = facts.Type;
        switch (type.Shape)
        {
            case TypeShape.Struct when facts.StructType is { } how:
                TypeFacts target = SchemaFacts.Type(type.StructName!);
                if (how == "atomic" == target.IsAtomic) return Of(type);
                return new ApplySchema(ApplyShape.Map) { Fields = Of(type).Fields, IsAtomic = how == "atomic" };
            case TypeShape.Map:
                return new ApplySchema(ApplyShape.Map) { Element = Of(type.Element!), IsAtomic = facts.MapType == "atomic" };
            case TypeShape.List:
                return ListOf(facts);
            default:
                return Of(type);
        }
    }

    /// <summary>A list's type, or, where none is stated, its merge strategy, says how its elements are told apart.</summary>
    private static ApplySchema ListOf(FieldFacts facts)
    {
        TypeReference element = facts.Type.Element!;
        bool merges = facts.ListType is null && facts.PatchStrategy is "merge" or "merge,retainKeys";
        string[] keys = facts.ListType == "map" ? facts.ListMapKeys : merges && facts.PatchMergeKey is { } key ? [key] : [];
        bool isSet = facts.ListType == "set" || (merges && keys.Length == 0);
        return new ApplySchema(ApplyShape.List)
        {
            Element = Of(element),
            IsAtomic = keys.Length == 0 && !isSet,
            Keys = [.. keys.Select(name => new ApplyListKey(name, DefaultOf(element, name)))],
        };
    }

    /// <summary>The default of a key: as declared, or its zero where Go always writes the field.</summary>
    private static JsonScalar? DefaultOf(TypeReference element, string key)
    {
        if (element.StructName is null || SchemaFacts.FieldOf(SchemaFacts.Type(element.StructName), key) is not { } facts) return null;
        if (facts.Default is { } stated && !stated.StartsWith("ref(", StringComparison.Ordinal)) return JsonTree.Parse(stated) as JsonScalar;
        if (facts.OmitEmpty || facts.Type.Pointer) return null;
        return facts.Type.Shape switch
        {
            TypeShape.String => JsonScalar.Of(""),
            TypeShape.Boolean => JsonScalar.False,
            TypeShape.Int32 or TypeShape.Int64 => JsonScalar.Of(0),
            _ => null,
        };
    }

    private static ApplySchema Of(TypeReference type) => type.Shape switch
    {
        TypeShape.Struct => s_types.GetOrAdd(type.StructName!, static name => Struct(SchemaFacts.Type(name), isTop: false)),
        TypeShape.List => new ApplySchema(ApplyShape.List) { Element = Of(type.Element!), IsAtomic = true },
        TypeShape.Map => new ApplySchema(ApplyShape.Map) { Element = Of(type.Element!) },
        TypeShape.Raw => Deduced,
        TypeShape.String or TypeShape.Bytes or TypeShape.Duration => new ApplySchema(ApplyShape.Scalar) { Rule = ScalarRule.Text },
        TypeShape.Boolean => new ApplySchema(ApplyShape.Scalar) { Rule = ScalarRule.Boolean },
        TypeShape.Int32 or TypeShape.Int64 or TypeShape.Double => new ApplySchema(ApplyShape.Scalar) { Rule = ScalarRule.Number },
        _ => new ApplySchema(ApplyShape.Scalar) { Rule = ScalarRule.Any },
    };

    private ApplyField? FieldOf(PathElement element)
    {
        foreach (ApplyField field in Fields)
        {
            if (ReferenceEquals(field.Element, element)) return field;
        }
        // Names beyond the number that is kept once are equal only in text.
        foreach (ApplyField field in Fields)
        {
            if (field.Element.Text == element.Text) return field;
        }
        return null;
    }
}
