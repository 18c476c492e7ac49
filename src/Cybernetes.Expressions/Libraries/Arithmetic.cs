namespace Cybernetes.Expressions.Libraries;

/// <summary>The four operations and the order of values; overflow is an error, never a wrong number.</summary>
internal static class Arithmetic
{
    public static CelValue Negate(CelValue value) => value switch
    {
        CelInt { Value: long.MinValue } => CelError.IntOverflow,
        CelInt n => CelInt.Of(-n.Value),
        CelDouble n => new CelDouble(-n.Value),
        _ => CelError.NoSuchOverload,
    };

    public static CelValue Add(CelValue one, CelValue other) => (one, other) switch
    {
        (CelInt a, CelInt b) => Int((Int128)a.Value + b.Value),
        (CelUint a, CelUint b) => Uint((Int128)a.Value + b.Value),
        (CelDouble a, CelDouble b) => new CelDouble(a.Value + b.Value),
        _ => CelError.NoSuchOverload,
    };

    public static CelValue Subtract(CelValue one, CelValue other) => (one, other) switch
    {
        (CelInt a, CelInt b) => Int((Int128)a.Value - b.Value),
        (CelUint a, CelUint b) => Uint((Int128)a.Value - b.Value),
        (CelDouble a, CelDouble b) => new CelDouble(a.Value - b.Value),
        _ => CelError.NoSuchOverload,
    };

    public static CelValue Multiply(CelValue one, CelValue other) => (one, other) switch
    {
        (CelInt a, CelInt b) => Int((Int128)a.Value * b.Value),
        (CelUint a, CelUint b) => (UInt128)a.Value * b.Value is var product && product > ulong.MaxValue ? CelError.UintOverflow : new CelUint((ulong)product),
        (CelDouble a, CelDouble b) => new CelDouble(a.Value * b.Value),
        _ => CelError.NoSuchOverload,
    };

    public static CelValue Divide(CelValue one, CelValue other) => (one, other) switch
    {
        (CelInt, CelInt { Value: 0 }) or (CelUint, CelUint { Value: 0 }) => CelError.DivisionByZero,
        (CelInt a, CelInt b) => Int((Int128)a.Value / b.Value),
        (CelUint a, CelUint b) => new CelUint(a.Value / b.Value),
        (CelDouble a, CelDouble b) => new CelDouble(a.Value / b.Value),
        _ => CelError.NoSuchOverload,
    };

    public static CelValue Modulo(CelValue one, CelValue other) => (one, other) switch
    {
        (CelInt, CelInt { Value: 0 }) or (CelUint, CelUint { Value: 0 }) => CelError.ModulusByZero,
        (CelInt { Value: long.MinValue }, CelInt { Value: -1 }) => CelError.IntOverflow,
        (CelInt a, CelInt b) => CelInt.Of(a.Value % b.Value),
        (CelUint a, CelUint b) => new CelUint(a.Value % b.Value),
        _ => CelError.NoSuchOverload,
    };

    /// <summary>A comparison's answer: false for what is no number, an error for what has no order.</summary>
    public static CelValue Order(CelValue one, CelValue other, Func<int, bool> holds)
    {
        if (one is CelNumber a && other is CelNumber b) return CelBool.Of(CelNumber.Compare(a, b) is { } order && holds(order));
        return Compare(one, other) is { } found ? CelBool.Of(holds(found)) : CelError.NoSuchOverload;
    }

    /// <summary>The order of two values of one ordered type; null where there is none.</summary>
    public static int? Compare(CelValue one, CelValue other) => (one, other) switch
    {
        (CelNumber a, CelNumber b) => CelNumber.Compare(a, b),
        (CelString a, CelString b) => CodePoints.Compare(a.Value, b.Value),
        (CelBytes a, CelBytes b) => a.Value.Span.SequenceCompareTo(b.Value.Span),
        (CelBool a, CelBool b) => a.Value.CompareTo(b.Value),
        (CelTimestamp a, CelTimestamp b) => a.CompareTo(b),
        (CelDuration a, CelDuration b) => a.CompareTo(b),
        _ => null,
    };

    private static CelValue Int(Int128 value) => value < long.MinValue || value > long.MaxValue ? CelError.IntOverflow : CelInt.Of((long)value);

    private static CelValue Uint(Int128 value) => value < 0 || value > ulong.MaxValue ? CelError.UintOverflow : new CelUint((ulong)value);
}
