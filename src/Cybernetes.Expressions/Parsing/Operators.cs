namespace Cybernetes.Expressions.Parsing;

/// <summary>The names under which operators are called, and how tightly they bind.</summary>
internal static class Operators
{
    public const string And = "_&&_";
    public const string Or = "_||_";
    public const string Not = "!_";
    public const string Negate = "-_";
    public const string Conditional = "_?_:_";
    public const string Equal = "_==_";
    public const string NotEqual = "_!=_";
    public const string Less = "_<_";
    public const string LessOrEqual = "_<=_";
    public const string Greater = "_>_";
    public const string GreaterOrEqual = "_>=_";
    public const string In = "@in";
    public const string Add = "_+_";
    public const string Subtract = "_-_";
    public const string Multiply = "_*_";
    public const string Divide = "_/_";
    public const string Modulo = "_%_";
    public const string Index = "_[_]";
    public const string OptionalIndex = "_[?_]";
    public const string OptionalSelect = "_?._";
    public const string NotStrictlyFalse = "@not_strictly_false";

    /// <summary>Binary operators by symbol: the name called, and the level of binding (higher binds tighter).</summary>
    public static IReadOnlyDictionary<string, (string Name, int Level)> Binary { get; } = new Dictionary<string, (string, int)>(StringComparer.Ordinal)
    {
        ["||"] = (Or, 1),
        ["&&"] = (And, 2),
        ["=="] = (Equal, 3),
        ["!="] = (NotEqual, 3),
        ["<"] = (Less, 3),
        ["<="] = (LessOrEqual, 3),
        [">"] = (Greater, 3),
        [">="] = (GreaterOrEqual, 3),
        ["in"] = (In, 3),
        ["+"] = (Add, 4),
        ["-"] = (Subtract, 4),
        ["*"] = (Multiply, 5),
        ["/"] = (Divide, 5),
        ["%"] = (Modulo, 5),
    };
}
