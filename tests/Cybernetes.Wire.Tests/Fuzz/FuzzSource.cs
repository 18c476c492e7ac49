using System.Text;
using Cybernetes.Objects;
using Cybernetes.Objects.Schema;

namespace Cybernetes.Wire.Tests;

/// <summary>Input for one case: documents that are nearly right, and some that are nothing at all.</summary>
internal sealed class FuzzSource(int seed)
{
    private const int ShownBytes = 1500;

    private static readonly string[] s_tokens =
    [
        "{", "}", "[", "]", ":", ",", "null", "true", "false", "\"", "\\", "\"\\u0000\"", "\"\\ud800\"", "\"\\udc00\\ud800\"", "1e999999999", "-0", "1E400",
        "0.1e-999999", "99999999999999999999999999", "-9223372036854775809", "1.5", "\"9999999999999999999999999Ei\"", "\"\"", "\"kind\":\"Pod\",",
        "\"metadata\":{},", "\"$patch\":\"replace\"", "\"$patch\":\"delete\"", "\"$retainKeys\":[\"name\"]", "\"$setElementOrder/containers\":[{\"name\":\"a\"}]",
        "\"$deleteFromPrimitiveList/finalizers\":[\"a\"]", "&a", "*a", "<<: ", "- ", "? ", "|\n", ">\n", "%YAML 1.1\n", "---\n", "...\n", "!!binary ", "!!float ",
        "!!int ", "0x7fffffffffffffffff", "0b1", "1_000", ".inf", "12:30:45", "~", "\t", "\r\n", "\u0085", "\u2028", "\uFEFF", "2001-12-14t21:59:43.10-05:00",
    ];

    private static readonly byte[][] s_bytes =
        [[0], [0xFF], [0xC0, 0x80], [0xED, 0xA0, 0x80], [0xF4, 0x90, 0x80, 0x80], [0xE2, 0x82], [0x80], [0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x7F]];

    private static readonly KindFacts[] s_kinds =
    [
        .. SchemaFacts.Kinds.Where(k => k.Plural is not null && SchemaFacts.FindType(k.Group, k.Version, k.Kind) is not null)
            .OrderBy(k => k.APIVersion + k.Kind, StringComparer.Ordinal),
    ];

    private readonly FactsFiller _filler = new(seed);

    public Random Random { get; } = new(seed);

    /// <summary>The last input made, for the report.</summary>
    public string Shown { get; private set; } = "";

    public T Pick<T>(IReadOnlyList<T> choices) => choices[Random.Next(choices.Count)];

    public bool OneIn(int count) => Random.Next(count) == 0;

    /// <summary>An object of some kind with some of its fields.</summary>
    public JsonMap Object(KindFacts? kind = null)
    {
        kind ??= Pick(s_kinds);
        var map = _filler.Fill(SchemaFacts.FindType(kind.Group, kind.Version, kind.Kind)!, 2);
        map["apiVersion"] = kind.APIVersion;
        map["kind"] = kind.Kind;
        return map;
    }

    /// <summary>JSON, mostly with a fault.</summary>
    public byte[] Json(JsonMap? basis = null) => Show(OneIn(25) ? Extreme() : OneIn(6) ? (basis ?? Object()).ToUtf8() : Mutate((basis ?? Object()).ToUtf8()));

    /// <summary>YAML, mostly with a fault.</summary>
    public byte[] Yaml(JsonMap? basis = null)
    {
        if (OneIn(20))
            return Show(Bomb());
        var yaml = YamlWriter.FromJson((basis ?? Object()).ToUtf8());
        return Show(OneIn(6) ? yaml : Mutate(yaml));
    }

    /// <summary>An envelope, mostly with a fault.</summary>
    public byte[] Protobuf(JsonMap? basis = null)
    {
        if (OneIn(40))
            return Show(Nested());
        var bytes = JsonToProtobuf.Write(basis ?? Object());
        return Show(OneIn(6) ? bytes : Mutate(bytes));
    }

    /// <summary>A selector's text.</summary>
    public string Selector()
    {
        var text = new StringBuilder();
        for (var n = Random.Next(1, 12); n > 0; n--)
            text.Append(Pick(["a", "app.kubernetes.io/name", "=", "==", "!=", ",", " in ", " notin ", "(", ")", "!", " ", "b,c", ">", "<", "5", "\0", "é", "\\", "metadata.name",
                new string('x', 300)]));
        return Seen(text.ToString());
    }

