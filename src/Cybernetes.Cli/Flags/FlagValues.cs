using System.Globalization;
using System.Net;
using System.Text;

namespace Cybernetes.Cli.Flags;

/// <summary>
/// Reads the values of flags. Wrong ones throw <see cref="FormatException"/> with a text that ends a pflag-like sentence.
/// </summary>
internal static class FlagValues
{
    public static bool Boolean(string text) => text switch
    {
        "1" or "t" or "T" or "true" or "TRUE" or "True" => true,
        "0" or "f" or "F" or "false" or "FALSE" or "False" => false,
        _ => throw new FormatException($"strconv.ParseBool: parsing \"{text}\": invalid syntax"),
    };

    public static int Number(string text, int least, int most)
    {
        if (!int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out int value))
            throw new FormatException($"strconv.ParseInt: parsing \"{text}\": invalid syntax");
        return value >= least && value <= most ? value : throw new FormatException($"must be between {least} and {most}");
    }

    public static IPAddress? Address(string text)
    {
        // Only full forms: IPAddress would take "1" for 0.0.0.1.
        bool looksWhole = text.Contains(':', StringComparison.Ordinal) || text.Count(c => c == '.') == 3;
        return looksWhole && IPAddress.TryParse(text, out IPAddress? address)
            ? address
            : throw new FormatException($"failed to parse IP: \"{text}\"");
    }

    public static IReadOnlyList<string> List(string text) =>
        text.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);

    public static IReadOnlyList<string> Choices(string text, IReadOnlyList<string> allowed)
    {
        IReadOnlyList<string> words = List(text);
        string? wrong = words.FirstOrDefault(word => !allowed.Contains(word));
        return wrong is null ? words : throw new FormatException($"\"{wrong}\" is none of {string.Join(", ", allowed)}");
    }

    /// <summary>Go's durations: 1h30m, 250ms, 1.5s; units ns, us, ms, s, m, h.</summary>
    public static TimeSpan Duration(string text)
    {
        ReadOnlySpan<char> rest = text;
        bool isNegative = rest.StartsWith("-");
        if (isNegative || rest.StartsWith("+"))
            rest = rest[1..];
        if (rest.IsEmpty)
            throw new FormatException($"time: invalid duration \"{text}\"");
        if (rest is "0")
            return TimeSpan.Zero;

        double ticks = 0;
        while (!rest.IsEmpty)
        {
            int digits = rest.IndexOfAnyExcept("0123456789.");
            if (digits == 0 || !double.TryParse(
                digits < 0 ? rest : rest[..digits], NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture,
                    out double amount))
                throw new FormatException($"time: invalid duration \"{text}\"");
            if (digits < 0)
                throw new FormatException($"time: missing unit in duration \"{text}\"");
            rest = rest[digits..];
            int letters = rest.IndexOfAny("0123456789.");
            ReadOnlySpan<char> unit = letters < 0 ? rest : rest[..letters];
            ticks += amount * TicksOf(unit, text);
            rest = rest[unit.Length..];
        }
        if (ticks > TimeSpan.MaxValue.Ticks / 2)
            throw new FormatException($"time: invalid duration \"{text}\"");
        return TimeSpan.FromTicks((long)(isNegative ? -ticks : ticks));
    }

    /// <summary>A duration as Go prints it: 1m30s, 500ms, 0s.</summary>
    public static string Show(TimeSpan span)
    {
        if (span == TimeSpan.Zero)
            return "0s";
        if (span < TimeSpan.FromSeconds(1))
            return string.Create(CultureInfo.InvariantCulture, $"{span.TotalMilliseconds}ms");
        var text = new StringBuilder();
        if (span.TotalHours >= 1)
            text.Append(CultureInfo.InvariantCulture, $"{(long)span.TotalHours}h");
        if (span.TotalMinutes >= 1)
            text.Append(CultureInfo.InvariantCulture, $"{span.Minutes}m");
        double seconds = span.TotalSeconds - ((long)span.TotalMinutes * 60);
        return text.Append(CultureInfo.InvariantCulture, $"{seconds:0.###}s").ToString();
    }

    private static double TicksOf(ReadOnlySpan<char> unit, string text) => unit switch
    {
        "ns" => 0.01,
        "us" or "µs" => TimeSpan.TicksPerMicrosecond,
        "ms" => TimeSpan.TicksPerMillisecond,
        "s" => TimeSpan.TicksPerSecond,
        "m" => TimeSpan.TicksPerMinute,
        "h" => TimeSpan.TicksPerHour,
        _ => throw new FormatException($"time: unknown unit \"{unit}\" in duration \"{text}\""),
    };
}
