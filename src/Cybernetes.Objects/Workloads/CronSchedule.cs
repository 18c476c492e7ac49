using System.Globalization;

namespace Cybernetes.Objects.Workloads;

/// <summary>
/// When a cron job makes its jobs: five fields (minute, hour, day of month, month, day of week), a name such as <c>@hourly</c>, or
/// <c>@every 1h30m</c>; before it <c>TZ=Zone</c> or <c>CRON_TZ=Zone</c>. Immutable. Source: the schedule syntax of the CronJob reference;
/// error texts are those of the parser that clients know.
/// </summary>
public sealed class CronSchedule
{
    // A schedule such as "0 0 30 2 *" never comes; after so long it is given up.
    private const int YearsAhead = 5;
    private const ulong AllDaysOfMonth = 0xFFFFFFFE;
    private const ulong AllMonths = 0x1FFE;
    private const ulong AllHours = 0xFFFFFF;
    private const ulong AllDaysOfWeek = 0x7F;

    private static readonly string[] s_months = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
    private static readonly string[] s_days = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];
    private readonly CronField _minute, _hour, _day, _month, _weekday;
    private readonly TimeSpan _every;

    private CronSchedule(CronField minute, CronField hour, CronField day, CronField month, CronField weekday) =>
        (_minute, _hour, _day, _month, _weekday) = (minute, hour, day, month, weekday);

    private CronSchedule(TimeSpan every) => _every = every;

    /// <summary>The zone that the schedule itself names; null when it names none.</summary>
    public TimeZoneInfo? Zone { get; private init; }

    /// <summary>Parses a schedule; null on success, else what is wrong.</summary>
    public static string? TryParse(string text, out CronSchedule? schedule)
    {
        schedule = null;
        if (text.Length == 0)
            return "empty spec string";
        TimeZoneInfo? zone = null;
        if (text.StartsWith("TZ=", StringComparison.Ordinal) || text.StartsWith("CRON_TZ=", StringComparison.Ordinal))
        {
            var start = text.IndexOf('=') + 1;
            var end = text.IndexOf(' ');
            var name = end < 0 ? text[start..] : text[start..end];
            if (!TryFindZone(name, out zone))
                return $"provided bad location {name}: unknown time zone {name}";
            text = end < 0 ? "" : text[end..].Trim();
        }
        var problem = text.StartsWith('@') ? TryNamed(text, zone, out schedule) : TryFields(text, zone, out schedule);
        return problem;
    }

    /// <summary>Finds a zone of the IANA database by its name; <c>UTC</c> and the empty name are UTC.</summary>
    public static bool TryFindZone(string name, out TimeZoneInfo? zone)
    {
        zone = TimeZoneInfo.Utc;
        if (name is "" or "UTC")
            return true;
        zone = null;
        foreach (var part in name.Split('/'))
        {
            if (part is "" or "." or ".." or { Length: > 14 } || part[0] == '-')
                return false;
            if (part.Any(c => !char.IsAsciiLetterOrDigit(c) && c is not ('.' or '-' or '_' or '+')))
                return false;
        }
        return TimeZoneInfo.TryFindSystemTimeZoneById(name, out zone);
    }

    /// <summary>
    /// The first moment after <paramref name="after"/>, in whole seconds; null when there is none in five years. Times that a zone's clock
    /// jumps over are left out; those it shows twice count twice.
    /// </summary>
    /// <param name="zone">In whose time; the schedule's own zone goes before it.</param>
    public DateTimeOffset? Next(DateTimeOffset after, TimeZoneInfo zone)
    {
        after = after.ToUniversalTime();
        var second = after.AddTicks(-(after.Ticks % TimeSpan.TicksPerSecond));
        if (_every > TimeSpan.Zero)
            return second + _every;
        zone = Zone ?? zone;
        var time = second.AddSeconds(60 - second.Second);
        var end = time.AddYears(YearsAhead);
        while (time < end)
        {
            var local = TimeZoneInfo.ConvertTime(time, zone).DateTime;
            if (!_month.Allows(local.Month))
                time = Later(time, new DateTime(local.Year, local.Month, 1).AddMonths(1), zone);
            else if (!AllowsDay(local))
                time = Later(time, local.Date.AddDays(1), zone);
            else if (!_hour.Allows(local.Hour))
                time = time.AddMinutes(60 - local.Minute);
            else if (!_minute.Allows(local.Minute))
                time = time.AddMinutes(1);
            else
                return time;
        }
        return null;
    }

    // Both fields of days are asked when one of them is a star; when both say something, either will do.
    private bool AllowsDay(DateTime local)
    {
        var day = _day.Allows(local.Day);
        var weekday = _weekday.Allows((int)local.DayOfWeek);
        return _day.IsStar || _weekday.IsStar ? day && weekday : day || weekday;
    }

    /// <summary>The moment when the zone's clock shows a local midnight, or the first one after it; always later than now.</summary>
    private static DateTimeOffset Later(DateTimeOffset now, DateTime local, TimeZoneInfo zone)
    {
        while (zone.IsInvalidTime(local))
            local = local.AddMinutes(1);
        var offset = zone.IsAmbiguousTime(local) ? zone.GetAmbiguousTimeOffsets(local).Max() : zone.GetUtcOffset(local);
        var moment = new DateTimeOffset(local, offset).ToUniversalTime();
        return moment > now ? moment : now.AddMinutes(1);
    }

    private static string? TryNamed(string text, TimeZoneInfo? zone, out CronSchedule? schedule)
    {
        const string every = "@every ";
        schedule = null;
        if (text.StartsWith(every, StringComparison.Ordinal))
        {
            if (KubernetesDuration.TryParse(text[every.Length..], out var interval) is { } problem)
                return $"failed to parse duration {text}: {problem}";
            var whole = interval.Ticks - (interval.Ticks % TimeSpan.TicksPerSecond);
            schedule = new(TimeSpan.FromTicks(Math.Max(whole, TimeSpan.TicksPerSecond))) { Zone = zone };
            return null;
        }
        (ulong Hours, ulong Days, ulong Months, ulong Weekdays)? named = text switch
        {
            "@yearly" or "@annually" => (1, 2, 2, AllDaysOfWeek),
            "@monthly" => (1, 2, AllMonths, AllDaysOfWeek),
            "@weekly" => (1, AllDaysOfMonth, AllMonths, 1),
            "@daily" or "@midnight" => (1, AllDaysOfMonth, AllMonths, AllDaysOfWeek),
            "@hourly" => (AllHours, AllDaysOfMonth, AllMonths, AllDaysOfWeek),
            _ => null,
        };
        if (named is not { } n)
            return "unrecognized descriptor: " + text;
        schedule = new(
            new(1, false), new(n.Hours, false), new(n.Days, n.Days == AllDaysOfMonth), new(n.Months, false),
            new(n.Weekdays, n.Weekdays == AllDaysOfWeek))
        { Zone = zone };
        return null;
    }

    private static string? TryFields(string text, TimeZoneInfo? zone, out CronSchedule? schedule)
    {
        schedule = null;
        var fields = text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
        if (fields.Length != 5)
            return string.Create(CultureInfo.InvariantCulture, $"expected exactly 5 fields, found {fields.Length}: [{string.Join(' ', fields)}]");
        CronField hour = default, day = default, month = default, weekday = default;
        var problem = CronField.TryParse(fields[0], 0, 59, [], out var minute)
            ?? CronField.TryParse(fields[1], 0, 23, [], out hour)
            ?? CronField.TryParse(fields[2], 1, 31, [], out day)
            ?? CronField.TryParse(fields[3], 1, 12, s_months, out month)
            ?? CronField.TryParse(fields[4], 0, 6, s_days, out weekday);
        if (problem is null)
            schedule = new(minute, hour, day, month, weekday) { Zone = zone };
        return problem;
    }
}
