using System.Globalization;
using Cybernetes.Expressions.Parsing;

namespace Cybernetes.Expressions.Tests.Parsing;

/// <summary>Trees as text again, with a bracket around every operator: obviously right, and independent of the parser's precedence.</summary>
internal static class Unparser
{
    public static string Text(Expr node) => node switch
    {
        LiteralExpr literal => Literal(literal.Value),
        IdentExpr ident => ident.Name,
        SelectExpr select => $"{Text(select.Operand)}.{(select.Optional ? "?" : "")}{select.Field}",
        CallExpr call => Call(call),
        ListExpr list => "[" + string.Join(", ", list.Elements.Select((e, i) => (list.Optional[i] ? "?" : "") + Text(e))) + "]",
        MapExpr map => "{" + string.Join(", ", map.Entries.Select(e => (e.Optional ? "?" : "") + Text(e.Key) + ": " + Text(e.Value))) + "}",
        ObjectExpr made => made.Name + "{" + string.Join(", ", made.Entries.Select(e => (e.Optional ? "?" : "") + e.Field + ": " + Text(e.Value))) + "}",
        _ => throw new ArgumentException("only trees as they were written"),
    };

    private static string Call(CallExpr call)
    {
        var arguments = call.Arguments.Select(Text).ToList();
        if (call.Target is { } target) return $"{Text(target)}.{call.Function}({string.Join(", ", arguments)})";
        if (Operators.Binary.FirstOrDefault(o => o.Value.Name == call.Function).Key is { } symbol) return $"({arguments[0]} {symbol} {arguments[1]})";
        return call.Function switch
        {
            Operators.Not => $"(!{arguments[0]})",
            Operators.Negate => $"(-({arguments[0]}))",
            Operators.Conditional => $"({arguments[0]} ? {arguments[1]} : {arguments[2]})",
            Operators.Index => $"{arguments[0]}[{arguments[1]}]",
            Operators.OptionalIndex => $"{arguments[0]}[?{arguments[1]}]",
            _ => $"{call.Function}({string.Join(", ", arguments)})",
        };
    }

    private static string Literal(CelValue value) => value switch
    {
        CelInt n => n.Value.ToString(CultureInfo.InvariantCulture),
        CelUint n => n.Value.ToString(CultureInfo.InvariantCulture) + "u",
        CelDouble n => n.Value.ToString("E16", CultureInfo.InvariantCulture),
        CelString s => "\"" + string.Concat(s.Value.EnumerateRunes().Select(r => $"\\U{r.Value:x8}")) + "\"",
        CelBytes b => "b\"" + string.Concat(b.Value.ToArray().Select(x => $"\\x{x:x2}")) + "\"",
        _ => value.ToString()!,
    };
}
