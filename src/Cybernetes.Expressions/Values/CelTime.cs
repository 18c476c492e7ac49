using System.Globalization;

namespace Cybernetes.Expressions;

/// <summary>A moment between the years 1 and 9999, to the nanosecond.</summary>
public sealed class CelTimestamp : CelValue, IComparable<CelTimestamp>
{
    internal const long NanosPerSecond = 1_000_000_000;
    private const long MinimumSeconds = -62135596800;
    private const long MaximumSeconds = 253402300799;

    private CelTimestamp(long seconds, int nanos)
    {
        Seconds = seconds;
        Nanos = nanos;
    }

    /// <summary>Whole seconds since 1970 in UTC.</summary>
    public long Seconds { get; }

    /// <summary>Nanoseconds within the second, never negative.</summary>
    public int Nanos { get; }

    public override CelType Type => CelType.Timestamp;

    /// <summary>The moment, to 100 nanoseconds.</summary>
    public DateTimeOffset Moment => DateTimeOffset.FromUnixTimeSeconds(Seconds).AddTicks(Nanos / 100);

    public static CelValue Of(long seconds, int nanos) =>
        seconds is < MinimumSeconds or > MaximumSeconds ? CelError.TimestampOverflow : new CelTimestamp(seconds, nanos);

    public static CelValue Of(DateTimeOffset moment) =>
        Of(moment.ToUnixTimeSeconds(), (int)(moment.UtcTicks % TimeSpan.TicksPerSecond) * 100);

    /// <summary>RFC 3339; null where the text is none.</summary>
    public static CelValue? Parse(string text)
    {
        if (text.Length < 20 || text[4] != '-' || text[10] != 'T') return null;
        var fractionEnd = 19;
        var nanos = 0;
        if (text[19] == '.')
        {
            fractionEnd = 20;
            while (fractionEnd < text.Length && char.IsAsciiDigit(text[fractionEnd])) fractionEnd++;
            var digits = text.AsSpan(20, fractionEnd - 20);
            if (digits.Length is 0) return null;
            if (digits.Length > 9) digits = digits[..9];
            nanos = int.Parse(digits, NumberStyles.None, CultureInfo.InvariantCulture);
            for (var i = digits.Length; i < 9; i++) nanos *= 10;
        }
        var whole = string.Concat(text.AsSpan(0, 19), text.AsSpan(fractionEnd));
        string[] forms = ["yyyy-MM-dd'T'HH:mm:ss'Z'", "yyyy-MM-dd'T'HH:mm:sszzz"];
        return DateTimeOffset.TryParseExact(whole, forms, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var moment)
            ? Of(moment.ToUnixTimeSeconds(), nanos)
            : null;
    }

    public int CompareTo(CelTimestamp? other) =>
        other is null ? 1 : Seconds != other.Seconds ? Seconds.CompareTo(other.Seconds) : Nanos.CompareTo(other.Nanos);

    public override bool Equals(object? obj) => obj is CelTimestamp other && CompareTo(other) == 0;

    public override int GetHashCode() => HashCode.Combine(Seconds, Nanos);

    public override string ToString()
    {
        var text = DateTimeOffset.FromUnixTimeSeconds(Seconds).ToString("yyyy-MM-dd'T'HH:mm:ss", CultureInfo.InvariantCulture);
        var fraction = Nanos == 0 ? "" : "." + Nanos.ToString("D9", CultureInfo.InvariantCulture).TrimEnd('0');
        return text + fraction + "Z";
    }

    internal CelValue Plus(Int128 nanos)
    {
        var total = (Int128)Seconds * NanosPerSecond + Nanos + nanos;
        var seconds = total / NanosPerSecond;
        var rest = total % NanosPerSecond;
        if (rest < 0) (seconds, rest) = (seconds - 1, rest + NanosPerSecond);
        return Of((long)seconds, (int)rest);
    }
}

/// <summary>A span of time in nanoseconds, as Go's time.Duration.</summary>
public sealed class CelDuration(long nanos) : CelValue, IComparable<CelDuration>
{
    public long Nanos { get; } = nanos;

    public override CelType Type => CelType.Duration;

    /// <summary>Go's form: 1h30m, 1.5s, 100ms; null where the text is none.</summary>
    public static CelDuration? Parse(string text)
    {
        var rest = text.AsSpan();
        var negative = rest.StartsWith("-");
        if (negative || rest.StartsWith("+")) rest = rest[1..];
        if (rest.SequenceEqual("0")) return new CelDuration(0);
        if (rest.IsEmpty) return null;
        decimal total = 0;
        while (!rest.IsEmpty)
        {
            var digits = rest.IndexOfAnyExcept("0123456789.");
            if (digits <= 0 || digits > 20 || !decimal.TryParse(rest[..digits], NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number))
                return null;
            rest = rest[digits..];
            var letters = rest.IndexOfAny("0123456789.");
            var unit = letters < 0 ? rest : rest[..letters];
            decimal factor = unit switch
            {
                "ns" => 1,
                "us" or "µs" or "μs" => 1_000,
                "ms" => 1_000_000,
                "s" => 1_000_000_000,
                "m" => 60_000_000_000,
                "h" => 3_600_000_000_000,
                _ => 0,
            };
            if (factor == 0 || number > long.MaxValue / factor) return null;
            total += decimal.Truncate(number * factor);
            if (total > (decimal)long.MaxValue + 1) return null;
            rest = rest[unit.Length..];
        }
        if (negative) total = -total;
        return total is >= long.MinValue and <= long.MaxValue ? new CelDuration((long)total) : null;
    }

    public int CompareTo(CelDuration? other) => other is null ? 1 : Nanos.CompareTo(other.Nanos);

    public override bool Equals(object? obj) => obj is CelDuration other && other.Nanos == Nanos;

    public override int GetHashCode() => Nanos.GetHashCode();

    /// <summary>In seconds, as the language writes it: 1.5s.</summary>
    public override string ToString() => CelFormat.Double(Nanos / 1e9) + "s";
}
