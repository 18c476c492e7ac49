namespace Cybernetes.Expressions.Tests.Checking;

public sealed class CompileErrorTests
{
    [Theory]
    [InlineData("1 + foo", "ERROR: <input>:1:5: undeclared reference to 'foo' (in container '')\n | 1 + foo\n | ....^")]
    [InlineData("true &&\n  nope", "ERROR: <input>:2:3: undeclared reference to 'nope' (in container '')\n |   nope\n | ..^")]
    [InlineData("foo(1)", "ERROR: <input>:1:4: undeclared reference to 'foo' (in container '')\n | foo(1)\n | ...^")]
    [InlineData("s.nope()", "ERROR: <input>:1:7: undeclared reference to 'nope' (in container '')\n | s.nope()\n | ......^")]
    [InlineData("1 + 'a'", "ERROR: <input>:1:3: found no matching overload for '_+_' applied to '(int, string)'\n | 1 + 'a'\n | ..^")]
    [InlineData("s.startsWith(1)", "ERROR: <input>:1:13: found no matching overload for 'startsWith' applied to 'string.(int)'\n | s.startsWith(1)\n | ............^")]
    [InlineData("typed.nope", "ERROR: <input>:1:6: undefined field 'nope'\n | typed.nope\n | .....^")]
    [InlineData("x.field", "ERROR: <input>:1:2: type 'int' does not support field selection\n | x.field\n | .^")]
    [InlineData("[1, 'a']", "ERROR: <input>:1:5: expected type 'int' but found 'string'\n | [1, 'a']\n | ....^")]
    [InlineData("l.all(i, i)", "ERROR: <input>:1:6: found no matching overload for '_&&_' applied to '(bool, int)'\n | l.all(i, i)\n | .....^")]
    [InlineData("x.all(i, true)", "ERROR: <input>:1:1: expression of type 'int' cannot be range of a comprehension (must be list, map, or dynamic)\n | x.all(i, true)\n | ^")]
    [InlineData("duration('x')", "ERROR: <input>:1:10: invalid duration argument\n | duration('x')\n | .........^")]
    [InlineData("'a'.matches('[')", "ERROR: <input>:1:13: invalid matches argument\n | 'a'.matches('[')\n | ............^")]
    [InlineData("has(x)", "ERROR: <input>:1:5: invalid argument to has() macro\n | has(x)\n | ....^")]
    [InlineData("'é' + nope", "ERROR: <input>:1:7: undeclared reference to 'nope' (in container '')\n | 'é' + nope\n | .．....^")]
    [InlineData("a1 || a2", "ERROR: <input>:1:1: undeclared reference to 'a1' (in container '')\n | a1 || a2\n | ^\nERROR: <input>:1:7: undeclared reference to 'a2' (in container '')\n | a1 || a2\n | ......^")]
    [InlineData("l.map(i, j, k, i)", "ERROR: <input>:1:6: undeclared reference to 'map' (in container '')\n | l.map(i, j, k, i)\n | .....^")]
    public void Check_WrongExpression_UpstreamsWords(string text, string expected)
    {
        var error = Expressions.CompileError(text);

        // A call of what is no macro tells of its arguments too: only the first lines are compared.
        Assert.StartsWith(expected, error);
    }

    [Theory]
    [InlineData("", "1:1: Syntax error: mismatched input '<EOF>' expecting {'[', '{', '(', '.', '-', '!', 'true', 'false', 'null', NUM_FLOAT, NUM_INT, NUM_UINT, STRING, BYTES, IDENTIFIER}")]
    [InlineData("1 +", "1:4: Syntax error: mismatched input '<EOF>' expecting {")]
    [InlineData("(1", "1:3: Syntax error: missing ')' at '<EOF>'")]
    [InlineData("1 2", "1:3: Syntax error: mismatched input '2' expecting <EOF>")]
    [InlineData("a | b", "1:3: Syntax error: token recognition error at: '|'")]
    [InlineData("'abc", "1:1: Syntax error: token recognition error at: ''abc'")]
    [InlineData("for", "1:1: Syntax error: reserved identifier: for")]
    [InlineData("9223372036854775808", "1:1: invalid int literal")]
    [InlineData("l.all(1, true)", "1:7: argument must be a simple name")]
    [InlineData("x ? 1", "1:6: Syntax error: missing ':' at '<EOF>'")]
    public void Parse_WrongSyntax_Located(string text, string expected) =>
        Assert.StartsWith("ERROR: <input>:" + expected, Expressions.CompileError(text));

    [Theory]
    [InlineData("1", "int")]
    [InlineData("[1]", "list(int)")]
    [InlineData("{'a': [1.0]}", "map(string, list(double))")]
    [InlineData("[]", "list(dyn)")]
    [InlineData("l.map(i, string(i))", "list(string)")]
    [InlineData("m.?k", "optional_type(int)")]
    [InlineData("d", "dyn")]
    [InlineData("true ? 1 : 2", "int")]
    [InlineData("type(1)", "type(int)")]
    [InlineData("l.sum()", "int")]
    [InlineData("m.?k.orValue(1)", "int")]
    [InlineData("timestamp('2009-02-13T23:31:30Z')", "google.protobuf.Timestamp")]
    public void Check_Expression_Type(string text, string expected) => Assert.Equal(expected, Expressions.TypeOf(text).ToString());

    [Fact]
    public void Compile_TooLong_Refused()
    {
        var error = Expressions.CompileError(new string(' ', CelCompiler.MaximumLength) + "1");

        Assert.Equal("ERROR: <input>:-1:0: expression code point size exceeds limit: size: 100001, limit 100000", error);
    }

    [Fact]
    public void Compile_DeepNesting_Refused()
    {
        Assert.Contains("expression recursion limit exceeded: 250", Expressions.CompileError(new string('(', 300) + "1" + new string(')', 300)));
        Assert.Contains("expression recursion limit exceeded", Expressions.CompileError("1" + string.Concat(Enumerable.Repeat(" + 1", 20_000))));
    }

    [Fact]
    public void Compile_LongLogicalChain_Balanced() =>
        Assert.Equal("true", Expressions.Outcome(string.Join(" && ", Enumerable.Repeat("x == 7", 5_000))));
}
