using System.Text;

namespace Cybernetes.Wire.Tests;

public class YamlWriterTests
{
    [Theory]
    [InlineData("""{"b":1,"a":{"x":[1,{"y":"z","w":[]}],"e":{}}}""", "a:\n  e: {}\n  x:\n  - 1\n  - w: []\n    \"y\": z\nb: 1\n")]
    [InlineData("""{"a":"1","b":"true","c":"","d":"null","e":"1e3","f":"x: y","g":"- x","h":"a#b","i":"2026-01-02"}""",
        "a: \"1\"\nb: \"true\"\nc: \"\"\nd: \"null\"\ne: \"1e3\"\nf: 'x: y'\ng: '- x'\nh: a#b\ni: \"2026-01-02\"\n")]
    [InlineData("""{"a":"x\ny\n","b":"x\ny","c":"x\n\n"}""", "a: |\n  x\n  y\nb: |-\n  x\n  y\nc: |+\n  x\n\n")]
    [InlineData("[[1,2],[3]]", "- - 1\n  - 2\n- - 3\n")]
    [InlineData("\"a\\u0001\"", "\"a\\x01\"\n")]
    [InlineData("null", "null\n")]
    public void Write_Table(string json, string yaml) => Assert.Equal(yaml, YamlWriter.Write(JsonTree.Parse(json)));

    [Fact]
    public void Write_RandomTrees_AreReadBackTheSame()
    {
        RandomTrees trees = new(5);
        for (int i = 0; i < 3000; i++)
        {
            JsonTree tree = trees.Next(4);
            string yaml = YamlWriter.Write(tree);
            JsonTree back = YamlReader.ReadFirst(Encoding.UTF8.GetBytes(yaml));
            Assert.True(tree.DeepEquals(back), $"{tree}\nwas written as\n{yaml}\nand read as\n{back}");
        }
    }
}

/// <summary>Small random JSON, with strings that are hard to quote.</summary>
internal sealed class RandomTrees(int seed)
{
    private static readonly string[] Strings =
    [
        "", "a", "yes", "1", "0x1", "1.5", " a", "a ", "a: b", "a #b", "#a", "- a", "-", "a\nb", "a\nb\n", "\na", "a\n\n", " \n",
            "'", "\"", "\\", "\t",
        "a\tb", "é", "😀", "\u0001", "\u0085", "\u2028", "~", "{a}", "[a]", "*a", "&a", "!a", "%a", "@a", "`a", "---", "--- a",
            "a:", ":a", "?", "? a",
        "=", "<<", "null", ".inf", "1:30", "2026-01-02", "a,b", "|", ">", "a \nb", "x\r\ny",
    ];

    private readonly Random _random = new(seed);

    public JsonTree Next(int depth)
    {
        switch (_random.Next(depth > 0 ? 8 : 5))
        {
            case 0: return JsonScalar.Of((long)_random.Next(-5, 100));
            case 1: return JsonScalar.Of(_random.Next(2) == 0);
            case 2 or 3: return JsonScalar.Of(Strings[_random.Next(Strings.Length)]);
            case 4: return _random.Next(4) == 0 ? JsonScalar.Null : JsonScalar.Number("1.5");
            case 5 or 6:
                JsonMap map = [];
                for (int i = _random.Next(4); i > 0; i--) map[Strings[_random.Next(Strings.Length)]] = Next(depth - 1);
                return map;
            default:
                JsonList list = [];
                for (int i = _random.Next(4); i > 0; i--) list.Add(Next(depth - 1));
                return list;
        }
    }

    public JsonMap NextMap(int depth)
    {
        while (true)
        {
            if (Next(depth) is JsonMap map) return map;
        }
    }
}
