using System.Text;

namespace Cybernetes.Wire.Tests;

public class YamlReaderTests
{
    private static string Json(string yaml) => Encoding.UTF8.GetString(YamlReader.ToJson(Encoding.UTF8.GetBytes(yaml)));

    [Theory]
    [InlineData("yes", "true")]
    [InlineData("y", "true")]
    [InlineData("On", "true")]
    [InlineData("off", "false")]
    [InlineData("N", "false")]
    [InlineData("TRUE", "true")]
    [InlineData("tRUE", "\"tRUE\"")]
    [InlineData("~", "null")]
    [InlineData("", "null")]
    [InlineData("null", "null")]
    [InlineData("nul", "\"nul\"")]
    [InlineData("12", "12")]
    [InlineData("+12", "12")]
    [InlineData("010", "8")]
    [InlineData("08", "8")]
    [InlineData("0o17", "15")]
    [InlineData("0x1F", "31")]
    [InlineData("0b101", "5")]
    [InlineData("1_000", "1000")]
    [InlineData("-5", "-5")]
    [InlineData("1.50", "1.5")]
    [InlineData("0.05", "0.05")]
    [InlineData("-0.5", "-0.5")]
    [InlineData("0e3", "0")]
    [InlineData("1.0", "1")]
    [InlineData("1e3", "1000")]
    [InlineData("1e21", "1e+21")]
    [InlineData("1e-7", "1e-7")]
    [InlineData("123456789012345678", "123456789012345678")]
    [InlineData("18446744073709551615", "18446744073709551615")]
    [InlineData(".5", "0.5")]
    [InlineData("1:30", "\"1:30\"")]
    [InlineData("2026-01-02", "\"2026-01-02\"")]
    [InlineData("2026-01-02T03:04:05Z", "\"2026-01-02T03:04:05Z\"")]
    [InlineData("1.2.3", "\"1.2.3\"")]
    [InlineData("500m", "\"500m\"")]
    [InlineData("-", "[null]")]
    [InlineData("\"yes\"", "\"yes\"")]
    [InlineData("'12'", "\"12\"")]
    [InlineData("!!str 12", "\"12\"")]
    [InlineData("!!int \"12\"", "12")]
    [InlineData("!!float 3", "3")]
    [InlineData("!!binary aGk=", "\"hi\"")]
    [InlineData("!custom 12", "\"12\"")]
    [InlineData("|\n  a\n  b\n", "\"a\\nb\\n\"")]
    [InlineData(">-\n  a\n  b\n", "\"a b\"")]
    public void Reader_Scalars_ReadAsUpstreamReadsThem(string yaml, string json) => Assert.Equal(json, Json(yaml));

    [Theory]
    [InlineData("a: 1\nb:\n- x\n- k: z\n", """{"a":1,"b":["x",{"k":"z"}]}""")]
    [InlineData("1: a\ntrue: b\n1.5: c\n'x': d\n", """{"1":"a","true":"b","1.5":"c","x":"d"}""")]
    [InlineData("y: why", """{"true":"why"}""")]
    [InlineData("a: &x {b: 1}\nc: *x\n", """{"a":{"b":1},"c":{"b":1}}""")]
    [InlineData("base: &b {p: 1, q: 2}\nc:\n  <<: *b\n  q: 3\n", """{"base":{"p":1,"q":2},"c":{"p":1,"q":3}}""")]
    [InlineData("c:\n  <<: [{p: 1}, {p: 2, q: 2}]\n", """{"c":{"p":1,"q":2}}""")]
    [InlineData("a: 1\na: 2\n", """{"a":2}""")]
    [InlineData("# only a comment\n", "null")]
    [InlineData("{\"a\": [1, 2.0, \"x\"]}", """{"a":[1,2,"x"]}""")]
    [InlineData("---\na: 1\n---\nb: 2\n", """{"a":1}""")]
    [InlineData("\uFEFFa: 1", """{"a":1}""")]
    public void Reader_Documents_BecomeJson(string yaml, string json) => Assert.Equal(json, Json(yaml));

