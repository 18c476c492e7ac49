using System.Buffers.Binary;
using System.Text;
using ICSharpCode.SharpZipLib.Zip.Compression;

namespace Cybernetes.Node.Server.Streaming;

/// <summary>
/// Header blocks of SPDY/3.1 (draft 3.1, 2.6.10): name and value pairs, deflated with a preset dictionary. One compressor lasts
/// as long as its direction of the connection, so blocks have to be coded in the order in which they go over the wire.
/// </summary>
internal sealed class SpdyHeaderCodec
{
    /// <summary>Bounds what a small frame can inflate to.</summary>
    public const int MaxBlockBytes = 64 * 1024;

    private static readonly byte[] Dictionary = MakeDictionary();

    private readonly Inflater _inflater = new();
    private bool _hasBegun;

    internal static ReadOnlySpan<byte> PresetDictionary => Dictionary;

    public byte[] Encode(IReadOnlyCollection<KeyValuePair<string, string>> headers)
    {
        using var plain = new MemoryStream();
        WriteInt32(plain, headers.Count);
        foreach (var (name, value) in headers)
        {
            WriteText(plain, name.ToLowerInvariant());
            WriteText(plain, value);
        }

        return Pack(plain);
    }

    /// <exception cref="InvalidDataException">The block is not what the draft says, or too large.</exception>
    public Dictionary<string, string> Decode(byte[] block)
    {
        var plain = Inflate(block);
        var headers = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        var position = 0;
        var count = ReadInt32(plain, ref position);
        for (var i = 0; i < count; i++)
        {
            var name = ReadText(plain, ref position);
            var value = ReadText(plain, ref position);

            // Several values of one name are kept apart by NUL; none of the names used here has more than one.
            headers[name] = value;
        }

        return headers;
    }

    /// <summary>
    /// Puts the block into the deflate stream uncompressed (RFC 1951, 3.2.4), and an empty block behind it: Go's inflater gives
    /// nothing out before such a flush. A few dozen bytes a stream are not worth a compressor, and uncompressed they cannot leak
    /// by their length.
    /// </summary>
    private byte[] Pack(MemoryStream plain)
    {
        using var packed = new MemoryStream();
        if (!_hasBegun)
        {
            // RFC 1950: deflate with a 32 KiB window, preset dictionary, and the dictionary's Adler-32.
            packed.Write([0x78, 0xBB, 0xE3, 0xC6, 0xA7, 0xC2]);
            _hasBegun = true;
        }

        var length = checked((ushort)plain.Length);
        Span<byte> stored = [0, (byte)length, (byte)(length >> 8), (byte)~length, (byte)(~length >> 8)];
        packed.Write(stored);
        plain.WriteTo(packed);
        packed.Write([0, 0, 0, 0xFF, 0xFF]);
        return packed.ToArray();
    }

    private byte[] Inflate(byte[] block)
    {
        using var plain = new MemoryStream();
        var chunk = new byte[4096];
        try
        {
            _inflater.SetInput(block);
            while (true)
            {
                var count = _inflater.Inflate(chunk);
                if (count > 0)
                {
                    plain.Write(chunk, 0, count);
                    if (plain.Length > MaxBlockBytes)
                        throw new InvalidDataException("SPDY header block is too large");
                    continue;
                }

                if (!_inflater.IsNeedingDictionary)
                    return plain.ToArray();
                _inflater.SetDictionary(Dictionary);
            }
        }
        catch (ICSharpCode.SharpZipLib.SharpZipBaseException e)
        {
            throw new InvalidDataException($"SPDY header block does not inflate: {e.Message}", e);
        }
    }

    private static int ReadInt32(byte[] plain, ref int position)
    {
        if (plain.Length - position < 4)
            throw new InvalidDataException("SPDY header block is cut short");
        var value = BinaryPrimitives.ReadInt32BigEndian(plain.AsSpan(position));
        position += 4;
        return value >= 0 ? value : throw new InvalidDataException("SPDY header block has a negative length");
    }

    private static string ReadText(byte[] plain, ref int position)
    {
        var length = ReadInt32(plain, ref position);
        if (plain.Length - position < length)
            throw new InvalidDataException("SPDY header block is cut short");
        var text = Encoding.UTF8.GetString(plain, position, length);
        position += length;
        return text;
    }

    private static void WriteInt32(MemoryStream output, int value)
    {
        Span<byte> bytes = stackalloc byte[4];
        BinaryPrimitives.WriteInt32BigEndian(bytes, value);
        output.Write(bytes);
    }

    private static void WriteText(MemoryStream output, string text)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        WriteInt32(output, bytes.Length);
        output.Write(bytes);
    }

    /// <summary>The draft's 1423 bytes: common names and values with their lengths, then frequent pieces of values.</summary>
    private static byte[] MakeDictionary()
    {
        string[] words =
        [
            "options", "head", "post", "put", "delete", "trace", "accept", "accept-charset", "accept-encoding", "accept-language",
            "accept-ranges", "age", "allow", "authorization", "cache-control", "connection", "content-base", "content-encoding",
            "content-language", "content-length", "content-location", "content-md5", "content-range", "content-type", "date",
            "etag",
            "expect", "expires", "from", "host", "if-match", "if-modified-since", "if-none-match", "if-range",
            "if-unmodified-since",
            "last-modified", "location", "max-forwards", "pragma", "proxy-authenticate", "proxy-authorization", "range",
            "referer",
            "retry-after", "server", "te", "trailer", "transfer-encoding", "upgrade", "user-agent", "vary", "via", "warning",
            "www-authenticate", "method", "get", "status", "200 OK", "version", "HTTP/1.1", "url", "public", "set-cookie",
            "keep-alive", "origin",
        ];
        const string Pieces =
            "100101201202205206300302303304305306307402405406407408409410411412413414415416417502504505" +
            "203 Non-Authoritative Information204 No Content301 Moved Permanently400 Bad Request401 Unauthorized403 Forbidden" +
            "404 Not Found500 Internal Server Error501 Not Implemented503 Service Unavailable" +
            "Jan Feb Mar Apr May Jun Jul Aug Sept Oct Nov Dec 00:00:00 Mon, Tue, Wed, Thu, Fri, Sat, Sun, GMT" +
            "chunked,text/html,image/png,image/jpg,image/gif," +
            "application/xml,application/xhtml+xml,text/plain,text/javascript,public" +
            "privatemax-age=gzip,deflate,sdchcharset=utf-8charset=iso-8859-1,utf-,*,enq=0.";
        using var dictionary = new MemoryStream();
        foreach (var word in words)
            WriteText(dictionary, word);
        dictionary.Write(Encoding.ASCII.GetBytes(Pieces));
        return dictionary.ToArray();
    }
}
