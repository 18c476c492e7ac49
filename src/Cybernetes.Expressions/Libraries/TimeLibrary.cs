using System.Globalization;
using Cybernetes.Expressions.Parsing;

namespace Cybernetes.Expressions.Libraries;

/// <summary>Arithmetic and getters of timestamps and durations. Without a zone, times are UTC.</summary>
internal static class TimeLibrary
{
    private const long NanosPerMilli = 1_000_000;

    public static void AddTo(FunctionTable table)
    {
        var (time, span) = (CelType.Timestamp, CelType.Duration);
        table.Global(Operators.Add, [time, span], time, a => ((CelTimestamp)a[0]).Plus(((CelDuration)a[1]).Nanos));
        table.Global(Operators.Add, [span, time], time, a => ((CelTimestamp)a[1]).Plus(((CelDuration)a[0]).Nanos));
        table.Global(Operators.Add, [span, span], span, a => Span((Int128)((CelDuration)a[0]).Nanos + ((CelDuration)a[1]).Nanos));
        table.Global(Operators.Subtract, [time, span], time, a => ((CelTimestamp)a[0]).Plus(-(Int128)((CelDuration)a[1]).Nanos));
        table.Global(Operators.Subtract, [span, span], span, a => Span((Int128)((CelDuration)a[0]).Nanos - ((CelDuration)a[1]).Nanos));
        table.Global(Operators.Subtract, [time, time], span, a => Between((CelTimestamp)a[0], (CelTimestamp)a[1]));
        Getter(table, "getFullYear", t => t.Year);
        Getter(table, "getMonth", t => t.Month - 1);
        Getter(table, "getDayOfYear", t => t.DayOfYear - 1);
        Getter(table, "getDayOfMonth", t => t.Day - 1);
        Getter(table, "getDate", t => t.Day);
        Getter(table, "getDayOfWeek", t => (int)t.DayOfWeek);
        Getter(table, "getHours", t => t.Hour);
        Getter(table, "getMinutes", t => t.Minute);
        Getter(table, "getSeconds", t => t.Second);
        table.Member("getMilliseconds", [time], CelType.Int, a => CelInt.Of(((CelTimestamp)a[0]).Nanos / NanosPerMilli));
        table.Member("getMilliseconds", [time, CelType.String], CelType.Int, a => CelInt.Of(((CelTimestamp)a[0]).Nanos / NanosPerMilli));
        Part(table, "getHours", 3600 * CelTimestamp.NanosPerSecond);
        Part(table, "getMinutes", 60 * CelTimestamp.NanosPerSecond);
        Part(table, "getSeconds", CelTimestamp.NanosPerSecond);
        table.Member("getMilliseconds", [span], CelType.Int, a => CelInt.Of(((CelDuration)a[0]).Nanos / NanosPerMilli));
    }

    private static void Part(FunctionTable table, string name, long nanos) =>
        table.Member(name, [CelType.Duration], CelType.Int, a => CelInt.Of(((CelDuration)a[0]).Nanos / nanos));

    private static void Getter(FunctionTable table, string name, Func<DateTimeOffset, int> get)
    {
        table.Member(name, [CelType.Timestamp], CelType.Int, a => CelInt.Of(get(((CelTimestamp)a[0]).Moment)));
        table.Member(name, [CelType.Timestamp, CelType.String], CelType.Int, a => In(((CelTimestamp)a[0]).Moment, ((CelString)a[1]).Value, get));
    }

    private static CelValue In(DateTimeOffset moment, string zone, Func<DateTimeOffset, int> get)
    {
        TimeSpan offset;
        if (zone.Contains(':'))
        {
            var text = zone.AsSpan().TrimStart("+-");
            if (!TimeSpan.TryParseExact(text, "hh\\:mm", CultureInfo.InvariantCulture, out offset)) return Unknown(zone);
            if (zone[0] == '-') offset = -offset;
        }
        else
        {
            if (!TimeZoneInfo.TryFindSystemTimeZoneById(zone, out var found)) return Unknown(zone);
            offset = found.GetUtcOffset(moment);
        }
        var ticks = moment.UtcTicks + offset.Ticks;
        if (offset.Duration() > TimeSpan.FromHours(14) || ticks < 0 || ticks > DateTime.MaxValue.Ticks) return CelError.TimestampOverflow;
        return CelInt.Of(get(new DateTimeOffset(ticks, TimeSpan.Zero)));
    }

    private static CelError Unknown(string zone) => new("unknown time zone " + zone);

    private static CelValue Between(CelTimestamp one, CelTimestamp other) =>
        Span(((Int128)one.Seconds - other.Seconds) * CelTimestamp.NanosPerSecond + (one.Nanos - other.Nanos));

    private static CelValue Span(Int128 nanos) => nanos < long.MinValue || nanos > long.MaxValue ? CelError.DurationOverflow : new CelDuration((long)nanos);
}
