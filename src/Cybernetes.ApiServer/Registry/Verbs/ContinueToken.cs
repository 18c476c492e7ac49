using System.Buffers;
using System.Text;
using System.Text.Json;
using Cybernetes.ApiServer.Failures;
using Cybernetes.Objects;
using Cybernetes.Store;
using Cybernetes.Wire;

namespace Cybernetes.ApiServer.Registry;

/// <summary>
/// Where the next page of a list begins: base64url of JSON with the revision and the key, relative to the list's own keys, so that a token never leads
/// out of the list it is used for. The form and the errors are upstream's (apiserver <c>storage/continue.go</c>).
/// </summary>
/// <param name="Revision">Revision of the list; 0 or less for the newest.</param>
/// <param name="Start">First key of the page.</param>
internal readonly record struct ContinueToken(long Revision, string Start)
{
    private const string CurrentForm = "meta.k8s.io/v1";
    private const string NotValid = "continue key is not valid";
    private const string Digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

    /// <summary>The token for what comes after a key.</summary>
    /// <param name="prefix">Prefix of the list's keys.</param>
    /// <param name="revision">Revision of the list; -1 for a page that need not be of the same.</param>
    /// <param name="lastKey">The last key of this page.</param>
    public static string After(string prefix, long revision, string lastKey)
    {
        var buffer = new ArrayBufferWriter<byte>(128);
        using (var writer = new Utf8JsonWriter(buffer, JsonText.WriterOptions))
        {
            writer.WriteStartObject();
            writer.WriteString("v", CurrentForm);
            writer.WriteNumber("rv", revision);
            writer.WriteString("start", lastKey[prefix.Length..] + "\0");
            writer.WriteEndObject();
        }
        return Convert.ToBase64String(buffer.WrittenSpan).TrimEnd('=').Replace('+', '-').Replace('/', '_');
    }

    /// <summary>Reads a token.</summary>
    /// <param name="text">As the client sent it.</param>
    /// <param name="prefix">Prefix of the list's keys.</param>
    /// <param name="whole">All the list's keys.</param>
    /// <exception cref="RequestFailure">400.</exception>
    public static ContinueToken Read(string text, string prefix, KeyRange whole)
    {
        var json = Decode(text);
        var (form, revision, start) = ReadJson(json);
        if (form != CurrentForm)
            throw Invalid($"{NotValid}: server does not recognize this encoded version");
        if (revision == 0)
            throw Invalid($"{NotValid}: incorrect encoded start resourceVersion (version {CurrentForm})");
        if (start.Length == 0)
            throw Invalid($"{NotValid}: encoded start key empty (version {CurrentForm})");
        var key = prefix + start.TrimStart('/');
        if (!IsClean(start) || !Ascii.IsValid(start) || !whole.Contains(key))
            throw Invalid($"{NotValid}: {start}");
        return new(revision, key);
    }

    private static byte[] Decode(string text)
    {
        var bytes = new byte[text.Length];
        var (bits, held, count) = (0, 0, 0);
        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] is '\r' or '\n')
                continue;
            var digit = Digits.IndexOf(text[i]);
            if (digit < 0)
                throw Invalid($"{NotValid}: illegal base64 data at input byte {i}");
            bits = (bits << 6) | digit;
            held += 6;
            if (held < 8)
                continue;
            held -= 8;
            bytes[count++] = (byte)(bits >> held);
            bits &= (1 << held) - 1;
        }
        return held == 6 ? throw Invalid($"{NotValid}: illegal base64 data at input byte {text.Length - 1}") : bytes[..count];
    }

    private static (string Form, long Revision, string Start) ReadJson(byte[] json)
    {
        if (GoJsonSyntax.Check(json) is { } malformed)
            throw Invalid($"{NotValid}: {malformed}");
        string form = "", start = "";
        long revision = 0;
        var context = new DecodeContext(collectStrict: false);
        try
        {
            var reader = new Utf8JsonReader(json, JsonLimits.ReaderOptions);
            reader.Read();
            if (!context.StartObject(ref reader, "storage.continueToken"))
                return ("", 0, "");
            while (context.NextField(ref reader))
            {
                if (reader.ValueTextEquals("v"u8))
                {
                    context.EnterField(ref reader, "v", 0);
                    form = JsonRead.String(ref reader, context);
                }
                else if (reader.ValueTextEquals("rv"u8))
                {
                    context.EnterField(ref reader, "rv", 1);
                    revision = JsonRead.Int64(ref reader, context);
                }
                else if (reader.ValueTextEquals("start"u8))
                {
                    context.EnterField(ref reader, "start", 2);
                    start = JsonRead.String(ref reader, context);
                }
                else
                {
                    context.Unknown(ref reader);
                }
            }
        }
        catch (Exception e) when (e is ObjectDecodeException or JsonException)
        {
            throw Invalid($"{NotValid}: {e.Message}");
        }
        return (form, revision, start);
    }

    /// <summary>No part of the key may lead elsewhere.</summary>
    private static bool IsClean(string start)
    {
        var parts = (start[0] == '/' ? start[1..] : start).Split('/');
        return Array.TrueForAll(parts, p => p is not ("" or "." or ".."));
    }

    private static RequestFailure Invalid(string message) => Failure.BadRequest($"invalid continue token: {message}");
}