    /// <summary>Remembers what a case is about.</summary>
    public string Seen(string text)
    {
        Shown = text.Length > ShownBytes ? text[..ShownBytes] + "…" : text;
        return text;
    }

    /// <summary>Some bytes changed, taken away, doubled, or put in.</summary>
    public byte[] Mutate(byte[] document)
    {
        var bytes = new List<byte>(document);
        for (var n = Random.Next(1, 5); n > 0; n--)
        {
            var at = Random.Next(bytes.Count + 1);
            var length = Math.Min(Random.Next(1, OneIn(4) ? 200 : 8), bytes.Count - at);
            switch (Random.Next(7))
            {
                case 0: bytes.RemoveRange(at, length); break;
                case 1: bytes.InsertRange(at, bytes.GetRange(at, length)); break;
                case 2: bytes.InsertRange(at, Encoding.UTF8.GetBytes(Pick(s_tokens))); break;
                case 3: bytes.InsertRange(at, Pick(s_bytes)); break;
                case 4 when OneIn(5): bytes.RemoveRange(at, bytes.Count - at); break;
                case 5 when length > 0:
                    bytes.RemoveRange(at, length);
                    bytes.InsertRange(at, Encoding.UTF8.GetBytes(Pick(s_tokens)));
                    break;
                default:
                    if (at < bytes.Count)
                        bytes[at] = (byte)Random.Next(256);
                    break;
            }
        }
        return [.. bytes];
    }

    /// <summary>Large and deep documents.</summary>
    private byte[] Extreme()
    {
        var depth = Pick([900, 1001, 10_000, 10_001, 200_000]);
        return Encoding.UTF8.GetBytes(Random.Next(6) switch
        {
            0 => new string('[', depth) + new string(']', depth),
            1 => string.Concat(Enumerable.Repeat("{\"a\":", depth)) + "1" + new string('}', depth),
            2 => "{\"metadata\":{\"name\":\"" + new string('x', 1_000_000) + "\"}}",
            3 => "{" + string.Join(',', Enumerable.Range(0, 50_000).Select(i => $"\"f{i}\":{i}")) + "}",
            4 => "{\"spec\":{\"replicas\":" + new string('9', 100_000) + "}}",
            _ => "{\"metadata\":" + new string('[', depth),
        });
    }

    /// <summary>Aliases of aliases, and other things that unfold.</summary>
    private byte[] Bomb()
    {
        var text = new StringBuilder();
        switch (Random.Next(4))
        {
            case 0:
                text.Append("a0: &a0 [x, x, x, x, x, x, x, x, x]\n");
                for (var i = 1; i < 40; i++)
                    text.Append($"a{i}: &a{i} [{string.Join(", ", Enumerable.Repeat($"*a{i - 1}", 9))}]\n");
                break;
            case 1:
                text.Append("a: &a {x: 1}\n");
                for (var i = 0; i < 20_000; i++)
                    text.Append($"k{i}: {{<<: *a}}\n");
                break;
            case 2: text.Append(new string('[', Pick([500, 1500, 20_000]))); break;
            default: text.Append("a: &a [*a, *a]\nb: &b\n  <<: *b\n"); break;
        }
        return Encoding.UTF8.GetBytes(text.ToString());
    }

    /// <summary>Envelopes inside envelopes, as raw extensions may hold them.</summary>
    private byte[] Nested()
    {
        var inner = ProtobufEnvelope.Wrap("v1", "Pod", []);
        for (var n = Random.Next(2, 400); n > 0; n--)
        {
            var writer = new ProtobufWriter(inner.Length + 64);
            writer.Bytes(1, inner);
            var list = new ProtobufWriter(inner.Length + 64);
            list.Bytes(2, writer.Written);
            inner = ProtobufEnvelope.Wrap("apps/v1", "ControllerRevision", list.Written);
        }
        return inner;
    }

    private byte[] Show(byte[] bytes)
    {
        var head = bytes.AsSpan(0, Math.Min(bytes.Length, ShownBytes));
        Shown = head.IndexOfAnyInRange((byte)0x80, (byte)0xFF) < 0 && !head.Contains((byte)0)
            ? Encoding.UTF8.GetString(head)
            : "base64 " + Convert.ToBase64String(head);
        return bytes;
    }
}
