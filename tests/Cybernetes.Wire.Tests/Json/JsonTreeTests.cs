using System.Text;
using Cybernetes.Objects;

namespace Cybernetes.Wire.Tests;

public class JsonTreeTests
{
    [Theory]
    [InlineData("""{"b":1,"a":[true,null,"x\n",1.50,{}],"c":{"d":-0}}""")]
    [InlineData("[]")]
    [InlineData("\"é\"")]
    public void Parse_ThenWrite_KeepsOrderAndDigits(string json) => Assert.Equal(json, JsonTree.Parse(json).ToString());

    [Fact]
    public void Parse_DuplicateKeys_KeepsTheLastAndNotesIt()
    {
        DecodeContext context = new();
        JsonTree tree = JsonTree.Parse("""{"a":{"b":1,"b":2},"l":[{"x":1,"x":1}]}"""u8, context);
        Assert.Equal("""{"a":{"b":2},"l":[{"x":1}]}""", tree.ToString());
        Assert.Equal(["duplicate field \"a.b\"", "duplicate field \"l[0].x\""], context.StrictFindings);
    }

    [Fact]
    public void Map_ManyKeys_IsIndexedAndOrdered()
    {
        JsonMap map = [];
        for (int i = 0; i < 100; i++) map[$"k{i}"] = (long)i;
        map.Remove("k50");
        map["k3"] = "three";
        Assert.Equal(99, map.Count);
        Assert.Equal("three", map.String("k3"));
        Assert.False(map.ContainsKey("k50"));
        Assert.Equal("k51", map.Keys.ElementAt(50));
        Assert.True(map.DeepEquals(map.DeepClone()));
    }

    [Theory]
    [InlineData("", "unexpected end of JSON input")]
    [InlineData("{", "unexpected end of JSON input")]
    [InlineData("{\"a\"", "unexpected end of JSON input")]
    [InlineData("[1,", "unexpected end of JSON input")]
    [InlineData("\"a", "unexpected end of JSON input")]
    [InlineData("x", "invalid character 'x' looking for beginning of value")]
    [InlineData("{a", "invalid character 'a' looking for beginning of object key string")]
    [InlineData("{\"a\" 1}", "invalid character '1' after object key")]
    [InlineData("{\"a\":1 \"b\"}", "invalid character '\"' after object key:value pair")]
    [InlineData("{\"a\":1,}", "invalid character '}' looking for beginning of object key string")]
    [InlineData("[1 2]", "invalid character '2' after array element")]
    [InlineData("[1,]", "invalid character ']' looking for beginning of value")]
    [InlineData("{} x", "invalid character 'x' after top-level value")]
    [InlineData("tru", "unexpected end of JSON input")]
    [InlineData("trux", "invalid character 'x' in literal true (expecting 'e')")]
    [InlineData("-x", "invalid character 'x' in numeric literal")]
    [InlineData("1.x", "invalid character 'x' after decimal point in numeric literal")]
    [InlineData("1ex", "invalid character 'x' in exponent of numeric literal")]
    [InlineData("\"\\x\"", "invalid character 'x' in string escape code")]
    [InlineData("\"\\u00g0\"", "invalid character 'g' in \\u hexadecimal character escape")]
    [InlineData("\"a\nb\"", "invalid character '\\n' in string literal")]
    [InlineData("'a'", "invalid character '\\'' looking for beginning of value")]
    [InlineData("01", "invalid character '1' after top-level value")]
    public void Parse_Malformed_GivesGosError(string json, string error)
    {
        Assert.Equal(error, GoJsonSyntax.Check(Encoding.UTF8.GetBytes(json)));
        Assert.Equal(error, Assert.Throws<ObjectDecodeException>(() => JsonTree.Parse(json)).Message);
    }

    [Fact]
    public void Parse_DeepNesting_IsRefused()
    {
        string deep = new string('[', 10_000) + new string(']', 10_000);
        Assert.Throws<ObjectDecodeException>(() => JsonTree.Parse(deep));
        string fine = new string('[', 900) + new string(']', 900);
        Assert.Equal(fine, JsonTree.Parse(fine).ToString());
    }

    [Fact]
    public void Check_RandomTexts_AgreesWithTheParser()
    {
        Random random = new(42);
        string[] parts = ["{", "}", "[", "]", ",", ":", "\"a\"", "\"", "1", "-", "0", ".5", "e3", "true", "nul", "null", " ",
            "\\u0041", "\n", "é"];
        for (int i = 0; i < 30000; i++)
        {
            string text = string.Concat(Enumerable.Range(0, random.Next(1, 10)).Select(_ => parts[random.Next(parts.Length)]));
            bool parsed = true;
            try
            {
                JsonTree.Parse(text);
            }
            catch (ObjectDecodeException)
            {
                parsed = false;
            }
            Assert.Equal(parsed, GoJsonSyntax.Check(Encoding.UTF8.GetBytes(text)) is null);
        }
    }
}
