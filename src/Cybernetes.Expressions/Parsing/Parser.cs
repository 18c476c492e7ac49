using System.Globalization;

namespace Cybernetes.Expressions.Parsing;

/// <summary>
/// A parser by recursive descent for the whole grammar of the language. It stops at the first mistake. Macros are expanded as they are met;
/// without a table of them the tree stays as it was written.
/// </summary>
internal sealed partial class Parser
{
    /// <summary>How deep brackets may nest.</summary>
    public const int MaximumNesting = 250;

    /// <summary>How deep the tree may grow: chains of operators and selections count too.</summary>
    public const int MaximumDepth = 800;

    private const string Starts =
        "{'[', '{', '(', '.', '-', '!', 'true', 'false', 'null', NUM_FLOAT, NUM_INT, NUM_UINT, STRING, BYTES, IDENTIFIER}";

    private static readonly HashSet<string> s_reserved = new(StringComparer.Ordinal)
    {
        "as", "break", "const", "continue", "else", "for", "function", "if", "import", "let", "loop", "package", "namespace", "return",
        "var", "void", "while",
    };

    private readonly List<CelIssue> _issues;
    private readonly List<Token> _tokens;
    private readonly Macros? _macros;
    private int _at;
    private int _nesting;

    private Parser(List<Token> tokens, List<CelIssue> issues, Macros? macros)
    {
        _tokens = tokens;
        _issues = issues;
        _macros = macros;
    }

    private Token Current => _tokens[_at];

    /// <summary>The tree of a text; null when something is wrong with it, which then stands in the issues.</summary>
    public static Expr? Parse(string text, List<CelIssue> issues, Macros? macros)
    {
        var tokens = new Lexer(text, issues).Run();
        if (issues.Count > 0) return null;
        var parser = new Parser(tokens, issues, macros);
        var tree = parser.Expression();
        if (issues.Count == 0 && parser.Current.Kind != TokenKind.End)
        {
            var what = parser.Current;
            parser.Fail(what.Offset, $"Syntax error: mismatched input '{what.Shown}' expecting <EOF>");
        }
        return issues.Count == 0 ? tree : null;
    }

    private Expr? Expression()
    {
        if (++_nesting > MaximumNesting)
            return Fail(Current.Offset, string.Create(CultureInfo.InvariantCulture, $"expression recursion limit exceeded: {MaximumNesting}"));
        var condition = Binary(1);
        if (condition is not null && Current.Is("?"))
        {
            var offset = Take().Offset;
            var then = Binary(1);
            if (then is null || !Expect(":")) return null;
            var otherwise = Expression();
            condition = otherwise is null ? null : Call(offset, Operators.Conditional, null, condition, then, otherwise);
        }
        _nesting--;
        return condition;
    }

    /// <summary>Operators of this level and above. Chains of one logical operator become a balanced tree, as they may be long.</summary>
    private Expr? Binary(int level)
    {
        if (level > 5) return Unary();
        var left = Binary(level + 1);
        if (left is null || Operator(level) is null) return left;
        if (level <= 2) return Logical(left, level);
        while (left is not null && Operator(level) is { } name)
        {
            var offset = Take().Offset;
            var right = Binary(level + 1);
            left = right is null ? null : Call(offset, name, null, left, right);
        }
        return left;
    }

    private Expr? Logical(Expr first, int level)
    {
        List<Expr> terms = [first];
        List<int> offsets = [];
        var name = Operator(level)!;
        while (Operator(level) is not null)
        {
            offsets.Add(Take().Offset);
            if (Binary(level + 1) is not { } term) return null;
            terms.Add(term);
        }
        return Balance(name, terms, offsets, 0, offsets.Count - 1);
    }

    private Expr? Balance(string name, List<Expr> terms, List<int> offsets, int low, int high)
    {
        var middle = (low + high + 1) / 2;
        var left = middle == low ? terms[middle] : Balance(name, terms, offsets, low, middle - 1);
        var right = middle == high ? terms[middle + 1] : Balance(name, terms, offsets, middle + 1, high);
        return left is null || right is null ? null : Call(offsets[middle], name, null, left, right);
    }

    private string? Operator(int level) =>
        Current.Kind == TokenKind.Symbol && Operators.Binary.TryGetValue(Current.Text, out var found) && found.Level == level ? found.Name : null;

    private Expr? Unary()
    {
        if (!Current.Is("!") && !Current.Is("-")) return Member();
        var first = Current;
        var count = 0;
        // The sign of a number is part of it.
        if (first.Is("-") && _tokens[_at + 1].Kind is TokenKind.Int or TokenKind.Double) return Member();
        for (; Current.Is(first.Text); _at++) count++;
        var negatesNumber = first.Is("-") && Current.Kind is TokenKind.Int or TokenKind.Double;
        if (negatesNumber) (_at, count) = (_at - 1, count - 1);
        var operand = Member();
        if (operand is null || count % 2 == 0) return operand;
        return Call(first.Offset, first.Is("!") ? Operators.Not : Operators.Negate, null, operand);
    }

    private Expr? Member()
    {
        var operand = Primary();
        while (operand is not null)
        {
            if (Current.Is(".")) operand = Selection(operand);
            else if (Current.Is("[") || Current.Is("[?")) operand = Indexing(operand);
            else break;
        }
        return operand;
    }

    private Expr? Selection(Expr operand)
    {
        var dot = Take();
        var optional = Current.Is("?");
        if (optional) _at++;
        if (Current.Kind != TokenKind.Identifier) return Mismatch(optional ? "IDENTIFIER" : "{'?', IDENTIFIER}");
        var name = Take().Text;
        if (!optional && Current.Is("("))
        {
            var offset = Take().Offset;
            return Arguments(")") is { } arguments ? Expand(offset, name, operand, arguments) : null;
        }
        if (!optional) return Bound(new SelectExpr(dot.Offset, operand, name));
        return Bound(new SelectExpr(dot.Offset, operand, name, optional: true));
    }

    private Expr? Indexing(Expr operand)
    {
        var open = Take();
        var index = Expression();
        if (index is null || !Expect("]")) return null;
        return Call(open.Offset, open.Is("[?") ? Operators.OptionalIndex : Operators.Index, null, operand, index);
    }

    private Token Take() => _tokens[_at++];

    private bool Expect(string symbol)
    {
        if (Current.Is(symbol))
        {
            _at++;
            return true;
        }
        Fail(Current.Offset, $"Syntax error: {(Current.Kind == TokenKind.End ? "missing" : "mismatched input")} "
            + (Current.Kind == TokenKind.End ? $"'{symbol}' at '<EOF>'" : $"'{Current.Shown}' expecting '{symbol}'"));
        return false;
    }

    private Expr? Mismatch(string expected) => Fail(Current.Offset, $"Syntax error: mismatched input '{Current.Shown}' expecting {expected}");

    private Expr? Fail(int offset, string message)
    {
        if (_issues.Count == 0) _issues.Add(new CelIssue(offset, message));
        return null;
    }

    private Expr? Call(int offset, string function, Expr? target, params IReadOnlyList<Expr> arguments) =>
        Bound(new CallExpr(offset, function, target, arguments));

    private Expr? Bound(Expr made) =>
        made.Depth <= MaximumDepth
            ? made
            : Fail(made.Offset, string.Create(CultureInfo.InvariantCulture, $"expression recursion limit exceeded: {MaximumDepth}"));
}
