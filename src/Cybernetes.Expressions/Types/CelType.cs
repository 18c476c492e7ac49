namespace Cybernetes.Expressions;

/// <summary>What family a <see cref="CelType"/> belongs to.</summary>
public enum CelKind : byte
{
    /// <summary>The type of an expression that is wrong; fits everything, so that one mistake is told once.</summary>
    Error,

    /// <summary>Known at run time only.</summary>
    Dyn,

    /// <summary>As <see cref="Dyn"/>, in the words of a message field that holds anything.</summary>
    Any,
    Null,
    Bool,
    Int,
    Uint,
    Double,
    String,
    Bytes,
    Timestamp,
    Duration,
    List,
    Map,

    /// <summary>The type of types.</summary>
    Type,

    /// <summary>A type variable of a function's signature.</summary>
    Parameter,

    /// <summary>A library's type, known by its name: optional_type, kubernetes.Quantity …</summary>
    Opaque,

    /// <summary>An object with declared fields.</summary>
    Object,
}

/// <summary>A type of the Common Expression Language. Immutable; equal by structure.</summary>
public sealed class CelType : IEquatable<CelType>
{
    private static readonly IReadOnlyList<CelType> s_none = [];

    private CelType(CelKind kind, string name, IReadOnlyList<CelType>? parameters = null)
    {
        Kind = kind;
        Name = name;
        Parameters = parameters ?? s_none;
    }

    public static CelType Error { get; } = new(CelKind.Error, "!error!");

    public static CelType Dyn { get; } = new(CelKind.Dyn, "dyn");

    public static CelType Any { get; } = new(CelKind.Any, "google.protobuf.Any");

    public static CelType Null { get; } = new(CelKind.Null, "null_type");

    public static CelType Bool { get; } = new(CelKind.Bool, "bool");

    public static CelType Int { get; } = new(CelKind.Int, "int");

    public static CelType Uint { get; } = new(CelKind.Uint, "uint");

    public static CelType Double { get; } = new(CelKind.Double, "double");

    public static CelType String { get; } = new(CelKind.String, "string");

    public static CelType Bytes { get; } = new(CelKind.Bytes, "bytes");

    public static CelType Timestamp { get; } = new(CelKind.Timestamp, "google.protobuf.Timestamp");

    public static CelType Duration { get; } = new(CelKind.Duration, "google.protobuf.Duration");

    /// <summary>A list of anything: what a list's type is at run time.</summary>
    public static CelType AnyList { get; } = List(Dyn);

    /// <summary>A map of anything: what a map's type is at run time.</summary>
    public static CelType AnyMap { get; } = Map(Dyn, Dyn);

    /// <summary>The type of types.</summary>
    public static CelType TypeOfTypes { get; } = new(CelKind.Type, "type");

    public CelKind Kind { get; }

    /// <summary>The name at run time, as <c>type(x)</c> prints it.</summary>
    public string Name { get; }

    public IReadOnlyList<CelType> Parameters { get; }

    /// <summary>The declared fields of an object; null where none are declared, and for every other kind.</summary>
    public IReadOnlyDictionary<string, CelType>? Fields { get; private init; }

    /// <summary>Whether nothing is known of the value before it is there.</summary>
    public bool IsDyn => Kind is CelKind.Dyn or CelKind.Any;

    public static CelType List(CelType element) => new(CelKind.List, "list", [element]);

    public static CelType Map(CelType key, CelType value) => new(CelKind.Map, "map", [key, value]);

    public static CelType Type(CelType of) => new(CelKind.Type, "type", [of]);

    public static CelType Parameter(string name) => new(CelKind.Parameter, name);

    public static CelType Opaque(string name, params CelType[] parameters) => new(CelKind.Opaque, name, parameters);

    public static CelType Optional(CelType of) => Opaque("optional_type", of);

    /// <summary>An object. Where its fields are known an unknown one is a compile error; null takes any.</summary>
    public static CelType Object(string name, IReadOnlyDictionary<string, CelType>? fields) => new(CelKind.Object, name) { Fields = fields };

    /// <summary>Whether two types are the same, seen without their parameters: what can be asked of a value at run time.</summary>
    public bool SameFamily(CelType other) =>
        Kind == other.Kind && (Kind is not (CelKind.Opaque or CelKind.Object) || string.Equals(Name, other.Name, StringComparison.Ordinal));

    public bool Equals(CelType? other)
    {
        if (ReferenceEquals(this, other)) return true;
        if (other is null || Kind != other.Kind || !string.Equals(Name, other.Name, StringComparison.Ordinal)) return false;
        if (Parameters.Count != other.Parameters.Count) return false;
        for (var i = 0; i < Parameters.Count; i++)
        {
            if (!Parameters[i].Equals(other.Parameters[i])) return false;
        }
        return true;
    }

    public override bool Equals(object? obj) => Equals(obj as CelType);

    public override int GetHashCode() => HashCode.Combine(Kind, Name, Parameters.Count);

    /// <summary>The type as compile errors print it.</summary>
    public string Describe() => Kind switch
    {
        CelKind.Any => "any",
        CelKind.Null => "null",
        CelKind.Timestamp => "timestamp",
        CelKind.Duration => "duration",
        _ when Parameters.Count == 0 => Name,
        _ => $"{Name}({string.Join(", ", Parameters.Select(p => p.Describe()))})",
    };

    /// <summary>The type by its run-time names, parameters included.</summary>
    public override string ToString() =>
        Parameters.Count == 0 ? Name : $"{Name}({string.Join(", ", Parameters)})";
}
