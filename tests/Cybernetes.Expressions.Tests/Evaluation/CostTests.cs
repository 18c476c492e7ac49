namespace Cybernetes.Expressions.Tests.Evaluation;

public sealed class CostTests
{
    [Theory]
    [InlineData("1", 0)]
    [InlineData("x", 1)]
    [InlineData("x + x", 3)]
    [InlineData("m.k", 2)]
    [InlineData("doc.spec.containers[0].name", 5)]
    [InlineData("has(doc.kind)", 1)]
    [InlineData("s == 'text'", 2)]
    [InlineData("s.startsWith('te')", 2)]
    [InlineData("[1, 2, 3]", 0)]
    [InlineData("[x]", 11)]
    [InlineData("{'a': x}", 31)]
    [InlineData("2 in l", 4)]
    [InlineData("true || x == 1", 0)]
    [InlineData("s.matches('[a-z]+')", 3)]
    [InlineData("s + s", 3)]
    public void Evaluate_Expression_CostAsUpstream(string text, long expected) => Assert.Equal(expected, Expressions.Cost(text));

    [Fact]
    public void Evaluate_BeyondTheLimit_Error()
    {
        const string text = "[1, 2, 3, 4, 5, 6, 7, 8].all(a, l.all(b, l.all(c, l.all(d, a + b + c + d > 0))))";
        var enough = Expressions.Cost(text);

        Assert.Equal("true", Expressions.Evaluate(text, new CelBudget(enough)).ToString());
        Assert.Equal("operation cancelled: actual cost limit exceeded", Expressions.Evaluate(text, new CelBudget(enough - 1)).ToString());
    }

    [Fact]
    public void Evaluate_CostErrorInLogic_NotSwallowed()
    {
        const string text = "l.all(b, l.all(c, l.all(d, b + c + d > 0))) || true";

        Assert.Equal("operation cancelled: actual cost limit exceeded", Expressions.Evaluate(text, new CelBudget(20)).ToString());
    }

    [Fact]
    public void Evaluate_ExplodingString_StoppedByCost()
    {
        var list = "[" + string.Join(", ", Enumerable.Repeat("1", 64)) + "]";
        var text = "cel.bind(a, s + s, " + string.Concat(Enumerable.Range(0, 40).Select(_ => "cel.bind(a, a + a, ")) + "a" + new string(')', 41);

        Assert.Equal("operation cancelled: actual cost limit exceeded", Expressions.Evaluate(text, new CelBudget(CelBudget.PerCall)).ToString());
        Assert.Equal("64", Expressions.Outcome(list + ".map(i, i).size()"));
    }

    [Fact]
    public void Budget_SeveralEvaluations_Shared()
    {
        var budget = new CelBudget(3);

        Assert.Equal("14", Expressions.Evaluate("x + x", budget).ToString());
        Assert.True(Expressions.Evaluate("x + x", budget).IsError);
        Assert.True(budget.Exceeded);
    }
}
