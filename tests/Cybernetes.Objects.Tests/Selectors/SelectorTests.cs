namespace Cybernetes.Objects.Tests;

public class SelectorTests
{
    private static readonly Dictionary<string, string> Labels =
        new() { ["app"] = "web", ["tier"] = "front", ["count"] = "5", ["empty"] = "" };

    [Theory]
    [InlineData("", true)]
    [InlineData("app=web", true)]
    [InlineData("app==web", true)]
    [InlineData("app!=web", false)]
    [InlineData("other!=web", true)]
    [InlineData("app in (web, api)", true)]
    [InlineData("app notin (web)", false)]
    [InlineData("other notin (web)", true)]
    [InlineData("app", true)]
    [InlineData("!app", false)]
    [InlineData("!other", true)]
    [InlineData("count>4", true)]
    [InlineData("count<5", false)]
    [InlineData("app>4", false)]
    [InlineData("empty=", true)]
    [InlineData("empty in ()", true)]
    [InlineData("app in (,web)", true)]
    [InlineData(" app = web , tier in ( front ) ", true)]
    [InlineData("app=web,tier=back", false)]
    public void LabelSelector_Matches_Table(string text, bool matches) =>
        Assert.Equal(matches, LabelMatcher.Parse(text).Matches(Labels));

    [Theory]
    [InlineData("b=1,a in (y,x),!c,d", "a in (x,y),b=1,!c,d")]
    [InlineData("x==1", "x==1")]
    [InlineData("x>1,x<5", "x>1,x<5")]
    public void LabelSelector_ToString_IsSorted(string text, string printed) =>
        Assert.Equal(printed, LabelMatcher.Parse(text).ToString());

    [Theory]
    [InlineData("a b", "unable to parse requirement: found 'b', expected: in, notin, =, ==, !=, gt, lt")]
    [InlineData(",a", "found ',', expected: !, identifier, or 'end of string'")]
    [InlineData("a,", "found '', expected: identifier after ','")]
    [InlineData("a in", "unable to parse requirement: found '' expected: '('")]
    [InlineData("a in (b", "unable to parse requirement: found '', expected: ',' or ')'")]
    [InlineData("a=b c", "found 'c', expected: ',' or 'end of string'")]
    [InlineData("a>b",
        "unable to parse requirement: values[0]: Invalid value: \"b\": for 'Gt', 'Lt' operators, the value must be an integer")]
    [InlineData("!", "unable to parse requirement: found '', expected: identifier")]
    [InlineData("a!", "unable to parse requirement: found '!', expected: in, notin, =, ==, !=, gt, lt")]
    public void LabelSelector_Malformed_GivesUpstreamsError(string text, string error) =>
        Assert.Equal(error, LabelMatcher.TryParse(text, out _));

    [Fact]
    public void LabelSelector_BadKeyOrValue_SaysWhy()
    {
        Assert.StartsWith("unable to parse requirement: <nil>: Invalid value: \"a/b/c\": a valid label key",
            LabelMatcher.TryParse("a/b/c=d", out _));
        Assert.StartsWith("unable to parse requirement: values[0][a]: Invalid value: \"-\": a valid label",
            LabelMatcher.TryParse("a=-", out _));
    }

    [Fact]
    public void LabelSelector_Nothing_MatchesNothing()
    {
        Assert.False(LabelMatcher.Nothing.Matches(Labels));
        Assert.True(LabelMatcher.Everything.Matches(null));
        Assert.True(LabelMatcher.FromSet(new() { ["app"] = "web" }).Matches(Labels));
        Assert.Same(LabelMatcher.Nothing, LabelMatcher.Nothing.And(LabelMatcher.Everything));
    }

    [Fact]
    public void LabelSelector_RandomTexts_NeverCrashAndPrintWhatTheyParse()
    {
        Random random = new(7);
        string[] words = ["a", "b", "in", "notin", "(", ")", ",", "=", "==", "!=", "!", ">", "<", "1", " ", "x/y", "\0", "é"];
        for (int i = 0; i < 20000; i++)
        {
            string text = string.Concat(Enumerable.Range(0, random.Next(9)).Select(_ => words[random.Next(words.Length)]));
            if (LabelMatcher.TryParse(text, out LabelMatcher matcher) is not null) continue;
            Assert.Equal(matcher.ToString(), LabelMatcher.Parse(matcher.ToString()).ToString());
        }
    }

    [Theory]
    [InlineData("metadata.name=web", "metadata.name=web")]
    [InlineData("b!=2,a==1", "a=1,b!=2")]
    [InlineData("a=x\\,y\\=z\\\\", "a=x\\,y\\=z\\\\")]
    [InlineData("a=", "a=")]
    [InlineData(",,", "")]
    public void FieldSelector_Parse_PrintsSorted(string text, string printed) =>
        Assert.Equal(printed, FieldMatcher.Parse(text).ToString());

    [Theory]
    [InlineData("a", "invalid selector: 'a'; can't understand 'a'")]
    [InlineData("a=b=c", "invalid field selector: unescaped character in value: 61")]
    [InlineData("a=\\x", "invalid field selector: invalid escape sequence: \\x")]
    [InlineData("a=\\", "invalid field selector: invalid escape sequence: \\")]
    public void FieldSelector_Malformed_GivesUpstreamsError(string text, string error) =>
        Assert.Equal(error, FieldMatcher.TryParse(text, out _));

    [Fact]
    public void FieldSelector_Matches_ComparesText()
    {
        FieldMatcher matcher = FieldMatcher.Parse("status.phase!=Running,spec.nodeName=");
        Assert.True(matcher.Matches(field => field == "status.phase" ? "Pending" : null));
        Assert.False(matcher.Matches(field => field == "status.phase" ? "Running" : null));
        Assert.Equal("", matcher.ExactValue("spec.nodeName"));
        Assert.Null(matcher.ExactValue("status.phase"));
    }
}
