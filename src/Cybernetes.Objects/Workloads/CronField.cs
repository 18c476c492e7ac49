using System.Globalization;

namespace Cybernetes.Objects.Workloads;

/// <summary>One of a cron schedule's five fields: which of up to 60 values it allows.</summary>
/// <param name="Bits">Bit n is set when the value n is allowed.</param>
/// <param name="IsStar">Whether it was written with a plain <c>*</c> or <c>?</c>: days go by the other field of days alone then.</param>
internal readonly record struct CronField(ulong Bits, bool IsStar)
{
    public bool Allows(int value) => (Bits & (1UL << value)) != 0;

    /// <summary>Parses a field such as <c>*/15</c>, <c>1,5-7</c>, <c>mon-fri</c>; null on success, else the error text that clients know.</summary>
    /// <param name="names">Names of the values from <paramref name="low"/> on, lower case; empty when there are none.</param>
    public static string? TryParse(string text, int low, int high, string[] names, out CronField field)
    {
        field = default;
        ulong bits = 0;
        var star = false;
        foreach (var part in text.Split(',', StringSplitOptions.RemoveEmptyEntries))
        {
            if (TryRange(part, low, high, names, out var some, out var isStar) is { } problem)
                return problem;
            bits |= some;
            star |= isStar;
        }
        field = new(bits, star);
        return null;
    }

    private static string? TryRange(string text, int low, int high, string[] names, out ulong bits, out bool isStar)
    {
        bits = 0;
        isStar = false;
        var parts = text.Split('/');
        var ends = parts[0].Split('-');
        int start = low, end = high, step = 1;
        if (ends[0] is "*" or "?")
        {
            isStar = true;
        }
        else
        {
            if (TryValue(ends[0], low, names, out start) is { } problem)
                return problem;
            end = start;
            if (ends.Length > 2)
                return "too many hyphens: " + text;
            if (ends.Length == 2 && TryValue(ends[1], low, names, out end) is { } second)
                return second;
        }
        if (parts.Length > 2)
            return "too many slashes: " + text;
        if (parts.Length == 2)
        {
            if (TryNumber(parts[1], out step) is { } problem)
                return problem;
            // "5/10" means from 5 on.
            if (ends.Length == 1)
                end = high;
            isStar &= step <= 1;
        }
        if (start < low)
            return $"beginning of range ({start}) below minimum ({low}): {text}";
        if (end > high)
            return $"end of range ({end}) above maximum ({high}): {text}";
        if (start > end)
            return $"beginning of range ({start}) beyond end of range ({end}): {text}";
        if (step == 0)
            return "step of range should be a positive number: " + text;
        for (long value = start; value <= end; value += step)
            bits |= 1UL << (int)value;
        return null;
    }

    private static string? TryValue(string text, int low, string[] names, out int value)
    {
        var place = Array.IndexOf(names, text.ToLowerInvariant());
        value = low + place;
        return place >= 0 ? null : TryNumber(text, out value);
    }

    private static string? TryNumber(string text, out int value)
    {
        if (!int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out value))
            return $"failed to parse int from {text}: strconv.Atoi: parsing {GoText.Quote(text)}: invalid syntax";
        return value < 0 ? $"negative number ({value}) not allowed: {text}" : null;
    }
}
