using System.Diagnostics;

namespace Cybernetes.Load.Requests;

/// <summary>
/// What an object says about the write that made it, in an annotation: the sender's clock (ticks of <see cref="Stopwatch"/>) and the write's number,
/// as digits of fixed width: <c>0001234567890123-00000042</c>. Sender and watcher are one process, so one clock.
/// </summary>
internal static class Stamp
{
    public const string Annotation = "load.cybernetes.dev/sent";
    public const int ClockDigits = 17;
    public const int NumberDigits = 8;
    public const int Length = ClockDigits + 1 + NumberDigits;

    public static void Write(Span<byte> place, long clock, long number)
    {
        WriteDigits(place[..ClockDigits], clock);
        place[ClockDigits] = (byte)'-';
        WriteDigits(place.Slice(ClockDigits + 1, NumberDigits), number);
    }

    public static bool TryRead(ReadOnlySpan<byte> text, out long clock, out long number)
    {
        number = 0;
        return TryReadDigits(text[..ClockDigits], out clock) && text[ClockDigits] == '-'
            && TryReadDigits(text.Slice(ClockDigits + 1, NumberDigits), out number);
    }

    public static void WriteDigits(Span<byte> place, long value)
    {
        for (var i = place.Length - 1; i >= 0; i--)
        {
            place[i] = (byte)('0' + (value % 10));
            value /= 10;
        }
    }

    private static bool TryReadDigits(ReadOnlySpan<byte> text, out long value)
    {
        value = 0;
        foreach (var digit in text)
        {
            if ((uint)(digit - '0') > 9)
                return false;
            value = (value * 10) + (digit - '0');
        }
        return true;
    }
}
