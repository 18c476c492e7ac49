using System.Diagnostics.CodeAnalysis;

namespace Cybernetes.Expressions;

/// <summary>
/// A value of the Common Expression Language, immutable. Equality is the language's <c>==</c>: numbers are compared across their types,
/// values of different kinds are unequal.
/// </summary>
public abstract class CelValue
{
    /// <summary>The type at run time: lists and maps do not know their elements' types.</summary>
    public abstract CelType Type { get; }

    /// <summary>What the cost of work over this value grows with: characters, bytes, elements; 1 for everything else.</summary>
    internal virtual long Size => 1;

    /// <summary>Whether this is an error, which every strict operation passes on.</summary>
    public bool IsError => this is CelError;
}

/// <summary>Evaluation failed with this message. Errors are values: <c>&amp;&amp;</c> and <c>||</c> may swallow them.</summary>
public sealed class CelError(string message) : CelValue
{
    internal static readonly CelError NoSuchOverload = new("no such overload");
    internal static readonly CelError IntOverflow = new("integer overflow");
    internal static readonly CelError UintOverflow = new("unsigned integer overflow");
    internal static readonly CelError DivisionByZero = new("division by zero");
    internal static readonly CelError ModulusByZero = new("modulus by zero");
    internal static readonly CelError DurationOverflow = new("duration overflow");
    internal static readonly CelError TimestampOverflow = new("timestamp overflow");
    internal static readonly CelError CostExceeded = new("operation cancelled: actual cost limit exceeded");

    public string Message { get; } = message;

    public override CelType Type => CelType.Error;

    public override string ToString() => Message;

    internal static CelError NoSuchKey(CelValue key) => new("no such key: " + CelFormat.Plain(key));

    internal static CelError Conversion(CelValue value, string to) => new($"type conversion error from '{value.Type.Name}' to '{to}'");

    internal static CelError Overload(string function, ReadOnlySpan<CelValue> arguments)
    {
        var names = new string[arguments.Length];
        for (var i = 0; i < names.Length; i++) names[i] = arguments[i].Type.Name;
        return new CelError($"no such overload: {function}({string.Join(", ", names)})");
    }
}

/// <summary>The null of JSON.</summary>
public sealed class CelNull : CelValue
{
    private CelNull()
    {
    }

    public static CelNull Instance { get; } = new();

    public override CelType Type => CelType.Null;

    public override string ToString() => "null";
}

/// <summary>true or false.</summary>
public sealed class CelBool : CelValue
{
    private CelBool(bool value) => Value = value;

    public static CelBool True { get; } = new(true);

    public static CelBool False { get; } = new(false);

    public bool Value { get; }

    public override CelType Type => CelType.Bool;

    public static CelBool Of(bool value) => value ? True : False;

    public override string ToString() => Value ? "true" : "false";
}

/// <summary>A type as a value: what <c>type(x)</c> gives, and what the name <c>int</c> means.</summary>
public sealed class CelTypeValue(CelType value) : CelValue
{
    public CelType Value { get; } = value;

    public override CelType Type => CelType.TypeOfTypes;

    public override bool Equals(object? obj) => obj is CelTypeValue other && string.Equals(Value.Name, other.Value.Name, StringComparison.Ordinal);

    public override int GetHashCode() => Value.Name.GetHashCode(StringComparison.Ordinal);

    public override string ToString() => Value.Name;
}

/// <summary>optional.of(value), or optional.none().</summary>
public sealed class CelOptional : CelValue
{
    private static readonly CelType s_type = CelType.Optional(CelType.Dyn);

    private CelOptional(CelValue? value) => Value = value;

    public static CelOptional None { get; } = new(null);

    public CelValue? Value { get; }

    [MemberNotNullWhen(true, nameof(Value))]
    public bool HasValue => Value is not null;

    public override CelType Type => s_type;

    public static CelOptional Of(CelValue value) => new(value);

    public override bool Equals(object? obj) => obj is CelOptional other && Equals(Value, other.Value);

    public override int GetHashCode() => Value?.GetHashCode() ?? 0;

    public override string ToString() => HasValue ? $"optional({Value})" : "optional.none";
}
