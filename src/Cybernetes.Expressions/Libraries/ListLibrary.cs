namespace Cybernetes.Expressions.Libraries;

/// <summary>isSorted, sum, min, max, indexOf, lastIndexOf of lists, and includes of DRA's list attributes.</summary>
internal static class ListLibrary
{
    private const long IncludesCost = 48;

    private static readonly CelType[] s_comparable =
        [CelType.Int, CelType.Uint, CelType.Double, CelType.Bool, CelType.Duration, CelType.Timestamp, CelType.String, CelType.Bytes];

    public static void AddTo(FunctionTable table)
    {
        foreach (var type in s_comparable)
        {
            var list = CelType.List(type);
            table.Member("isSorted", [list], CelType.Bool, IsSorted, Costs.Elements);
            table.Member("min", [list], type, a => Extreme(a, "min", -1), Costs.Elements);
            table.Member("max", [list], type, a => Extreme(a, "max", 1), Costs.Elements);
        }
        Sum(table, CelType.Int, CelInt.Of(0));
        Sum(table, CelType.Uint, new CelUint(0));
        Sum(table, CelType.Double, new CelDouble(0));
        Sum(table, CelType.Duration, new CelDuration(0));
        var any = CelType.Parameter("T");
        table.Member("indexOf", [CelType.List(any), any], CelType.Int, a => Index(((CelList)a[0]).Elements(), a[1]), Costs.Elements);
        table.Member("lastIndexOf", [CelType.List(any), any], CelType.Int, LastIndex, Costs.Elements);
    }

    /// <summary>For device selectors only: whether an attribute is the value, or a list that holds it.</summary>
    public static CelOverload Includes { get; } = new()
    {
        Function = "includes",
        Member = true,
        Arguments = [CelType.Dyn, CelType.Dyn],
        Result = CelType.Bool,
        Run = a => CelBool.Of(a[0] is CelList list ? list.Elements().Any(a[1].Equals) : a[0].Equals(a[1])),
        Cost = (a, _) => Math.Min(IncludesCost, Math.Max(1, a[0] is CelList list ? list.Count : 1)),
    };

    private static void Sum(FunctionTable table, CelType type, CelValue zero) =>
        table.Member("sum", [CelType.List(type)], type, a => Total((CelList)a[0], zero), Costs.Elements);

    private static CelValue Total(CelList list, CelValue zero)
    {
        var total = zero;
        foreach (var element in list.Elements())
        {
            total = (total, element) switch
            {
                (CelDuration a, CelDuration b) when (Int128)a.Nanos + b.Nanos is var sum =>
                    sum < long.MinValue || sum > long.MaxValue ? CelError.DurationOverflow : new CelDuration((long)sum),
                // An empty start of another number type gives way: of a dyn list only the elements tell.
                (CelNumber { AsDouble: 0 }, CelNumber b) when b.Type.Kind != total.Type.Kind && ReferenceEquals(total, zero) => b,
                _ => Arithmetic.Add(total, element),
            };
            if (total.IsError) return total;
        }
        return total;
    }

    private static CelValue IsSorted(CelValue[] arguments)
    {
        CelValue? before = null;
        foreach (var element in ((CelList)arguments[0]).Elements())
        {
            if (before is not null)
            {
                if (Arithmetic.Compare(before, element) is not { } order) return CelError.NoSuchOverload;
                if (order > 0) return CelBool.False;
            }
            before = element;
        }
        return CelBool.True;
    }

    private static CelValue Extreme(CelValue[] arguments, string name, int sign)
    {
        CelValue? best = null;
        foreach (var element in ((CelList)arguments[0]).Elements())
        {
            if (best is null)
            {
                best = element;
                continue;
            }
            if (Arithmetic.Compare(element, best) is not { } order) return CelError.NoSuchOverload;
            if (order * sign > 0) best = element;
        }
        return best ?? new CelError($"{name} called on empty list");
    }

    private static CelInt Index(IEnumerable<CelValue> elements, CelValue wanted)
    {
        var at = 0;
        foreach (var element in elements)
        {
            if (element.Equals(wanted)) return CelInt.Of(at);
            at++;
        }
        return CelInt.Of(-1);
    }

    private static CelInt LastIndex(CelValue[] arguments)
    {
        var list = (CelList)arguments[0];
        for (var i = list.Count - 1; i >= 0; i--)
        {
            if (list[i].Equals(arguments[1])) return CelInt.Of(i);
        }
        return CelInt.Of(-1);
    }
}
