using System.Globalization;
using Cybernetes.Expressions.Checking;
using Cybernetes.Expressions.Evaluation;
using Cybernetes.Expressions.Parsing;

namespace Cybernetes.Expressions;

/// <summary>A program, or what is wrong with the expression.</summary>
/// <param name="Program">Null when the expression is wrong.</param>
/// <param name="Error">
/// Every mistake in the form of the reference implementation: <c>ERROR: &lt;input&gt;:1:5: undeclared reference to 'foo' (in container '')</c>,
/// the line and a caret. Null when there is none.
/// </param>
public readonly record struct CelCompilation(CelProgram? Program, string? Error);

/// <summary>Compiles expressions: parse, check, plan. Source: the CEL specification and its reference implementation's messages.</summary>
public static class CelCompiler
{
    /// <summary>The longest expression, in code points.</summary>
    public const int MaximumLength = 100_000;

    public static CelCompilation Compile(string text, CelEnvironment environment)
    {
        var issues = new List<CelIssue>();
        var length = text.Length > MaximumLength ? CodePoints.Count(text) : text.Length;
        if (length > MaximumLength)
        {
            return new CelCompilation(null, string.Create(
                CultureInfo.InvariantCulture, $"ERROR: <input>:-1:0: expression code point size exceeds limit: size: {length}, limit {MaximumLength}"));
        }
        var tree = Parser.Parse(text, issues, environment.Macros);
        if (tree is not null)
        {
            var checker = new Checker(environment, issues);
            var type = checker.Check(tree);
            if (issues.Count == 0) LiteralRules.Check(tree, issues);
            if (issues.Count == 0) return new CelCompilation(new CelProgram(text, type, Planner.Plan(tree), checker.Slots), null);
        }
        return new CelCompilation(null, new CelSource(text).Describe(issues));
    }
}
