namespace Cybernetes.Expressions.Libraries;

/// <summary>sets.contains, sets.equivalent, sets.intersects.</summary>
internal static class SetLibrary
{
    public static void AddTo(FunctionTable table)
    {
        var list = CelType.List(CelType.Parameter("T"));
        table.Global("sets.contains", [list, list], CelType.Bool, a => CelBool.Of(Contains(a[0], a[1])), Product);
        table.Global("sets.equivalent", [list, list], CelType.Bool, a => CelBool.Of(Contains(a[0], a[1]) && Contains(a[1], a[0])), Product);
        table.Global("sets.intersects", [list, list], CelType.Bool, a => CelBool.Of(Set(a[0]).Overlaps(((CelList)a[1]).Elements())), Product);
    }

    private static long Product(CelValue[] arguments, CelValue result) => 1 + arguments[0].Size * arguments[1].Size;

    private static HashSet<CelValue> Set(CelValue list) => [.. ((CelList)list).Elements()];

    private static bool Contains(CelValue one, CelValue other) => Set(one).IsSupersetOf(((CelList)other).Elements());
}
