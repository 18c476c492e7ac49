using System.Globalization;
using System.Text.Json;

namespace Cybernetes.Objects;

/// <summary>
/// metav1.Time and metav1.MicroTime: RFC 3339 in UTC, to the second or with six digits. Unset is null; Go's zero time reads and
/// writes as unset.
/// </summary>
public static class KubernetesTime
{
    private const string SecondLayout = "2006-01-02T15:04:05Z07:00";
    private const string MicroLayout = "2006-01-02T15:04:05.000000Z07:00";

    /// <summary>Reads a metav1.Time; null is unset.</summary>
    /// <exception cref="ObjectDecodeException">No string, or not in the form; the message is Go's.</exception>
    public static DateTimeOffset? ReadJson(ref Utf8JsonReader reader, DecodeContext context) =>
        Read(ref reader, context, SecondLayout);

    /// <summary>Reads a metav1.MicroTime, which asks for six fraction digits.</summary>
    /// <exception cref="ObjectDecodeException">No string, or not in the form; the message is Go's.</exception>
    public static DateTimeOffset? ReadMicroJson(ref Utf8JsonReader reader, DecodeContext context) =>
        Read(ref reader, context, MicroLayout);

    public static void WriteJson(Utf8JsonWriter writer, DateTimeOffset? value) => Write(writer, value, micro: false);

    public static void WriteMicroJson(Utf8JsonWriter writer, DateTimeOffset? value) => Write(writer, value, micro: true);

    /// <summary>The text a metav1.Time has on the wire: 2026-01-02T03:04:05Z.</summary>
    public static string Format(DateTimeOffset value)
    {
        Span<char> buffer = stackalloc char[28];
        return new string(buffer[..Form(buffer, value, micro: false)]);
    }

    /// <summary>The text a metav1.MicroTime has on the wire: 2026-01-02T03:04:05.000006Z.</summary>
    public static string FormatMicro(DateTimeOffset value)
    {
        Span<char> buffer = stackalloc char[28];
        return new string(buffer[..Form(buffer, value, micro: true)]);
    }

    /// <summary>The value without its fraction of a second, as it is after a trip over the wire.</summary>
    public static DateTimeOffset TruncateToSecond(DateTimeOffset value) =>
        new(value.UtcTicks - value.UtcTicks % TimeSpan.TicksPerSecond, TimeSpan.Zero);

    /// <summary>Parses RFC 3339 as Go's time.Parse does; null on success, else Go's error text.</summary>
    public static string? TryParse(string text, out DateTimeOffset value) => new TimeParser(text, SecondLayout).Run(out value);

    private static DateTimeOffset? Read(ref Utf8JsonReader reader, DecodeContext context, string layout)
    {
        if (reader.TokenType == JsonTokenType.Null) return null;
        string text = JsonRead.String(ref reader, context);
        string? error = new TimeParser(text, layout).Run(out DateTimeOffset value);
        if (error is not null) throw new ObjectDecodeException(error);
        return value.UtcTicks == 0 ? null : value;
    }

    private static void Write(Utf8JsonWriter writer, DateTimeOffset? value, bool micro)
    {
        if (value is not { UtcTicks: not 0 } time)
        {
            writer.WriteNullValue();
            return;
        }
        Span<char> buffer = stackalloc char[28];
        writer.WriteStringValue(buffer[..Form(buffer, time, micro)]);
    }

