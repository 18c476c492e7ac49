using System.Globalization;

namespace Cybernetes.Objects;

/// <summary>Go's base64.StdEncoding: carriage returns and line feeds are skipped, errors name the byte.</summary>
internal static class GoBase64
{
    /// <exception cref="ObjectDecodeException">Not base64.</exception>
    public static byte[] Decode(string text)
    {
        List<byte> result = new(text.Length * 3 / 4);
        int bits = 0;
        int count = 0;
        for (int at = 0; at < text.Length; at++)
        {
            char c = text[at];
            if (c is '\r' or '\n') continue;
            if (c == '=') return Finish(text, at, bits, count, result);
            int digit = Digit(c);
            if (digit < 0) throw Error(at);
            bits = (bits << 6) | digit;
            if (++count < 4) continue;
            result.Add((byte)(bits >> 16));
            result.Add((byte)(bits >> 8));
            result.Add((byte)bits);
            bits = count = 0;
        }
        return count == 0 ? [.. result] : throw Error(text.Length - count);
    }

    private static byte[] Finish(string text, int at, int bits, int count, List<byte> result)
    {
        if (count < 2) throw Error(at);
        int rest = at + 1;
        int padding = 1;
        for (; rest < text.Length; rest++)
        {
            if (text[rest] is '\r' or '\n') continue;
            if (text[rest] != '=' || padding == 4 - count) throw Error(rest);
            padding++;
        }
        if (padding != 4 - count) throw Error(text.Length);
        result.Add((byte)(count == 2 ? bits >> 4 : bits >> 10));
        if (count == 3) result.Add((byte)(bits >> 2));
        return [.. result];
    }

    private static int Digit(char c) => c switch
    {
        >= 'A' and <= 'Z' => c - 'A',
        >= 'a' and <= 'z' => c - 'a' + 26,
        >= '0' and <= '9' => c - '0' + 52,
        '+' => 62,
        '/' => 63,
        _ => -1,
    };

    private static ObjectDecodeException Error(int at) =>
        new(string.Create(CultureInfo.InvariantCulture, $"illegal base64 data at input byte {at}"));
}
