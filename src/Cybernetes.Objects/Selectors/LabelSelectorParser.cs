namespace Cybernetes.Objects;

/// <summary>The grammar of label selectors with upstream's lexer and its complaints.</summary>
internal sealed class LabelSelectorParser(string text)
{
    private readonly List<(Token Token, string Literal)> _items = [];
    private int _scan;
    private int _position;

    private enum Token
    {
        Error,
        End,
        Close,
        Comma,
        Not,
        DoubleEquals,
        Equals,
        Greater,
        Identifier,
        In,
        Less,
        NotEquals,
        NotIn,
        Open,
    }

    /// <summary>Null on success, else the error.</summary>
    public string? Parse(out List<LabelRequirement> requirements)
    {
        do _items.Add(Lex());
        while (_items[^1].Token != Token.End);

        requirements = [];
        while (true)
        {
            (Token token, string literal) = Look();
            if (token == Token.End) return null;
            if (token is not (Token.Identifier or Token.Not))
                return $"found '{literal}', expected: !, identifier, or 'end of string'";

            string? error = ParseRequirement(out LabelRequirement? requirement);
            if (error is not null) return "unable to parse requirement: " + error;
            requirements.Add(requirement!);
            (token, literal) = Take();
            if (token == Token.End) return null;
            if (token != Token.Comma) return $"found '{literal}', expected: ',' or 'end of string'";
            (token, literal) = Look();
            if (token is not (Token.Identifier or Token.Not)) return $"found '{literal}', expected: identifier after ','";
        }
    }

    private string? ParseRequirement(out LabelRequirement? requirement)
    {
        requirement = null;
        (Token token, string key) = Take();
        LabelOperator? inferred = null;
        if (token == Token.Not)
        {
            inferred = LabelOperator.DoesNotExist;
            (token, key) = Take();
        }
        if (token != Token.Identifier) return $"found '{key}', expected: identifier";
        IReadOnlyList<string> reasons = Names.QualifiedName(key);
        if (reasons.Count > 0) return FieldError.Invalid(null, key, string.Join("; ", reasons)).ToString();
        if (inferred is null && Look().Token is Token.End or Token.Comma) inferred = LabelOperator.Exists;
        if (inferred is { } unary) return Create(key, unary, [], out requirement);

        if (ParseOperator(out LabelOperator binary) is { } operatorError) return operatorError;
        SortedSet<string> values = new(StringComparer.Ordinal);
        string? valuesError = binary is LabelOperator.In or LabelOperator.NotIn ? ParseValues(values) : ParseExactValue(values);
        return valuesError ?? Create(key, binary, [.. values], out requirement);
    }

    private static string? Create(string key, LabelOperator @operator, string[] values, out LabelRequirement? requirement)
    {
        FieldErrorList errors = [];
        requirement = LabelRequirement.Create(key, @operator, values, null, errors);
        return errors.Count == 0 ? null : errors.Aggregate();
    }

    private string? ParseOperator(out LabelOperator @operator)
    {
        (Token token, string literal) = _items[_position++];
        LabelOperator? found = token switch
        {
            Token.In => LabelOperator.In,
            Token.Equals => LabelOperator.Equals,
            Token.DoubleEquals => LabelOperator.DoubleEquals,
            Token.Greater => LabelOperator.GreaterThan,
            Token.Less => LabelOperator.LessThan,
            Token.NotIn => LabelOperator.NotIn,
            Token.NotEquals => LabelOperator.NotEquals,
            _ => null,
        };
        @operator = found ?? default;
        return found is null ? $"found '{literal}', expected: in, notin, =, ==, !=, gt, lt" : null;
    }

    private string? ParseValues(SortedSet<string> values)
    {
        (Token token, string literal) = Take();
        if (token != Token.Open) return $"found '{literal}' expected: '('";
        (token, literal) = Look();
        switch (token)
        {
            case Token.Identifier or Token.Comma:
                if (ParseIdentifiers(values) is { } error) return error;
                return Take().Token == Token.Close ? null : $"found '{literal}', expected: ')'";
            case Token.Close:
                Take();
                values.Add("");
                return null;
            default:
                return $"found '{literal}', expected: ',', ')' or identifier";
        }
    }

    private string? ParseIdentifiers(SortedSet<string> values)
    {
        while (true)
        {
            (Token token, string literal) = Take();
            if (token == Token.Identifier)
            {
                values.Add(literal);
                (Token next, string nextLiteral) = Look();
                if (next == Token.Comma) continue;
                return next == Token.Close ? null : $"found '{nextLiteral}', expected: ',' or ')'";
            }
            if (token != Token.Comma) return $"found '{literal}', expected: ',', or identifier";
            if (values.Count == 0) values.Add("");
            Token after = Look().Token;
            if (after is Token.Close or Token.Comma) values.Add("");
            if (after == Token.Close) return null;
        }
    }

    private string? ParseExactValue(SortedSet<string> values)
    {
        if (Look().Token is Token.End or Token.Comma)
        {
            values.Add("");
            return null;
        }
        (Token token, string literal) = Take();
        if (token != Token.Identifier) return $"found '{literal}', expected: identifier";
        values.Add(literal);
        return null;
    }

    // Where values are expected, "in" and "notin" are ordinary words.
    private (Token Token, string Literal) Look()
    {
        (Token token, string literal) = _items[Math.Min(_position, _items.Count - 1)];
        return (token is Token.In or Token.NotIn ? Token.Identifier : token, literal);
    }

    private (Token Token, string Literal) Take()
    {
        (Token Token, string Literal) item = Look();
        _position++;
        return item;
    }

    private (Token Token, string Literal) Lex()
    {
        while (_scan < text.Length && text[_scan] is ' ' or '\t' or '\r' or '\n') _scan++;
        if (_scan >= text.Length || text[_scan] == 0) return (Token.End, "");
        return IsSymbol(text[_scan]) ? LexSymbol() : LexWord();
    }

    private (Token Token, string Literal) LexWord()
    {
        int start = _scan;
        while (_scan < text.Length && text[_scan] != 0 && !IsSymbol(text[_scan])
            && text[_scan] is not (' ' or '\t' or '\r' or '\n')) _scan++;
        string word = text[start.._scan];
        return word switch
        {
            "in" => (Token.In, word),
            "notin" => (Token.NotIn, word),
            _ => (Token.Identifier, word),
        };
    }

    private (Token Token, string Literal) LexSymbol()
    {
        string two = text.Substring(_scan, Math.Min(2, text.Length - _scan));
        if (two is "==" or "!=")
        {
            _scan += 2;
            return (two == "==" ? Token.DoubleEquals : Token.NotEquals, two);
        }
        char symbol = text[_scan++];
        Token token = symbol switch
        {
            ')' => Token.Close,
            ',' => Token.Comma,
            '!' => Token.Not,
            '=' => Token.Equals,
            '>' => Token.Greater,
            '<' => Token.Less,
            _ => Token.Open,
        };
        return (token, symbol.ToString());
    }

    private static bool IsSymbol(char c) => c is '=' or '!' or '(' or ')' or ',' or '>' or '<';
}
