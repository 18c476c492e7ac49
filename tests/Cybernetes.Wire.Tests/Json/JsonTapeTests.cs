using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using Cybernetes.Objects;

namespace Cybernetes.Wire.Tests;

/// <summary>The tape against the obvious: <see cref="JsonDocument"/> over seeded documents.</summary>
public class JsonTapeTests
{
    private static readonly string[] s_texts =
        ["", "a", "name", "\\\"", "\\\\", "x\\n", "\\u00e9", "\u00e9", "{", "]", ",", ":", "longer text with, some: {punctuation} [in] it", "\\\\\\\""];

    [Fact]
    public void Tape_AnyDocument_IsWhatJsonDocumentSays()
    {
        for (int seed = 0; seed < 500; seed++)
        {
            Random random = new(seed);
            StringBuilder text = new();
            Write(text, random, depth: 0);
            byte[] padded = Encoding.UTF8.GetBytes("##" + text + "#");
            ReadOnlyMemory<byte> json = padded.AsMemory(2, padded.Length - 3);
            using JsonDocument document = JsonDocument.Parse(json);
            using JsonTape parsed = JsonTape.Parse(json);
            using JsonTape scanned = JsonTape.Scan(json);
            Same(document.RootElement, parsed.Root, $"seed {seed}: {text}");
            Same(document.RootElement, scanned.Root, $"seed {seed}: {text}");
            Assert.Equal(HasDuplicates(document.RootElement), parsed.HasDuplicates());
            Assert.True(parsed.Root.DeepEquals(scanned.Root));
        }
    }

    [Theory]
    [InlineData("""{"a":1,"b":"x"}""", """{"b":"x","a":1.0}""", true)]
    [InlineData("""{"a":"\u0041"}""", """{"\u0061":"A"}""", true)]
    [InlineData("""[1,2]""", """[2,1]""", false)]
    [InlineData("""{"a":null}""", """{"b":null}""", false)]
    [InlineData("""{"a":{}}""", """{"a":[]}""", false)]
    [InlineData("""{"a":1}""", """{"a":1,"b":2}""", false)]
    public void DeepEquals_SpellingAndOrder_DoNotCount(string left, string right, bool same)
    {
        using JsonTape a = JsonTape.Parse(Encoding.UTF8.GetBytes(left));
        using JsonTape b = JsonTape.Parse(Encoding.UTF8.GetBytes(right));
        Assert.Equal(same, a.Root.DeepEquals(b.Root));
    }

    [Theory]
    [InlineData("{")]
    [InlineData("{\"a\"}")]
    [InlineData("[1,]")]
    [InlineData("")]
    [InlineData("{} {}")]
    public void Parse_NoJson_Throws(string text) => Assert.ThrowsAny<JsonException>(() => JsonTape.Parse(Encoding.UTF8.GetBytes(text)));

    [Fact]
    public void Parse_TooDeep_Throws() =>
        Assert.ThrowsAny<JsonException>(() => JsonTape.Parse(Encoding.UTF8.GetBytes(new string('[', JsonLimits.MaximumDepth + 1))));

    private static void Same(JsonElement expected, TapeValue actual, string where)
    {
        Assert.True(expected.ValueKind == actual.Kind, where);
        Assert.True(JsonMarshal.GetRawUtf8Value(expected).SequenceEqual(actual.Raw), where);
        List<TapeValue> children = actual.ToList();
        Assert.Equal(actual.Count, children.Count);
        switch (expected.ValueKind)
        {
            case JsonValueKind.Object:
                JsonProperty[] properties = [.. expected.EnumerateObject()];
                Assert.Equal(properties.Length, children.Count);
                for (int i = 0; i < properties.Length; i++)
                {
                    Assert.Equal(properties[i].Name, children[i].Name);
                    Same(properties[i].Value, children[i], where);
                    bool isPlain = properties[i].Name.AsSpan().IndexOfAny('"', '\\', '\n') < 0;
                    if (isPlain) Assert.Equal(properties[i].Name, actual.Find(Encoding.UTF8.GetBytes(properties[i].Name)).Name);
                    Assert.Equal(properties[i].Name, actual.FindText(properties[i].Name).Name);
                }
                Assert.True(actual.Find("not there"u8).IsAbsent);
                break;
            case JsonValueKind.Array:
                Assert.Equal(expected.GetArrayLength(), children.Count);
                for (int i = 0; i < children.Count; i++) Same(expected[i], children[i], where);
                break;
            case JsonValueKind.String:
                Assert.Equal(expected.GetString(), actual.Text);
                break;
        }
    }

    private static bool HasDuplicates(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Object => value.EnumerateObject().GroupBy(p => p.Name).Any(g => g.Count() > 1)
            || value.EnumerateObject().Any(p => HasDuplicates(p.Value)),
        JsonValueKind.Array => value.EnumerateArray().Any(HasDuplicates),
        _ => false,
    };

    private static void Write(StringBuilder to, Random random, int depth)
    {
        Blank(to, random);
        int count = random.Next(random.Next(20) == 0 ? 40 : 5);
        switch (depth > 4 ? random.Next(5) : random.Next(9))
        {
            case 0:
                to.Append("null");
                break;
            case 1:
                to.Append(random.Next(2) == 0 ? "true" : "false");
                break;
            case 2:
                to.Append(random.Next(2) == 0 ? "-12.5e3" : "7");
                break;
            case 3 or 4:
                to.Append('"').Append(s_texts[random.Next(s_texts.Length)]).Append('"');
                break;
            case 5 or 6:
                to.Append('[');
                for (int i = 0; i < count; i++)
                {
                    if (i > 0) to.Append(',');
                    Write(to, random, depth + 1);
                }
                to.Append(']');
                break;
            default:
                to.Append('{');
                for (int i = 0; i < count; i++)
                {
                    if (i > 0) to.Append(',');
                    Blank(to, random);
                    string number = random.Next(3) > 0 ? i.ToString(CultureInfo.InvariantCulture) : "";
                    to.Append('"').Append(s_texts[random.Next(s_texts.Length)]).Append(number).Append("\" :");
                    Write(to, random, depth + 1);
                }
                to.Append('}');
                break;
        }
        Blank(to, random);
    }

    private static void Blank(StringBuilder to, Random random)
    {
        if (random.Next(8) == 0) to.Append(" \n\t");
    }
}
