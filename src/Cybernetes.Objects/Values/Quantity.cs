using System.Globalization;
using System.Numerics;
using System.Text.Json;

namespace Cybernetes.Objects;

/// <summary>The suffix family a quantity was written in, and is written back in.</summary>
public enum QuantityFormat : byte
{
    /// <summary>No family known: an unset quantity. Written as <see cref="DecimalExponent"/>.</summary>
    None = 0,

    /// <summary>12M, 500m, 7: powers of ten with a letter.</summary>
    DecimalSI,

    /// <summary>12Mi: powers of 1024.</summary>
    BinarySI,

    /// <summary>12e6.</summary>
    DecimalExponent,
}

/// <summary>
/// A fixed-point number of any size with nine fractional digits, as the API writes CPU, memory and counts (resource.Quantity).
/// Comparison is by value: <c>1000m</c> equals <c>1</c>. What is finer than a billionth is rounded away from zero. The default
/// value is zero.
/// </summary>
public readonly partial struct Quantity : IEquatable<Quantity>, IComparable<Quantity>, IJsonWritable
{
    private const long NanoPerUnit = 1_000_000_000;
    private const long NanoPerMilli = 1_000_000;

    // Billionths, unless _detail holds a BigInteger (which then is the value in billionths).
    private readonly Int128 _nano;

    // A BigInteger for values an Int128 cannot hold; or the string it was parsed from, which is written back as it was; or null.
    private readonly object? _detail;

    private Quantity(Int128 nano, QuantityFormat format, string? text)
    {
        _nano = nano;
        _detail = text;
        Format = format;
    }

    private Quantity(BigInteger nano, QuantityFormat format)
    {
        bool fits = nano >= BigIntegerMinimum && nano <= BigIntegerMaximum;
        _nano = fits ? (Int128)nano : default;
        _detail = fits ? null : nano;
        Format = format;
    }

    private static readonly BigInteger BigIntegerMinimum = (BigInteger)Int128.MinValue;
    private static readonly BigInteger BigIntegerMaximum = (BigInteger)Int128.MaxValue;

    /// <summary>Zero in the plain decimal family.</summary>
    public static Quantity Zero => new(Int128.Zero, QuantityFormat.DecimalSI, "0");

    /// <summary>The family of suffixes this quantity is written with.</summary>
    public QuantityFormat Format { get; }

    /// <summary>True for a value of exactly zero.</summary>
    public bool IsZero => Sign == 0;

    /// <summary>-1, 0 or 1.</summary>
    public int Sign => _detail is BigInteger big ? big.Sign : Int128.Sign(_nano);

    /// <summary>The whole number <paramref name="value"/>.</summary>
    public static Quantity FromInt64(long value, QuantityFormat format = QuantityFormat.DecimalSI) =>
        new((Int128)value * NanoPerUnit, format, null);

    /// <summary>A byte count, written with Ki, Mi, Gi … where it divides evenly.</summary>
    public static Quantity FromBytes(long bytes) => FromInt64(bytes, QuantityFormat.BinarySI);

    /// <summary>Thousandths, e.g. CPU in milli-cores.</summary>
    public static Quantity FromMilli(long milli, QuantityFormat format = QuantityFormat.DecimalSI) =>
        new((Int128)milli * NanoPerMilli, format, null);

    /// <summary>Billionths, e.g. CPU use in nano-cores.</summary>
    public static Quantity FromNano(long nano, QuantityFormat format = QuantityFormat.DecimalSI) =>
        new((Int128)nano, format, null);

    /// <summary>The value in whole units, rounded away from zero; held at the ends of the 64-bit range when larger.</summary>
    public long Value() => Scaled(NanoPerUnit);

    /// <summary>The value in thousandths, rounded away from zero; held at the ends of the 64-bit range when larger.</summary>
    public long MilliValue() => Scaled(NanoPerMilli);

    /// <summary>The value in billionths; held at the ends of the 64-bit range when larger.</summary>
    public long NanoValue() => Scaled(1);

    /// <summary>A double close to the value.</summary>
    public double ToDouble() => (_detail is BigInteger big ? (double)big : (double)_nano) / NanoPerUnit;

    /// <summary>True when the value is a whole number of units.</summary>
    public bool IsWhole => _detail is BigInteger big ? big % NanoPerUnit == 0 : _nano % NanoPerUnit == 0;

    /// <summary>The same value rounded away from zero to a multiple of 10^<paramref name="scale"/> units (-9 … 18).</summary>
    public Quantity RoundUp(int scale)
    {
        if (scale <= -9) return this;
        BigInteger step = BigInteger.Pow(10, scale + 9);
        BigInteger nano = Big;
        BigInteger quotient = BigInteger.DivRem(nano, step, out BigInteger remainder);
        return remainder.IsZero ? this : new Quantity((quotient + nano.Sign) * step, Format);
    }

    /// <summary>The same value, written in another family.</summary>
    public Quantity WithFormat(QuantityFormat format) =>
        _detail is BigInteger big ? new Quantity(big, format) : new Quantity(_nano, format, null);

    /// <summary>The sum; a zero left side takes the right side's format, as upstream's Add does.</summary>
    public static Quantity operator +(Quantity left, Quantity right)
    {
        QuantityFormat format = left.IsZero ? right.Format : left.Format;
        if (left._detail is not BigInteger && right._detail is not BigInteger)
        {
            Int128 sum = unchecked(left._nano + right._nano);
            bool overflowed = ((left._nano ^ sum) & (right._nano ^ sum)) < 0;
            if (!overflowed) return new Quantity(sum, format, null);
        }
        return new Quantity(left.Big + right.Big, format);
    }

    /// <summary>The difference; a zero left side takes the right side's format.</summary>
    public static Quantity operator -(Quantity left, Quantity right) => left + (-right);

    /// <summary>The value with its sign turned.</summary>
    public static Quantity operator -(Quantity value) =>
        value._detail is BigInteger || value._nano == Int128.MinValue
            ? new Quantity(-value.Big, value.Format)
            : new Quantity(-value._nano, value.Format, null);

    /// <summary>The product with a whole number.</summary>
    public static Quantity operator *(Quantity value, long factor) => new(value.Big * factor, value.Format);

    public static bool operator ==(Quantity left, Quantity right) => left.Equals(right);

    public static bool operator !=(Quantity left, Quantity right) => !left.Equals(right);

    public static bool operator <(Quantity left, Quantity right) => left.CompareTo(right) < 0;

    public static bool operator >(Quantity left, Quantity right) => left.CompareTo(right) > 0;

    public static bool operator <=(Quantity left, Quantity right) => left.CompareTo(right) <= 0;

    public static bool operator >=(Quantity left, Quantity right) => left.CompareTo(right) >= 0;

    /// <inheritdoc/>
    public int CompareTo(Quantity other)
    {
        if (_detail is not BigInteger && other._detail is not BigInteger) return _nano.CompareTo(other._nano);
        return Big.CompareTo(other.Big);
    }

    /// <summary>Compares with a whole number.</summary>
    public int CompareTo(long units) => CompareTo(FromInt64(units));

    /// <inheritdoc/>
    public bool Equals(Quantity other) => CompareTo(other) == 0;

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is Quantity other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode() => _detail is BigInteger big ? big.GetHashCode() : _nano.GetHashCode();

    /// <summary>The smaller of two.</summary>
    public static Quantity Min(Quantity left, Quantity right) => right < left ? right : left;

    /// <summary>The larger of two.</summary>
    public static Quantity Max(Quantity left, Quantity right) => right > left ? right : left;

    /// <summary>Reads a JSON string, or a JSON number by its digits; null is an unset (zero) quantity.</summary>
    /// <exception cref="ObjectDecodeException">The text is no quantity.</exception>
    public static Quantity ReadJson(ref Utf8JsonReader reader, DecodeContext context)
    {
        if (reader.TokenType == JsonTokenType.Null) return default;
        string text = reader.TokenType switch
        {
            JsonTokenType.String => JsonRead.String(ref reader, context),
            JsonTokenType.Number => JsonRead.NumberText(ref reader),
            _ => JsonRead.SkipToText(ref reader, context),
        };
        string? error = TryParse(text.AsSpan().Trim().Length == text.Length ? text : text.Trim(), out Quantity quantity);
        return error is null ? quantity : throw new ObjectDecodeException(error);
    }

    /// <summary>Writes the canonical text as a JSON string.</summary>
    public void WriteJson(Utf8JsonWriter writer)
    {
        if (_detail is string text)
        {
            writer.WriteStringValue(text);
            return;
        }
        Span<char> buffer = stackalloc char[64];
        if (TryFormat(buffer, out int written)) writer.WriteStringValue(buffer[..written]);
        else writer.WriteStringValue(ToString());
    }

    private BigInteger Big => _detail is BigInteger big ? big : (BigInteger)_nano;

    private long Scaled(long nanoPerStep)
    {
        if (_detail is BigInteger big) return big.Sign < 0 ? long.MinValue : long.MaxValue;
        (Int128 quotient, Int128 remainder) = Int128.DivRem(_nano, nanoPerStep);
        if (remainder != 0) quotient += Int128.Sign(_nano);
        return quotient > long.MaxValue ? long.MaxValue : quotient < long.MinValue ? long.MinValue : (long)quotient;
    }

    /// <summary>The canonical text: whole mantissa, largest suffix that loses nothing.</summary>
    public override string ToString()
    {
        if (_detail is string text) return text;
        Span<char> buffer = stackalloc char[64];
        return TryFormat(buffer, out int written) ? new string(buffer[..written]) : FormatBig();
    }

    private string FormatBig()
    {
        (BigInteger mantissa, string suffix) = Canonical(Big);
        return mantissa.ToString(CultureInfo.InvariantCulture) + suffix;
    }
}
