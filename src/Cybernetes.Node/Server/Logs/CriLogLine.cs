using System.Globalization;
using System.Text;

namespace Cybernetes.Node.Server.Logs;

/// <summary>
/// One line of a CRI log file: <c>2016-10-06T00:17:09.669794202Z stdout F content</c>. Tag P says that the line goes on with the
/// next one.
/// </summary>
internal readonly ref struct CriLogLine
{
    private CriLogLine(ReadOnlySpan<byte> timestamp, bool isStderr, bool isPartial, ReadOnlySpan<byte> content)
    {
        Timestamp = timestamp;
        IsStderr = isStderr;
        IsPartial = isPartial;
        Content = content;
    }

    /// <summary>RFC 3339 with up to nine digits of a second.</summary>
    public ReadOnlySpan<byte> Timestamp { get; }

    public bool IsStderr { get; }

    public bool IsPartial { get; }

    /// <summary>Without the line's end.</summary>
    public ReadOnlySpan<byte> Content { get; }

    public static bool TryParse(ReadOnlySpan<byte> line, out CriLogLine parsed)
    {
        parsed = default;
        var timestamp = TakeWord(ref line);
        var stream = TakeWord(ref line);
        var isStderr = stream.SequenceEqual("stderr"u8);
        if (timestamp.IsEmpty || (!isStderr && !stream.SequenceEqual("stdout"u8)))
            return false;

        // Tags may get company after a colon one day; the first says whether the line is whole.
        var space = line.IndexOf((byte)' ');
        var tags = space < 0 ? line : line[..space];
        var content = space < 0 ? [] : line[(space + 1)..];
        var colon = tags.IndexOf((byte)':');
        var tag = colon < 0 ? tags : tags[..colon];
        if (tag.Length != 1 || tag[0] is not ((byte)'P' or (byte)'F'))
            return false;
        parsed = new CriLogLine(timestamp, isStderr, tag[0] == (byte)'P', content);
        return true;
    }

    /// <summary>Cut to 100 ns. Null when the text is no time.</summary>
    public DateTimeOffset? Time
    {
        get
        {
            var text = Encoding.ASCII.GetString(CutFraction(Timestamp));
            const DateTimeStyles Universal = DateTimeStyles.AssumeUniversal;
            return DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, Universal, out var time) ? time : null;
        }
    }

    /// <summary>Go's RFC3339NanoFixed: always nine digits. Returns how many bytes were written.</summary>
    public int FormatTimestamp(Span<byte> destination)
    {
        var dot = Timestamp.IndexOf((byte)'.');
        var zone = ZoneAt(Timestamp);
        var seconds = Timestamp[..(dot < 0 ? zone : dot)];
        var digits = dot < 0 ? [] : Timestamp[(dot + 1)..zone];
        var written = 0;
        Append(destination, seconds, ref written);
        Append(destination, "."u8, ref written);
        Append(destination, digits[..Math.Min(9, digits.Length)], ref written);
        Append(destination, "000000000"u8[Math.Min(9, digits.Length)..], ref written);
        Append(destination, Timestamp[zone..], ref written);
        return written;
    }

    private static void Append(Span<byte> destination, ReadOnlySpan<byte> text, ref int written)
    {
        text.CopyTo(destination[written..]);
        written += text.Length;
    }

    /// <summary>.NET's parser takes seven digits of a second, not nine.</summary>
    private static ReadOnlySpan<byte> CutFraction(ReadOnlySpan<byte> timestamp)
    {
        var dot = timestamp.IndexOf((byte)'.');
        var zone = ZoneAt(timestamp);
        return dot < 0 || zone - dot <= 8 ? timestamp : (byte[])[.. timestamp[..(dot + 8)], .. timestamp[zone..]];
    }

    /// <summary>Where Z, +hh:mm or -hh:mm begins.</summary>
    private static int ZoneAt(ReadOnlySpan<byte> timestamp)
    {
        var clock = Math.Max(0, timestamp.IndexOf((byte)'T'));
        var zone = timestamp[clock..].IndexOfAny("Z+-"u8);
        return zone < 0 ? timestamp.Length : clock + zone;
    }

    private static ReadOnlySpan<byte> TakeWord(scoped ref ReadOnlySpan<byte> line)
    {
        var space = line.IndexOf((byte)' ');
        if (space < 0)
            return [];
        var word = line[..space];
        line = line[(space + 1)..];
        return word;
    }
}
