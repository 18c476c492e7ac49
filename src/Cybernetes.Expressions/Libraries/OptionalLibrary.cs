namespace Cybernetes.Expressions.Libraries;

/// <summary>optional.of, optional.none, hasValue, value, or, orValue.</summary>
internal static class OptionalLibrary
{
    public static void AddTo(FunctionTable table)
    {
        var any = CelType.Parameter("V");
        var optional = CelType.Optional(any);
        table.Global("optional.of", [any], optional, a => CelOptional.Of(a[0]));
        table.Global("optional.none", [], optional, _ => CelOptional.None);
        table.Global("optional.ofNonZeroValue", [any], optional, a => IsZero(a[0]) ? CelOptional.None : CelOptional.Of(a[0]));
        table.Member("hasValue", [optional], CelType.Bool, a => CelBool.Of(((CelOptional)a[0]).HasValue));
        table.Member("value", [optional], any, a => ((CelOptional)a[0]).Value ?? new CelError("optional.none() dereference"));
        // Evaluated by nodes of their own where the target is an optional for sure: the argument is then looked at only when it is needed.
        table.Member("or", [optional, optional], optional, a => ((CelOptional)a[0]).HasValue ? a[0] : a[1]);
        table.Member("orValue", [optional, any], any, a => ((CelOptional)a[0]).Value ?? a[1]);
    }

    private static bool IsZero(CelValue value) => value switch
    {
        CelNull => true,
        CelBool b => !b.Value,
        CelInt n => n.Value == 0,
        CelUint n => n.Value == 0,
        CelDouble n => n.Value == 0,
        CelDuration d => d.Nanos == 0,
        CelString or CelBytes or CelList or CelMap => value.Size == 0,
        _ => false,
    };
}