    [Theory]
    [InlineData("a: b: c", "error converting YAML to JSON: yaml: line 1: mapping values are not allowed in this context")]
    [InlineData("a: *x", "error converting YAML to JSON: yaml: unknown anchor 'x' referenced")]
    [InlineData("a: &x [*x]", "error converting YAML to JSON: yaml: anchor 'x' value contains itself")]
    [InlineData("a: .nan", "error converting YAML to JSON: json: unsupported value: NaN")]
    [InlineData("? [a]\n: b", "error converting YAML to JSON: yaml: invalid map key: [a]")]
    [InlineData("a: \u0001", "error converting YAML to JSON: yaml: control characters are not allowed")]
    [InlineData("!!bool x", "error converting YAML to JSON: yaml: cannot decode !!str `x` as a !!bool")]
    public void Reader_Malformed_GivesUpstreamsError(string yaml, string error) =>
        Assert.Equal(error, Assert.Throws<YamlException>(() => Json(yaml)).Message);

    [Fact]
    public void Reader_InvalidUtf8_IsRefused() =>
        Assert.Equal(
            "error converting YAML to JSON: yaml: invalid leading UTF-8 octet",
            Assert.Throws<YamlException>(() => YamlReader.ToJson([0x61, 0xFF])).Message);

    [Fact]
    public void Reader_DuplicateKeys_AreNotedWithTheirLine()
    {
        List<string> duplicates = [];
        YamlReader.ToJson("a: 1\nb:\n  c: 1\n  c: 2\n"u8, duplicates);
        Assert.Equal(["line 4: key \"c\" already set in map"], duplicates);
        Assert.Equal(
            "error converting YAML to JSON: yaml: unmarshal errors:\n  line 4: key \"c\" already set in map",
                YamlReader.DuplicatesError(duplicates));
    }

    [Fact]
    public void ReadAll_SeveralDocuments_LeavesOutEmptyOnes()
    {
        byte[] yaml = "a: 1\n---\n# nothing\n---\nb: 2\n---\n"u8.ToArray();
        Assert.Equal(["""{"a":1}""", """{"b":2}"""], YamlReader.ReadAll(yaml).Select(document => document.ToString()));
    }

    [Fact]
    public void Reader_AliasBomb_IsRefused()
    {
        StringBuilder yaml = new("a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n");
        for (int i = 1; i < 12; i++) yaml.Append($"a{i}: &a{i} [{string.Join(',', Enumerable.Repeat($"*a{i - 1}", 10))}]\n");
        YamlException error = Assert.Throws<YamlException>(() => Json(yaml.ToString()));
        Assert.Equal("error converting YAML to JSON: yaml: document contains excessive aliasing", error.Message);
    }

    [Theory]
    [InlineData("[", 200_000)]
    [InlineData("{a: ", 100_000)]
    [InlineData("- ", 100_000)]
    public void Reader_DeepNesting_IsRefusedQuickly(string part, int times) =>
        Assert.Throws<YamlException>(() => Json(string.Concat(Enumerable.Repeat(part, times))));

    [Fact]
    public void Reader_RandomTexts_NeverCrashes()
    {
        Random random = new(11);
        string[] parts =
        [
            "a", ": ", "- ", "\n", "  ", "[", "]", "{", "}", ",", "&x ", "*x", "<<: ", "|", ">", "'", "\"", "#", "!", "!!int ",
                "? ", "%", "---", "...",
            "\t", "1", ".", "e", "~", "\\", "\\x4", "é", "@", "`",
        ];
        for (int i = 0; i < 8000; i++)
        {
            string text = string.Concat(Enumerable.Range(0, random.Next(1, 14)).Select(_ => parts[random.Next(parts.Length)]));
            try
            {
                Json(text);
            }
            catch (YamlException)
            {
                // Refused is fine; anything else fails the test.
            }
        }
    }
}