    private static int Form(Span<char> buffer, DateTimeOffset value, bool micro)
    {
        value.UtcDateTime.TryFormat(
            buffer, out int written, micro
                ? "yyyy-MM-dd'T'HH:mm:ss.ffffff'Z'"
                : "yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);
        return written;
    }

    /// <summary>Go's parser for the two layouts: element by element, naming the one that failed.</summary>
    private ref struct TimeParser(string text, string layout)
    {
        private int _at;
        private string? _error;

        public string? Run(out DateTimeOffset value)
        {
            value = default;
            int year = Number(4, "2006");
            Literal('-');
            int month = Number(2, "01", 1, 12, "month");
            Literal('-');
            int day = Number(2, "02");
            Literal('T');
            int hour = Number(2, "15", 0, 23, "hour");
            Literal(':');
            int minute = Number(2, "04", 0, 59, "minute");
            Literal(':');
            int second = Number(2, "05", 0, 59, "second");
            long ticks = Fraction();
            int offsetMinutes = Zone();
            if (_error is null && _at < text.Length) _error = Prefix() + ": extra text: " + GoText.Quote(text[_at..]);
            if (_error is null
                && (day < 1 || year < 1 || day > DateTime.DaysInMonth(year, month))) _error = Prefix() + ": day out of range";
            if (_error is not null) return _error;

            long local = new DateTime(year, month, day, hour, minute, second).Ticks + ticks;
            long utc = local - offsetMinutes * TimeSpan.TicksPerMinute;
            if (utc < 0 || utc > DateTime.MaxValue.Ticks) return Prefix() + ": year out of range";
            value = new DateTimeOffset(utc, TimeSpan.Zero);
            return null;
        }

        private readonly string Prefix() => "parsing time " + GoText.Quote(text);

        private void Fail(string element, int from)
        {
            string rest = GoText.Quote(text[Math.Min(from, text.Length)..]);
            _error ??= $"{Prefix()} as {GoText.Quote(layout)}: cannot parse {rest} as {GoText.Quote(element)}";
        }

        private int Number(int digits, string element, int low = 0, int high = int.MaxValue, string? range = null)
        {
            if (_error is not null) return 0;
            int value = 0;
            for (int i = 0; i < digits; i++)
            {
                if (_at + i >= text.Length || !char.IsAsciiDigit(text[_at + i]))
                {
                    Fail(element, _at);
                    return 0;
                }
                value = value * 10 + (text[_at + i] - '0');
            }
            _at += digits;
            if (value < low || value > high) _error = $"{Prefix()}: {range} out of range";
            return value;
        }

        private void Literal(char expected)
        {
            if (_error is not null) return;
            if (_at < text.Length && text[_at] == expected) _at++;
            else Fail(expected.ToString(), _at);
        }

        private long Fraction()
        {
            bool micro = layout == MicroLayout;
            bool present = _at + 1 < text.Length && text[_at] is '.' or ',' && char.IsAsciiDigit(text[_at + 1]);
            if (_error is not null || (!micro && !present)) return 0;
            int start = _at;
            if (!present)
            {
                Fail(".000000", start);
                return 0;
            }
            _at++;
            long ticks = 0;
            int digits = 0;
            for (; _at < text.Length && char.IsAsciiDigit(text[_at]); _at++, digits++)
            {
                if (digits < 7) ticks = ticks * 10 + (text[_at] - '0');
            }
            if (micro && digits != 6) Fail(".000000", start);
            for (; digits < 7; digits++) ticks *= 10;
            return ticks;
        }

        private int Zone()
        {
            if (_error is not null) return 0;
            if (_at < text.Length && text[_at] == 'Z')
            {
                _at++;
                return 0;
            }
            int start = _at;
            if (_at + 6 > text.Length || text[_at] is not ('+' or '-') || text[_at + 3] != ':')
            {
                Fail("Z07:00", start);
                return 0;
            }
            ReadOnlySpan<char> zone = text.AsSpan(_at, 6);
            if (!int.TryParse(zone.Slice(1, 2), NumberStyles.None, CultureInfo.InvariantCulture, out int hours)
                || !int.TryParse(zone.Slice(4, 2), NumberStyles.None, CultureInfo.InvariantCulture, out int minutes))
            {
                Fail("Z07:00", start);
                return 0;
            }
            if (hours > 24) _error = Prefix() + ": time zone offset hour out of range";
            else if (minutes > 60) _error = Prefix() + ": time zone offset minute out of range";
            _at += 6;
            return (zone[0] == '-' ? -1 : 1) * (hours * 60 + minutes);
        }
    }
}
