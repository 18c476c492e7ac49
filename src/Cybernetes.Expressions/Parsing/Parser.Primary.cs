using System.Globalization;

namespace Cybernetes.Expressions.Parsing;

// The leaves of the grammar: literals, names, calls, brackets.
internal sealed partial class Parser
{
    private Expr? Primary()
    {
        var token = Current;
        switch (token.Kind)
        {
            case TokenKind.Identifier:
                return Named(leadingDot: false);
            case TokenKind.Int:
                _at++;
                return Whole(token, negative: false);
            case TokenKind.Uint or TokenKind.Double or TokenKind.String or TokenKind.Bytes:
                _at++;
                return new LiteralExpr(token.Offset, token.Value!);
            case TokenKind.Symbol:
                return Symbol(token);
            default:
                return Mismatch(Starts);
        }
    }

    private Expr? Symbol(Token token)
    {
        switch (token.Text)
        {
            case "true" or "false" or "null":
                _at++;
                return new LiteralExpr(token.Offset, token.Text == "null" ? CelNull.Instance : CelBool.Of(token.Text == "true"));
            case "(":
                _at++;
                var inner = Expression();
                return inner is not null && Expect(")") ? inner : null;
            case "[" or "[?":
                return ListLiteral();
            case "{":
                return MapLiteral();
            case "." when _tokens[_at + 1].Kind == TokenKind.Identifier:
                _at++;
                return Named(leadingDot: true);
            case "-" when _tokens[_at + 1] is { Kind: TokenKind.Int } number:
                _at += 2;
                return Whole(number with { Offset = token.Offset }, negative: true);
            case "-" when _tokens[_at + 1] is { Kind: TokenKind.Double } number:
                _at += 2;
                return new LiteralExpr(token.Offset, new CelDouble(-((CelDouble)number.Value!).Value));
            default:
                return Mismatch(Starts);
        }
    }

    private Expr? Whole(Token token, bool negative)
    {
        var hex = token.Text.StartsWith("0x", StringComparison.OrdinalIgnoreCase);
        var parsed = ulong.TryParse(
            hex ? token.Text.AsSpan(2) : token.Text, hex ? NumberStyles.AllowHexSpecifier : NumberStyles.None, CultureInfo.InvariantCulture, out var value);
        if (!parsed || value > (ulong)long.MaxValue + (negative ? 1UL : 0)) return Fail(token.Offset, "invalid int literal");
        return new LiteralExpr(token.Offset, CelInt.Of(negative ? unchecked(-(long)value) : (long)value));
    }

    private Expr? Named(bool leadingDot)
    {
        var token = Take();
        if (s_reserved.Contains(token.Text)) return Fail(token.Offset, $"Syntax error: reserved identifier: {token.Text}");
        var name = leadingDot ? "." + token.Text : token.Text;
        if (Current.Is("("))
        {
            var open = Take();
            return Arguments(")") is { } arguments ? Expand(open.Offset, name, null, arguments) : null;
        }
        return ObjectName(name) is { } type ? ObjectLiteral(token.Offset, type) : new IdentExpr(token.Offset, name);
    }

    /// <summary>Looks ahead for Name.Name{: the type of an object to be made.</summary>
    private string? ObjectName(string first)
    {
        var at = _at;
        var name = first;
        while (_tokens[at].Is(".") && _tokens[at + 1].Kind == TokenKind.Identifier)
        {
            name += "." + _tokens[at + 1].Text;
            at += 2;
        }
        if (!_tokens[at].Is("{")) return null;
        _at = at;
        return name;
    }

    private Expr? ObjectLiteral(int offset, string type)
    {
        var open = Take();
        var entries = new List<FieldEntry>();
        while (!Current.Is("}"))
        {
            var optional = Current.Is("?");
            if (optional) _at++;
            if (Current.Kind != TokenKind.Identifier) return Mismatch("{'}', '?', IDENTIFIER}");
            var field = Take();
            var colon = Current.Offset;
            if (!Expect(":") || Expression() is not { } value) return null;
            entries.Add(new FieldEntry(colon, field.Text, value, optional));
            if (!Current.Is(",")) break;
            _at++;
        }
        return Expect("}") ? Bound(new ObjectExpr(Math.Max(offset, open.Offset), type, entries)) : null;
    }

    private Expr? ListLiteral()
    {
        var open = Current;
        // In a list, "[?x" is a bracket and an optional element.
        var optional = open.Is("[?");
        _at++;
        var elements = new List<Expr>();
        var marks = new List<bool>();
        while (!Current.Is("]"))
        {
            if (Current.Is("?") && !optional)
            {
                optional = true;
                _at++;
            }
            if (Expression() is not { } element) return null;
            elements.Add(element);
            marks.Add(optional);
            optional = false;
            if (!Current.Is(",")) break;
            _at++;
        }
        if (optional) return Mismatch(Starts);
        return Expect("]") ? Bound(new ListExpr(open.Offset, elements, marks)) : null;
    }

    private Expr? MapLiteral()
    {
        var open = Take();
        var entries = new List<MapEntry>();
        while (!Current.Is("}"))
        {
            var optional = Current.Is("?");
            if (optional) _at++;
            if (Expression() is not { } key) return null;
            var colon = Current.Offset;
            if (!Expect(":") || Expression() is not { } value) return null;
            entries.Add(new MapEntry(colon, key, value, optional));
            if (!Current.Is(",")) break;
            _at++;
        }
        return Expect("}") ? Bound(new MapExpr(open.Offset, entries)) : null;
    }

    private List<Expr>? Arguments(string close)
    {
        var arguments = new List<Expr>();
        if (Current.Is(close))
        {
            _at++;
            return arguments;
        }
        while (true)
        {
            if (Expression() is not { } argument) return null;
            arguments.Add(argument);
            if (!Current.Is(",")) return Expect(close) ? arguments : null;
            _at++;
        }
    }

    private Expr? Expand(int offset, string name, Expr? target, IReadOnlyList<Expr> arguments)
    {
        var call = new CallExpr(offset, name, target, arguments);
        if (_macros is null || _macros.Find(name, target is not null, arguments.Count) is not { } macro) return Bound(call);
        var expanded = macro(call, _issues) ?? call;
        return _issues.Count == 0 ? Bound(expanded) : null;
    }
}
