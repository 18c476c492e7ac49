using System.Buffers.Binary;
using Cybernetes.Load.Connections;

namespace Cybernetes.Load.Requests;

/// <summary>
/// A draft as HTTP/2 frames: one HEADERS frame of literals that no table remembers (RFC 7541, 6.2.2), so that its bytes are the same for every
/// request, then DATA.
/// </summary>
internal static class Http2Request
{
    public const int FrameHeaderBytes = 9;
    private const int MaximumFrame = 16384;
    private const byte Data = 0;
    private const byte HeadersFrame = 1;
    private const byte EndStream = 1;
    private const byte EndHeaders = 4;

    public static RequestTemplate Render(Endpoint endpoint, RequestDraft draft)
    {
        var bytes = new TemplateBuilder();
        var start = Frame(bytes, HeadersFrame, (byte)(EndHeaders | (draft.Body.Length == 0 ? EndStream : 0)));
        // Indexes of the static table (RFC 7541, appendix A): :method GET 2, POST 3, :scheme https 7; the names :authority 1, :method 2, :path 4.
        if (draft.Method is "GET" or "POST")
            bytes.Append((byte)(0x80 | (draft.Method == "GET" ? 2 : 3)));
        else
            Literal(bytes.Append((byte)2), draft.Method);
        bytes.Append((byte)(0x80 | 7));
        Literal(bytes.Append((byte)1), endpoint.Authority);
        Literal(bytes.Append((byte)4), draft.Path);
        Header(bytes, "user-agent", "cyb-load");
        Header(bytes, "accept", draft.Accept);
        if (draft.AcceptEncoding.Length > 0)
            Header(bytes, "accept-encoding", draft.AcceptEncoding);
        foreach (var (name, value) in endpoint.Headers)
            Header(bytes, name, value);
        if (draft.Body.Length > 0)
        {
            Header(bytes, "content-type", draft.ContentType);
            Header(bytes, "content-length", TemplateBuilder.WidthOf(draft.Body).ToString(System.Globalization.CultureInfo.InvariantCulture));
        }
        Close(bytes, start);
        if (draft.Body.Length > 0)
        {
            start = Frame(bytes, Data, EndStream);
            bytes.Append(draft.Body);
            Close(bytes, start);
        }
        return bytes.Build();
    }

    private static int Frame(TemplateBuilder bytes, byte type, byte flags)
    {
        bytes.Append(0, 0, 0, type, flags).AppendStreamId();
        return bytes.Length;
    }

    private static void Close(TemplateBuilder bytes, int start)
    {
        var length = bytes.Length - start;
        if (length > MaximumFrame)
            throw new NotSupportedException($"a request of {length} bytes: over HTTP/2 this tool sends one frame of at most {MaximumFrame}");
        Span<byte> size = stackalloc byte[4];
        BinaryPrimitives.WriteInt32BigEndian(size, length);
        size[1..].CopyTo(bytes.At(start - FrameHeaderBytes, 3));
    }

    private static void Header(TemplateBuilder bytes, string name, string value)
    {
        bytes.Append((byte)0);
        Literal(bytes, name);
        Literal(bytes, value);
    }

    // A length of 7 bits and more behind it (RFC 7541, 5.1), then the text as it is.
    private static void Literal(TemplateBuilder bytes, string text)
    {
        var length = TemplateBuilder.WidthOf(text);
        if (length < 127)
            bytes.Append((byte)length);
        else
        {
            bytes.Append((byte)127);
            for (length -= 127; length >= 128; length >>= 7)
                bytes.Append((byte)(0x80 | (length & 0x7f)));
            bytes.Append((byte)length);
        }
        bytes.Append(text);
    }
}
