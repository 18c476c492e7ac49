namespace Cybernetes.Expressions.Parsing;

internal enum TokenKind : byte
{
    End,
    Identifier,
    Int,
    Uint,
    Double,
    String,
    Bytes,

    /// <summary>An operator, a bracket, or one of the words in, true, false, null.</summary>
    Symbol,
}

/// <summary>A word of an expression: its text as written and, for literals, its value.</summary>
internal readonly record struct Token(TokenKind Kind, int Offset, string Text, CelValue? Value = null)
{
    /// <summary>As syntax errors quote it.</summary>
    public string Shown => Kind == TokenKind.End ? "<EOF>" : Text;

    public bool Is(string symbol) => Kind == TokenKind.Symbol && string.Equals(Text, symbol, StringComparison.Ordinal);
}
