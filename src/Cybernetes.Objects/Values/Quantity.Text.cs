using System.Globalization;
using System.Numerics;

namespace Cybernetes.Objects;

// The text side of Quantity: upstream's scanner, its suffixes, and the canonical form.
public readonly partial struct Quantity
{
    private const string WrongForm =
        "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'";

    private const string WrongNumber = "unable to parse numeric part of quantity";
    private const string WrongSuffix = "unable to parse quantity's suffix";
    private const string SuffixLetters = "eEinumkKMGTP";

    // Bounds on what a client can make us compute: digits of the mantissa, and the decimal exponent.
    private const int MaximumDigits = 4096;
    private const int MaximumExponent = 1000;

    private static readonly string[] DecimalSuffixes = ["n", "u", "m", "", "k", "M", "G", "T", "P", "E"];
    private static readonly string[] BinarySuffixes = ["", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"];
    private static readonly BigInteger MaximumBinaryNano = (BigInteger)long.MaxValue * NanoPerUnit;

    /// <summary>Parses a quantity such as 1.5Gi, 500m, 1e3.</summary>
    /// <exception cref="FormatException">With upstream's message.</exception>
    public static Quantity Parse(string text) =>
        TryParse(text, out Quantity quantity) is { } error ? throw new FormatException(error) : quantity;

    /// <summary>Parses a quantity; answers null on success, else upstream's error text.</summary>
    public static string? TryParse(string text, out Quantity quantity)
    {
        quantity = default;
        if (text.Length == 0) return WrongForm;
        if (text == "0")
        {
            quantity = Zero;
            return null;
        }

        Scan scan = default;
        if (!scan.Run(text)) return WrongForm;
        if (!TryReadSuffix(text.AsSpan(scan.SuffixStart), out bool binary, out int exponent, out QuantityFormat format))
            return WrongSuffix;

        ReadOnlySpan<char> whole = text.AsSpan(scan.WholeStart, scan.WholeLength);
        ReadOnlySpan<char> fraction = text.AsSpan(scan.FractionStart, scan.FractionLength);
        if (whole.Length + fraction.Length > MaximumDigits || exponent is > MaximumExponent) return WrongNumber;

        quantity = binary
            ? FromBinary(text, scan.Negative, whole, fraction, exponent)
            : FromDecimal(text, scan.Negative, whole, fraction, exponent, format);
        return null;
    }

    private static Quantity FromDecimal(
        string text, bool negative, ReadOnlySpan<char> whole, ReadOnlySpan<char> fraction, int exponent, QuantityFormat format)
    {
        int digits = whole.Length + fraction.Length;
        int scale = exponent - fraction.Length;
        if (digits <= 18 && scale is >= -9 and <= 10)
        {
            long mantissa = Digits(Digits(0, whole), fraction);
            if (negative) mantissa = -mantissa;
            // Upstream gives the text back as it was when it deems it canonical already; so do we, quirks (1.500) included.
            bool keepText = scale % 3 == 0 && whole.Length > 0 && !EndsWithThousand(whole, fraction);
            return new Quantity(mantissa * PowerOfTen(scale + 9), format, keepText ? text : null);
        }

        BigInteger big = BigDigits(whole, fraction);
        int power = scale + 9;
        if (power >= 0) big *= BigInteger.Pow(10, power);
        else if (!big.IsZero) big = power < -digits ? BigInteger.One : DivideUp(big, BigInteger.Pow(10, -power));
        return new Quantity(negative ? -big : big, format);
    }

    private static Quantity FromBinary(string text, bool negative, ReadOnlySpan<char> whole, ReadOnlySpan<char> fraction,
        int exponent)
    {
        if (fraction.Length == 0 && 14 - whole.Length - (int)(exponent * 3f / 10) >= 0)
        {
            long value = Digits(0, whole);
            long units = value << exponent;
            return new Quantity((Int128)(negative ? -units : units) * NanoPerUnit, QuantityFormat.BinarySI,
                (value & 7) != 0 ? text : null);
        }

        BigInteger big = (BigDigits(whole, fraction) << exponent) * NanoPerUnit;
        if (fraction.Length > 0) big = DivideUp(big, BigInteger.Pow(10, fraction.Length));
        if (big > MaximumBinaryNano) big = MaximumBinaryNano;
        bool belowOne = !big.IsZero && big < NanoPerUnit;
        return new Quantity(negative ? -big : big, belowOne ? QuantityFormat.DecimalSI : QuantityFormat.BinarySI);
    }

    private static bool EndsWithThousand(ReadOnlySpan<char> whole, ReadOnlySpan<char> fraction)
    {
        int zeros = 0;
        for (int i = fraction.Length - 1; i >= 0 && fraction[i] == '0'; i--) zeros++;
        if (zeros == fraction.Length)
        {
            for (int i = whole.Length - 1; i >= 0 && whole[i] == '0'; i--) zeros++;
        }
        return zeros >= 3;
    }

    private static BigInteger DivideUp(BigInteger value, BigInteger divisor)
    {
        BigInteger quotient = BigInteger.DivRem(value, divisor, out BigInteger remainder);
        return remainder.IsZero ? quotient : quotient + 1;
    }

    private static long Digits(long start, ReadOnlySpan<char> digits)
    {
        foreach (char digit in digits) start = start * 10 + (digit - '0');
        return start;
    }

    private static BigInteger BigDigits(ReadOnlySpan<char> whole, ReadOnlySpan<char> fraction)
    {
        string all = string.Concat(whole, fraction);
        return all.Length == 0 ? BigInteger.Zero : BigInteger.Parse(all, NumberStyles.None, CultureInfo.InvariantCulture);
    }

    private static Int128 PowerOfTen(int power)
    {
        Int128 result = 1;
        for (; power >= 9; power -= 9) result *= NanoPerUnit;
        for (; power > 0; power--) result *= 10;
        return result;
    }

    private static bool TryReadSuffix(ReadOnlySpan<char> suffix, out bool binary, out int exponent, out QuantityFormat format)
    {
        format = QuantityFormat.DecimalSI;
        binary = false;
        exponent = 0;
        if (suffix.IsEmpty) return true;
        if (suffix.Length == 1)
        {
            exponent = suffix[0] switch
            {
                'n' => -9,
                'u' => -6,
                'm' => -3,
                'k' => 3,
                'M' => 6,
                'G' => 9,
                'T' => 12,
                'P' => 15,
                'E' => 18,
                _ => 0,
            };
            return exponent != 0;
        }
        if (suffix.Length == 2 && suffix[1] == 'i')
        {
            binary = true;
            format = QuantityFormat.BinarySI;
            exponent = suffix[0] switch { 'K' => 10, 'M' => 20, 'G' => 30, 'T' => 40, 'P' => 50, 'E' => 60, _ => 0 };
            return exponent != 0;
        }
        format = QuantityFormat.DecimalExponent;
        if (suffix[0] is not ('e' or 'E')) return false;
        if (!long.TryParse(suffix[1..], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long parsed))
            return false;
        exponent = (int)Math.Clamp(parsed, -1_000_000, 1_000_000);
        return true;
    }

    private bool TryFormat(Span<char> destination, out int written)
    {
        written = 0;
        if (_detail is BigInteger) return false;
        if (_nano == 0)
        {
            destination[0] = '0';
            written = 1;
            return true;
        }

        string suffix;
        Int128 mantissa;
        if (Format == QuantityFormat.BinarySI && Int128.Abs(_nano) >= (Int128)1024 * NanoPerUnit && _nano % NanoPerUnit == 0)
        {
            mantissa = _nano / NanoPerUnit;
            int step = 0;
            for (; step < 6 && (mantissa & 1023) == 0; step++) mantissa >>= 10;
            suffix = BinarySuffixes[step];
        }
        else
        {
            mantissa = _nano;
            int exponent = -9;
            bool letters = Format is QuantityFormat.DecimalSI or QuantityFormat.BinarySI;
            while ((!letters || exponent < 18) && mantissa % 1000 == 0)
            {
                mantissa /= 1000;
                exponent += 3;
            }
            suffix = letters ? DecimalSuffixes[exponent / 3 + 3] : ExponentSuffix(exponent);
        }
        mantissa.TryFormat(destination, out written, default, CultureInfo.InvariantCulture);
        suffix.CopyTo(destination[written..]);
        written += suffix.Length;
        return true;
    }

    private (BigInteger Mantissa, string Suffix) Canonical(BigInteger nano)
    {
        if (Format == QuantityFormat.BinarySI && nano % NanoPerUnit == 0)
        {
            BigInteger units = nano / NanoPerUnit;
            int step = 0;
            for (; step < 6 && units % 1024 == 0; step++) units /= 1024;
            return (units, BinarySuffixes[step]);
        }
        int exponent = -9;
        bool letters = Format is QuantityFormat.DecimalSI or QuantityFormat.BinarySI;
        while ((!letters || exponent < 18) && nano % 1000 == 0)
        {
            nano /= 1000;
            exponent += 3;
        }
        return (nano, letters ? DecimalSuffixes[exponent / 3 + 3] : ExponentSuffix(exponent));
    }

    private static string ExponentSuffix(int exponent) =>
        exponent == 0 ? "" : string.Create(CultureInfo.InvariantCulture, $"e{exponent}");

    /// <summary>Upstream's scanner: sign, digits, optional fraction, suffix letters with an optional signed number.</summary>
    private struct Scan
    {
        public bool Negative;
        public int WholeStart, WholeLength, FractionStart, FractionLength, SuffixStart;

        public bool Run(string text)
        {
            int at = 0;
            int end = text.Length;
            if (text[0] is '-' or '+')
            {
                Negative = text[0] == '-';
                at++;
            }
            while (at < end && text[at] == '0') at++;
            WholeStart = at;
            while (at < end && char.IsAsciiDigit(text[at])) at++;
            WholeLength = at - WholeStart;
            if (at < end && text[at] == '.')
            {
                FractionStart = ++at;
                while (at < end && char.IsAsciiDigit(text[at])) at++;
                FractionLength = at - FractionStart;
            }
            SuffixStart = at;
            while (at < end && SuffixLetters.Contains(text[at])) at++;
            if (at < end && text[at] is '-' or '+') at++;
            while (at < end && char.IsAsciiDigit(text[at])) at++;
            return at == end;
        }
    }
}
