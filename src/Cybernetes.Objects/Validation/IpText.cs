using System.Buffers.Binary;
using System.Globalization;
using System.Net;
using System.Text;

namespace Cybernetes.Objects;

/// <summary>
/// Addresses and CIDRs by Go's parsers: the sloppy one, which skips leading zeros in IPv4, and the strict one. Zones are refused.
/// </summary>
public static class IpText
{
    /// <summary>Parses what old API fields accept; an IPv4-mapped IPv6 address stays IPv6.</summary>
    public static bool TryParseSloppy(string text, out IPAddress address) => TryParse(text, sloppy: true, out address);

    /// <summary>Parses without leading zeros.</summary>
    public static bool TryParseStrict(string text, out IPAddress address) => TryParse(text, sloppy: false, out address);

    /// <summary>Parses address/length; the address keeps its host bits.</summary>
    public static bool TryParseCidrSloppy(string text, out IPAddress address, out int length) =>
        TryParseCidr(text, sloppy: true, out address, out length);

    /// <summary>Parses address/length without leading zeros in either.</summary>
    public static bool TryParseCidrStrict(string text, out IPAddress address, out int length) =>
        TryParseCidr(text, sloppy: false, out address, out length);

    /// <summary>The address with the bits beyond the length cleared.</summary>
    public static IPAddress Mask(IPAddress address, int length)
    {
        byte[] bytes = address.GetAddressBytes();
        for (int i = 0; i < bytes.Length; i++)
        {
            int keep = Math.Clamp(length - i * 8, 0, 8);
            bytes[i] &= (byte)(0xFF << (8 - keep));
        }
        return new IPAddress(bytes);
    }

    /// <summary>The canonical text as Go's net.IP gives it: RFC 5952, and plain IPv4 for mapped addresses.</summary>
    public static string Format(IPAddress address)
    {
        byte[] bytes = address.GetAddressBytes();
        if (bytes.Length == 4) return address.ToString();
        return address.IsIPv4MappedToIPv6 ? address.MapToIPv4().ToString() : FormatV6(bytes);
    }

    private static string FormatV6(byte[] bytes)
    {
        Span<ushort> groups = stackalloc ushort[8];
        for (int i = 0; i < 8; i++) groups[i] = BinaryPrimitives.ReadUInt16BigEndian(bytes.AsSpan(i * 2));
        int bestStart = -1;
        int bestLength = 1;
        for (int i = 0; i < 8; i++)
        {
            int run = 0;
            while (i + run < 8 && groups[i + run] == 0) run++;
            if (run > bestLength) (bestStart, bestLength) = (i, run);
            if (run > 0) i += run - 1;
        }
        StringBuilder builder = new(39);
        for (int i = 0; i < 8; i++)
        {
            if (i == bestStart)
            {
                builder.Append("::");
                i += bestLength - 1;
                continue;
            }
            if (i > 0 && builder[^1] != ':') builder.Append(':');
            builder.Append(CultureInfo.InvariantCulture, $"{groups[i]:x}");
        }
        return builder.ToString();
    }

    private static bool TryParse(ReadOnlySpan<char> text, bool sloppy, out IPAddress address)
    {
        address = IPAddress.None;
        if (!text.Contains(':'))
        {
            Span<byte> four = stackalloc byte[4];
            if (!TryParseV4(text, sloppy, four)) return false;
            address = new IPAddress(four);
            return true;
        }
        Span<byte> sixteen = stackalloc byte[16];
        sixteen.Clear();
        if (!TryParseV6(text, sloppy, sixteen)) return false;
        address = new IPAddress(sixteen);
        return true;
    }

    private static bool TryParseV4(ReadOnlySpan<char> text, bool sloppy, Span<byte> bytes)
    {
        for (int i = 0; i < 4; i++)
        {
            int end = i < 3 ? text.IndexOf('.') : text.Length;
            if (end <= 0) return false;
            ReadOnlySpan<char> part = text[..end];
            if (part.ContainsAnyExceptInRange('0', '9') || (!sloppy && part.Length > 1 && part[0] == '0')) return false;
            int value = 0;
            foreach (char digit in part)
            {
                value = value * 10 + (digit - '0');
                if (value > 255) return false;
            }
            bytes[i] = (byte)value;
            text = text[Math.Min(end + 1, text.Length)..];
        }
        return true;
    }

    private static bool TryParseV6(ReadOnlySpan<char> text, bool sloppy, Span<byte> bytes)
    {
        int filled = 0;
        int ellipsis = -1;
        if (text.StartsWith("::"))
        {
            ellipsis = 0;
            text = text[2..];
        }
        while (!text.IsEmpty && filled < 16)
        {
            int digits = 0;
            while (digits < text.Length && digits < 5 && char.IsAsciiHexDigit(text[digits])) digits++;
            if (digits < text.Length && text[digits] == '.')
            {
                if (filled > 12 || (ellipsis < 0
                    && filled != 12) || !TryParseV4(text, sloppy, bytes.Slice(filled, 4))) return false;
                filled += 4;
                text = default;
                break;
            }
            if (digits is 0 or > 4) return false;
            BinaryPrimitives.WriteUInt16BigEndian(bytes[filled..],
                ushort.Parse(text[..digits], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture));
            filled += 2;
            text = text[digits..];
            if (text.IsEmpty) break;
            if (text[0] != ':' || text.Length == 1) return false;
            text = text[1..];
            if (text[0] != ':') continue;
            if (ellipsis >= 0) return false;
            ellipsis = filled;
            text = text[1..];
        }
        if (!text.IsEmpty) return false;
        if (filled == 16) return ellipsis < 0;
        if (ellipsis < 0) return false;
        int tail = filled - ellipsis;
        bytes.Slice(ellipsis, tail).CopyTo(bytes[(16 - tail)..]);
        bytes[ellipsis..(16 - tail)].Clear();
        return true;
    }

    private static bool TryParseCidr(string text, bool sloppy, out IPAddress address, out int length)
    {
        address = IPAddress.None;
        length = 0;
        int slash = text.IndexOf('/');
        if (slash < 0 || !TryParse(text.AsSpan(0, slash), sloppy, out address)) return false;
        ReadOnlySpan<char> digits = text.AsSpan(slash + 1);
        if (digits.IsEmpty || digits.ContainsAnyExceptInRange('0', '9') || (!sloppy && digits.Length > 1
            && digits[0] == '0')) return false;
        foreach (char digit in digits)
        {
            length = length * 10 + (digit - '0');
            if (length > 128) return false;
        }
        return length <= (address.AddressFamily == System.Net.Sockets.AddressFamily.InterNetwork ? 32 : 128);
    }
}
