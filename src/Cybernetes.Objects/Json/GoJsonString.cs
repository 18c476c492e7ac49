using System.Globalization;
using System.Text;

namespace Cybernetes.Objects;

/// <summary>Unescaping as Go does it: whatever is malformed becomes U+FFFD instead of an error. The slow
/// path of <see cref="JsonRead.Text"/>.</summary>
internal static class GoJsonString
{
    public static string Unescape(ReadOnlySpan<byte> utf8)
    {
        StringBuilder builder = new(utf8.Length);
        while (!utf8.IsEmpty)
        {
            if (utf8[0] != (byte)'\\' || utf8.Length < 2)
            {
                Rune.DecodeFromUtf8(utf8, out Rune rune, out int consumed);
                // Go replaces each malformed byte by itself; DecodeFromUtf8 a maximal run.
                int take = rune == Rune.ReplacementChar && utf8[0] != 0xEF ? 1 : consumed;
                builder.Append(rune.ToString());
                utf8 = utf8[take..];
                continue;
            }
            if (utf8[1] == (byte)'u' && utf8.Length >= 6)
            {
                utf8 = AppendUnicode(builder, utf8);
                continue;
            }
            builder.Append((char)utf8[1] switch
            {
                'b' => '\b',
                'f' => '\f',
                'n' => '\n',
                'r' => '\r',
                't' => '\t',
                char other => other,
            });
            utf8 = utf8[2..];
        }
        return builder.ToString();
    }

    private static ReadOnlySpan<byte> AppendUnicode(StringBuilder builder, ReadOnlySpan<byte> utf8)
    {
        char first = Hex(utf8.Slice(2, 4));
        utf8 = utf8[6..];
        if (!char.IsSurrogate(first))
        {
            builder.Append(first);
            return utf8;
        }
        if (char.IsHighSurrogate(first) && utf8.Length >= 6 && utf8[0] == (byte)'\\' && utf8[1] == (byte)'u')
        {
            char second = Hex(utf8.Slice(2, 4));
            if (char.IsLowSurrogate(second))
            {
                builder.Append(first).Append(second);
                return utf8[6..];
            }
        }
        builder.Append('\uFFFD');
        return utf8;
    }

    private static char Hex(ReadOnlySpan<byte> digits) =>
        (char)ushort.Parse(digits, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);
}
