using System.Globalization;

namespace Cybernetes.Expressions.Parsing;

/// <summary>Cuts an expression's text into tokens; what cannot be cut becomes an issue.</summary>
internal sealed class Lexer(string text, List<CelIssue> issues)
{
    private static readonly string[] s_symbols =
    [
        "==", "!=", "<=", ">=", "&&", "||", "[?", "[", "]", "{", "}", "(", ")", ".", ",", "-", "!", "?", ":", "+", "*", "/", "%", "<", ">",
    ];

    private int _at;

    public List<Token> Run()
    {
        var tokens = new List<Token>();
        while (true)
        {
            SkipBlanks();
            if (_at >= text.Length)
            {
                tokens.Add(new Token(TokenKind.End, text.Length, ""));
                return tokens;
            }
            if (Next() is { } token) tokens.Add(token);
            if (issues.Count > 0) return tokens;
        }
    }

    private void SkipBlanks()
    {
        while (_at < text.Length)
        {
            if (text[_at] is ' ' or '\t' or '\n' or '\r' or '\f')
            {
                _at++;
            }
            else if (text[_at] == '/' && _at + 1 < text.Length && text[_at + 1] == '/')
            {
                while (_at < text.Length && text[_at] != '\n') _at++;
            }
            else
            {
                return;
            }
        }
    }

    private Token? Next()
    {
        var start = _at;
        var c = text[_at];
        if (char.IsAsciiDigit(c) || (c == '.' && _at + 1 < text.Length && char.IsAsciiDigit(text[_at + 1]))) return Number();
        if (StringLiteral.StartsAt(text, _at)) return Quoted();
        if (char.IsAsciiLetter(c) || c == '_')
        {
            while (_at < text.Length && (char.IsAsciiLetterOrDigit(text[_at]) || text[_at] == '_')) _at++;
            var word = text[start.._at];
            return word is "in" or "true" or "false" or "null"
                ? new Token(TokenKind.Symbol, start, word)
                : new Token(TokenKind.Identifier, start, word);
        }
        foreach (var symbol in s_symbols)
        {
            if (string.CompareOrdinal(text, _at, symbol, 0, symbol.Length) != 0) continue;
            // "[?" is one token only before an optional element; "[?]" is none, but nor is it an expression.
            _at += symbol.Length;
            return new Token(TokenKind.Symbol, start, symbol);
        }
        _at += CodePoints.Width(text, _at);
        issues.Add(new CelIssue(start, $"Syntax error: token recognition error at: '{text[start.._at]}'"));
        return null;
    }

    private Token? Quoted()
    {
        var start = _at;
        var literal = StringLiteral.Read(text, _at);
        if (literal.Error is { } error)
        {
            issues.Add(new CelIssue(start, error));
            return null;
        }
        _at = literal.End;
        return new Token(literal.Value is CelBytes ? TokenKind.Bytes : TokenKind.String, start, text[start.._at], literal.Value);
    }

    private Token? Number()
    {
        var start = _at;
        if (text[_at] == '0' && _at + 1 < text.Length && text[_at + 1] is 'x' or 'X')
        {
            _at += 2;
            while (_at < text.Length && char.IsAsciiHexDigit(text[_at])) _at++;
            return Whole(start, text[(start + 2).._at], NumberStyles.AllowHexSpecifier);
        }
        SkipDigits();
        var fraction = _at < text.Length && text[_at] == '.' && _at + 1 < text.Length && char.IsAsciiDigit(text[_at + 1]);
        if (fraction)
        {
            _at++;
            SkipDigits();
        }
        if (ExponentEnd() is var end && end > _at) (_at, fraction) = (end, true);
        if (!fraction) return Whole(start, text[start.._at], NumberStyles.None);
        var value = double.Parse(text.AsSpan(start, _at - start), NumberStyles.Float, CultureInfo.InvariantCulture);
        if (!double.IsInfinity(value)) return new Token(TokenKind.Double, start, text[start.._at], new CelDouble(value));
        issues.Add(new CelIssue(start, "invalid double literal"));
        return null;
    }

    private Token? Whole(int start, string digits, NumberStyles style)
    {
        if (_at < text.Length && text[_at] is 'u' or 'U')
        {
            _at++;
            if (ulong.TryParse(digits, style, CultureInfo.InvariantCulture, out var unsigned))
                return new Token(TokenKind.Uint, start, text[start.._at], new CelUint(unsigned));
            issues.Add(new CelIssue(start, "invalid uint literal"));
            return null;
        }
        // The value of an int waits for its sign: -9223372036854775808 is one, 9223372036854775808 is none.
        return new Token(TokenKind.Int, start, text[start.._at]);
    }

    private void SkipDigits()
    {
        while (_at < text.Length && char.IsAsciiDigit(text[_at])) _at++;
    }

    private int ExponentEnd()
    {
        var at = _at;
        if (at >= text.Length || text[at] is not ('e' or 'E')) return _at;
        at++;
        if (at < text.Length && text[at] is '+' or '-') at++;
        var digits = at;
        while (at < text.Length && char.IsAsciiDigit(text[at])) at++;
        return at > digits ? at : _at;
    }
}
