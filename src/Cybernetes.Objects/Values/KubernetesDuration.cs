using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Cybernetes.Objects;

/// <summary>metav1.Duration: Go's texts ("1h0m0s", "1.5s", "300ms") for a <see cref="TimeSpan"/>; what is finer than 100 ns is
/// cut off.</summary>
public static class KubernetesDuration
{
    private static readonly (string Name, decimal Ticks)[] Units =
    [
        ("ns", 0.01m), ("us", 10m), ("µs", 10m), ("μs", 10m), ("ms", TimeSpan.TicksPerMillisecond),
        ("s", TimeSpan.TicksPerSecond), ("m", TimeSpan.TicksPerMinute), ("h", TimeSpan.TicksPerHour),
    ];

    /// <summary>Reads a duration string; null is zero.</summary>
    /// <exception cref="ObjectDecodeException">No string, or no duration; the message is Go's.</exception>
    public static TimeSpan ReadJson(ref Utf8JsonReader reader, DecodeContext context)
    {
        // Go parses the empty string it is left with for null, and complains the same way.
        string text = JsonRead.String(ref reader, context);
        return TryParse(text, out TimeSpan value) is { } error ? throw new ObjectDecodeException(error) : value;
    }

    public static void WriteJson(Utf8JsonWriter writer, TimeSpan value) => writer.WriteStringValue(Format(value));

    /// <summary>Parses as Go's time.ParseDuration; null on success, else Go's error text.</summary>
    public static string? TryParse(string text, out TimeSpan value)
    {
        value = default;
        string invalid = "time: invalid duration " + GoText.Quote(text);
        ReadOnlySpan<char> rest = text;
        bool negative = false;
        if (rest.Length > 0 && rest[0] is '-' or '+')
        {
            negative = rest[0] == '-';
            rest = rest[1..];
        }
        if (rest is "0") return null;
        if (rest.IsEmpty) return invalid;

        decimal total = 0;
        while (!rest.IsEmpty)
        {
            int digits = CountNumber(rest);
            if (digits == 0 || rest[..digits] is "." || digits > 25) return invalid;
            if (!decimal.TryParse(rest[..digits], NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture,
                out decimal number)) return invalid;
            rest = rest[digits..];
            int letters = 0;
            while (letters < rest.Length && rest[letters] != '.' && !char.IsAsciiDigit(rest[letters])) letters++;
            if (letters == 0) return "time: missing unit in duration " + GoText.Quote(text);
            string unit = rest[..letters].ToString();
            decimal ticks = Array.Find(Units, candidate => candidate.Name == unit).Ticks;
            if (ticks == 0) return $"time: unknown unit {GoText.Quote(unit)} in duration {GoText.Quote(text)}";
            if (number > long.MaxValue / ticks) return invalid;
            total += number * ticks;
            // Go counts nanoseconds in 63 bits.
            if (total > long.MaxValue / 100) return invalid;
            rest = rest[letters..];
        }
        long result = (long)total;
        value = TimeSpan.FromTicks(negative ? -result : result);
        return null;
    }

    /// <summary>The text Go's Duration.String gives.</summary>
    public static string Format(TimeSpan value)
    {
        if (value == TimeSpan.Zero) return "0s";
        UInt128 nanos = (UInt128)(Int128.Abs((Int128)value.Ticks) * 100);
        StringBuilder builder = new(24);
        if (value < TimeSpan.Zero) builder.Append('-');
        if (nanos < 1000) return builder.Append(nanos).Append("ns").ToString();
        if (nanos < 1_000_000) return AppendDecimal(builder, nanos, 1000).Append("µs").ToString();
        if (nanos < 1_000_000_000) return AppendDecimal(builder, nanos, 1_000_000).Append("ms").ToString();

        UInt128 minutes = nanos / 60_000_000_000;
        if (minutes >= 60) builder.Append(minutes / 60).Append('h');
        if (minutes > 0) builder.Append(minutes % 60).Append('m');
        return AppendDecimal(builder, nanos % 60_000_000_000, 1_000_000_000).Append('s').ToString();
    }

    private static StringBuilder AppendDecimal(StringBuilder builder, UInt128 nanos, ulong unit)
    {
        builder.Append(nanos / unit);
        ulong fraction = (ulong)(nanos % unit);
        if (fraction == 0) return builder;
        string digits = (fraction + unit).ToString(CultureInfo.InvariantCulture)[1..].TrimEnd('0');
        return builder.Append('.').Append(digits);
    }

    private static int CountNumber(ReadOnlySpan<char> text)
    {
        int at = 0;
        while (at < text.Length && char.IsAsciiDigit(text[at])) at++;
        if (at < text.Length && text[at] == '.') at++;
        while (at < text.Length && char.IsAsciiDigit(text[at])) at++;
        return at;
    }
}
