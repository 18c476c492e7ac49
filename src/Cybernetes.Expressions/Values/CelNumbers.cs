namespace Cybernetes.Expressions;

/// <summary>A number of any of the three types; equal and hashed across them.</summary>
public abstract class CelNumber : CelValue
{
    internal abstract double AsDouble { get; }

    public override bool Equals(object? obj) => obj is CelNumber other && Compare(this, other) == 0;

    public override int GetHashCode() => AsDouble.GetHashCode();

    /// <summary>-1, 0 or 1 by value; null where one of the two is no number (NaN).</summary>
    internal static int? Compare(CelNumber one, CelNumber other) => (one, other) switch
    {
        (CelInt a, CelInt b) => a.Value.CompareTo(b.Value),
        (CelUint a, CelUint b) => a.Value.CompareTo(b.Value),
        (CelInt a, CelUint b) => a.Value < 0 ? -1 : ((ulong)a.Value).CompareTo(b.Value),
        (CelUint a, CelInt b) => b.Value < 0 ? 1 : a.Value.CompareTo((ulong)b.Value),
        (CelDouble a, CelDouble b) => Compare(a.Value, b.Value),
        (CelDouble a, CelInt b) => Compare(a.Value, b.Value),
        (CelInt a, CelDouble b) => -Compare(b.Value, a.Value),
        (CelDouble a, CelUint b) => Compare(a.Value, b.Value),
        (CelUint a, CelDouble b) => -Compare(b.Value, a.Value),
        _ => null,
    };

    private static int? Compare(double a, double b) => double.IsNaN(a) || double.IsNaN(b) ? null : a.CompareTo(b) is var c && a == b ? 0 : c;

    private static int? Compare(double a, long b) =>
        double.IsNaN(a) ? null : a < -9223372036854775808.0 ? -1 : a >= 9223372036854775808.0 ? 1 : Compare(a, (double)b);

    private static int? Compare(double a, ulong b) =>
        double.IsNaN(a) ? null : a < 0 ? -1 : a >= 18446744073709551616.0 ? 1 : Compare(a, (double)b);
}

/// <summary>A signed 64-bit number.</summary>
public sealed class CelInt(long value) : CelNumber
{
    private static readonly CelInt[] s_small = [.. Enumerable.Range(-16, 272).Select(i => new CelInt(i))];

    public long Value { get; } = value;

    public override CelType Type => CelType.Int;

    internal override double AsDouble => Value;

    public static CelInt Of(long value) => value is >= -16 and < 256 ? s_small[value + 16] : new CelInt(value);

    public override string ToString() => CelFormat.Plain(this);
}

/// <summary>An unsigned 64-bit number.</summary>
public sealed class CelUint(ulong value) : CelNumber
{
    public ulong Value { get; } = value;

    public override CelType Type => CelType.Uint;

    internal override double AsDouble => Value;

    public override string ToString() => CelFormat.Plain(this);
}

/// <summary>A 64-bit floating-point number.</summary>
public sealed class CelDouble(double value) : CelNumber
{
    public double Value { get; } = value;

    public override CelType Type => CelType.Double;

    internal override double AsDouble => Value;

    public override string ToString() => CelFormat.Plain(this);
}
