using Cybernetes.Expressions.Libraries;
using Cybernetes.Expressions.Parsing;

namespace Cybernetes.Expressions.Checking;

/// <summary>Constants that could only fail at run time are refused: wrong durations, timestamps and regular expressions.</summary>
internal static class LiteralRules
{
    public static void Check(Expr tree, List<CelIssue> issues)
    {
        var seen = new HashSet<Expr>(ReferenceEqualityComparer.Instance);
        var waiting = new Stack<Expr>([tree]);
        while (waiting.TryPop(out var node))
        {
            if (!seen.Add(node)) continue;
            if (node is CallExpr call) Check(call, issues);
            foreach (var child in Children(node)) waiting.Push(child);
        }
    }

    private static void Check(CallExpr call, List<CelIssue> issues)
    {
        if (call.Arguments is not [.., LiteralExpr { Value: CelString { Value: var text } } literal]) return;
        var wrong = call switch
        {
            { Function: "duration", Target: null } => CelDuration.Parse(text) is null,
            { Function: "timestamp", Target: null } => CelTimestamp.Parse(text) is not CelTimestamp,
            { Function: "matches" } => RegexLibrary.Compile(text) is null,
            _ => false,
        };
        if (wrong) issues.Add(new CelIssue(literal.Offset, $"invalid {call.Function} argument"));
    }

    private static IEnumerable<Expr> Children(Expr node) => node switch
    {
        SelectExpr select => [select.Operand],
        CallExpr { Target: { } target } call => [target, .. call.Arguments],
        CallExpr call => call.Arguments,
        ListExpr list => list.Elements,
        MapExpr map => map.Entries.SelectMany(e => new[] { e.Key, e.Value }),
        ObjectExpr made => made.Entries.Select(e => e.Value),
        FoldExpr fold => [fold.Range, fold.Initial, fold.Condition, fold.Step, fold.Result],
        _ => [],
    };
}
