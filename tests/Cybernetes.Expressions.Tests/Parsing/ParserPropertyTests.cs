using Cybernetes.Expressions.Parsing;

namespace Cybernetes.Expressions.Tests.Parsing;

public sealed class ParserPropertyTests
{
    [Theory]
    [InlineData("a + b * c", "(a + (b * c))")]
    [InlineData("a * b + c", "((a * b) + c)")]
    [InlineData("a - b - c", "((a - b) - c)")]
    [InlineData("a || b && c == d", "(a || (b && (c == d)))")]
    [InlineData("a ? b : c ? d : e", "(a ? b : (c ? d : e))")]
    [InlineData("!a.b[c]", "(!a.b[c])")]
    [InlineData("-a.b", "(-(a.b))")]
    [InlineData("a && b && c && d", "((a && b) && (c && d))")]
    [InlineData("a in b == c", "((a in b) == c)")]
    [InlineData("a.?b[?c].d(e, f)", "a.?b[?c].d(e, f)")]
    [InlineData("a.b.C{x: 1, ?y: z}", "a.b.C{x: 1, ?y: z}")]
    [InlineData("[a, ?b, ]", "[a, ?b]")]
    [InlineData("[?a]", "[?a]")]
    [InlineData("{?a: b, c: d}", "{?a: b, c: d}")]
    [InlineData(".a.b", ".a.b")]
    [InlineData("1--1", "(1 - -1)")]
    public void Parse_Precedence_AsTheGrammar(string text, string expected) => Assert.Equal(expected, Unparser.Text(Parsed(text)));

    [Fact]
    public void Parse_OfUnparsed_SameTree()
    {
        var source = new RandomExpression(new Random(7));
        for (var i = 0; i < 3_000; i++)
        {
            var text = source.Next(4);
            var once = Unparser.Text(Parsed(text));

            Assert.Equal(once, Unparser.Text(Parsed(once)));
        }
    }

    [Fact]
    public void Compile_AnyText_AnswersOrTells()
    {
        var source = new RandomExpression(new Random(11));
        var (wrong, failed, answered) = (0, 0, 0);
        for (var i = 0; i < 4_000; i++)
        {
            var text = source.Next(1 + i % 4);
            if (i % 3 == 0) text = source.Mangled(text);
            var outcome = Expressions.Outcome(text);
            if (outcome.StartsWith("compile: ERROR: <input>:", StringComparison.Ordinal)) wrong++;
            else if (outcome.StartsWith("error: ", StringComparison.Ordinal)) failed++;
            else answered++;
        }

        // The mix is worth something only if every way out is taken.
        Assert.True(wrong > 100 && failed > 20 && answered > 100, $"{wrong} wrong, {failed} failed, {answered} answered");
    }

    private static Expr Parsed(string text)
    {
        var issues = new List<CelIssue>();
        var tree = Parser.Parse(text, issues, macros: null);
        Assert.True(tree is not null, text + ": " + string.Join(", ", issues));
        return tree;
    }
}
