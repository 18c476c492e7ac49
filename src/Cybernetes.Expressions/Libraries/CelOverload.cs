namespace Cybernetes.Expressions.Libraries;

/// <summary>One signature of a function, and what it does.</summary>
internal sealed class CelOverload
{
    private bool? _generic;

    public required string Function { get; init; }

    /// <summary>Whether it is called as x.f(…); the target is then the first argument.</summary>
    public bool Member { get; init; }

    public required CelType[] Arguments { get; init; }

    public required CelType Result { get; init; }

    /// <summary>Gets arguments of the families declared, none of them an error.</summary>
    public required Func<CelValue[], CelValue> Run { get; init; }

    /// <summary>The cost by arguments and result; null costs 1.</summary>
    public Func<CelValue[], CelValue, long>? Cost { get; init; }

    /// <summary>Whether type variables stand in the signature.</summary>
    public bool Generic => _generic ??= Mentions(Result) || Arguments.Any(Mentions);

    public bool Fits(CelValue[] values)
    {
        if (values.Length != Arguments.Length) return false;
        for (var i = 0; i < values.Length; i++)
        {
            if (Arguments[i].Kind is not (CelKind.Dyn or CelKind.Any or CelKind.Parameter) && !Arguments[i].SameFamily(values[i].Type)) return false;
        }
        return true;
    }

    private static bool Mentions(CelType type) => type.Kind == CelKind.Parameter || type.Parameters.Any(Mentions);
}

/// <summary>Costs in the units of the reference implementation: a tenth for each character walked over.</summary>
internal static class Costs
{
    public static long Traversal(long size) => (long)Math.Ceiling(size * 0.1);

    /// <summary>Walks over the first argument.</summary>
    public static long First(CelValue[] arguments, CelValue result) => Traversal(arguments[0].Size);

    /// <summary>Walks over the first argument and makes as much anew.</summary>
    public static long FirstTwice(CelValue[] arguments, CelValue result) => (long)Math.Ceiling(arguments[0].Size * 0.2);

    /// <summary>Visits every element of the first argument.</summary>
    public static long Elements(CelValue[] arguments, CelValue result) =>
        arguments[0] is CelList { Count: > 0 } list && list[0] is CelString or CelBytes
            ? list.Elements().Sum(e => 1 + Traversal(e.Size))
            : arguments[0].Size;

    /// <summary>The shorter of two is compared.</summary>
    public static long Shorter(CelValue[] arguments, CelValue result) => Traversal(Math.Min(arguments[0].Size, arguments[1].Size));

    public static long Both(CelValue[] arguments, CelValue result) => Traversal(arguments[0].Size + arguments[1].Size);

    public static long Contains(CelValue[] arguments, CelValue result) => Traversal(arguments[0].Size) * Traversal(arguments[1].Size);

    /// <summary>A regular expression over the first argument.</summary>
    public static long Matches(CelValue[] arguments, CelValue result) =>
        Traversal(1 + arguments[0].Size) * (long)Math.Ceiling(arguments[1].Size * 0.25);

    public static long ResultTwice(CelValue[] arguments, CelValue result) => (long)Math.Ceiling(result.Size * 0.2);
}
