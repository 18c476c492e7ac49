using Cybernetes.Expressions.Parsing;

namespace Cybernetes.Expressions.Libraries;

/// <summary>Arithmetic, comparison, equality, membership, size.</summary>
internal static class OperatorLibrary
{
    private static readonly CelType s_a = CelType.Parameter("A");
    private static readonly CelType s_b = CelType.Parameter("B");

    private static readonly CelType[] s_ordered =
    [
        CelType.Bool, CelType.Int, CelType.Uint, CelType.Double, CelType.String, CelType.Bytes, CelType.Timestamp, CelType.Duration,
    ];

    public static void AddTo(FunctionTable table)
    {
        table.Global(Operators.Not, [CelType.Bool], CelType.Bool, a => CelBool.Of(!((CelBool)a[0]).Value));
        table.Global(Operators.Negate, [CelType.Int], CelType.Int, a => Arithmetic.Negate(a[0]));
        table.Global(Operators.Negate, [CelType.Double], CelType.Double, a => Arithmetic.Negate(a[0]));
        table.Global(Operators.And, [CelType.Bool, CelType.Bool], CelType.Bool, Planned);
        table.Global(Operators.Or, [CelType.Bool, CelType.Bool], CelType.Bool, Planned);
        table.Global(Operators.Conditional, [CelType.Bool, s_a, s_a], s_a, Planned);
        table.Global(Operators.NotStrictlyFalse, [CelType.Bool], CelType.Bool, Planned);
        table.Global(Operators.Equal, [s_a, s_a], CelType.Bool, a => CelBool.Of(a[0].Equals(a[1])), Costs.Shorter);
        table.Global(Operators.NotEqual, [s_a, s_a], CelType.Bool, a => CelBool.Of(!a[0].Equals(a[1])), Costs.Shorter);
        AddArithmetic(table);
        AddOrder(table, Operators.Less, c => c < 0);
        AddOrder(table, Operators.LessOrEqual, c => c <= 0);
        AddOrder(table, Operators.Greater, c => c > 0);
        AddOrder(table, Operators.GreaterOrEqual, c => c >= 0);
        AddMembers(table);
        foreach (var type in new[] { CelType.String, CelType.Bytes, CelType.List(s_a), CelType.Map(s_a, s_b) })
        {
            table.Global("size", [type], CelType.Int, a => CelInt.Of(a[0].Size));
            table.Member("size", [type], CelType.Int, a => CelInt.Of(a[0].Size));
        }
        table.Global("dyn", [s_a], CelType.Dyn, a => a[0]);
        table.Global("type", [s_a], CelType.Type(s_a), a => new CelTypeValue(a[0].Type));
    }

    private static void AddArithmetic(FunctionTable table)
    {
        foreach (var type in new[] { CelType.Int, CelType.Uint, CelType.Double })
        {
            table.Global(Operators.Add, [type, type], type, a => Arithmetic.Add(a[0], a[1]));
            table.Global(Operators.Subtract, [type, type], type, a => Arithmetic.Subtract(a[0], a[1]));
            table.Global(Operators.Multiply, [type, type], type, a => Arithmetic.Multiply(a[0], a[1]));
            table.Global(Operators.Divide, [type, type], type, a => Arithmetic.Divide(a[0], a[1]));
            if (type.Kind != CelKind.Double) table.Global(Operators.Modulo, [type, type], type, a => Arithmetic.Modulo(a[0], a[1]));
        }
        var (text, bytes) = (CelType.String, CelType.Bytes);
        table.Global(Operators.Add, [text, text], text, a => new CelString(((CelString)a[0]).Value + ((CelString)a[1]).Value), Costs.Both);
        table.Global(
            Operators.Add, [bytes, bytes], bytes,
            a => new CelBytes((byte[])[.. ((CelBytes)a[0]).Value.Span, .. ((CelBytes)a[1]).Value.Span]), Costs.Both);
        var list = CelType.List(s_a);
        table.Global(Operators.Add, [list, list], list, a => CelList.Concat((CelList)a[0], (CelList)a[1]));
    }

    private static void AddOrder(FunctionTable table, string name, Func<int, bool> holds)
    {
        foreach (var type in s_ordered)
        {
            table.Global(
                name, [type, type], CelType.Bool, a => Arithmetic.Order(a[0], a[1], holds),
                type.Kind is CelKind.String or CelKind.Bytes ? Costs.Shorter : null);
        }
        CelType[] numbers = [CelType.Int, CelType.Uint, CelType.Double];
        foreach (var one in numbers)
        {
            foreach (var other in numbers.Where(n => n.Kind != one.Kind))
                table.Global(name, [one, other], CelType.Bool, a => Arithmetic.Order(a[0], a[1], holds));
        }
    }

    private static void AddMembers(FunctionTable table)
    {
        table.Global(
            Operators.In, [s_a, CelType.List(s_a)], CelType.Bool, a => CelBool.Of(((CelList)a[1]).Elements().Any(a[0].Equals)), (a, _) => a[1].Size);
        table.Global(Operators.In, [s_a, CelType.Map(s_a, s_b)], CelType.Bool, a => CelBool.Of(((CelMap)a[1]).Contains(a[0])));
        table.Global(Operators.Index, [CelType.List(s_a), CelType.Int], s_a, Planned);
        table.Global(Operators.Index, [CelType.Map(s_a, s_b), s_a], s_b, Planned);
        table.Global(Operators.Index, [CelType.Optional(CelType.List(s_a)), CelType.Int], CelType.Optional(s_a), Planned);
        table.Global(Operators.Index, [CelType.Optional(CelType.Map(s_a, s_b)), s_a], CelType.Optional(s_b), Planned);
        table.Global(Operators.OptionalIndex, [CelType.List(s_a), CelType.Int], CelType.Optional(s_a), Planned);
        table.Global(Operators.OptionalIndex, [CelType.Map(s_a, s_b), s_a], CelType.Optional(s_b), Planned);
        table.Global(Operators.OptionalIndex, [CelType.Optional(CelType.List(s_a)), CelType.Int], CelType.Optional(s_a), Planned);
        table.Global(Operators.OptionalIndex, [CelType.Optional(CelType.Map(s_a, s_b)), s_a], CelType.Optional(s_b), Planned);
        var map = CelType.Map(s_a, s_b);
        table.Global("cel.@mapInsert", [map, s_a, s_b], map, a => Insert((CelMap)a[0], [(a[1], a[2])]));
        table.Global("cel.@mapInsert", [map, map], map, a => Insert((CelMap)a[0], Entries((CelMap)a[1])));
    }

    private static IEnumerable<(CelValue, CelValue)> Entries(CelMap map)
    {
        foreach (var key in map.Keys)
        {
            if (map.TryGet(key, out var value)) yield return (key, value);
        }
    }

    private static CelValue Insert(CelMap map, IEnumerable<(CelValue Key, CelValue Value)> added)
    {
        var entries = Entries(map).ToDictionary(e => e.Item1, e => e.Item2);
        foreach (var (key, value) in added)
        {
            if (!entries.TryAdd(key, value)) return new CelError("insert failed: key " + CelFormat.Plain(key) + " already exists");
        }
        return CelMap.Of(entries);
    }

    /// <summary>Declared for the checker; the planner has nodes of their own for these.</summary>
    private static CelValue Planned(CelValue[] arguments) => throw new InvalidOperationException("this operator is evaluated by a node of its own");
}
