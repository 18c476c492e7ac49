namespace Cybernetes.Expressions.Libraries;

/// <summary>Semantic versions: parsing, parts, comparison.</summary>
internal static class SemverLibrary
{
    public static void AddTo(FunctionTable table)
    {
        var type = CelSemver.CelTypeOf;
        table.Global("semver", [CelType.String], type, a => CelSemver.Parse(Text(a[0])), Costs.First);
        table.Global("semver", [CelType.String, CelType.Bool], type, a => Normalized(a), Costs.First);
        table.Global("isSemver", [CelType.String], CelType.Bool, a => CelBool.Of(!CelSemver.Parse(Text(a[0])).IsError), Costs.First);
        table.Global("isSemver", [CelType.String, CelType.Bool], CelType.Bool, a => CelBool.Of(!Normalized(a).IsError), Costs.First);
        table.Member("major", [type], CelType.Int, a => Number(Of(a[0]).Major));
        table.Member("minor", [type], CelType.Int, a => Number(Of(a[0]).Minor));
        table.Member("patch", [type], CelType.Int, a => Number(Of(a[0]).Patch));
        table.Member("compareTo", [type, type], CelType.Int, a => CelInt.Of(Of(a[0]).CompareTo(Of(a[1]))));
        table.Member("isGreaterThan", [type, type], CelType.Bool, a => CelBool.Of(Of(a[0]).CompareTo(Of(a[1])) > 0));
        table.Member("isLessThan", [type, type], CelType.Bool, a => CelBool.Of(Of(a[0]).CompareTo(Of(a[1])) < 0));
    }

    private static CelSemver Of(CelValue value) => (CelSemver)value;

    private static string Text(CelValue value) => ((CelString)value).Value;

    private static CelInt Number(ulong value) => CelInt.Of(unchecked((long)value));

    private static CelValue Normalized(CelValue[] arguments)
    {
        var text = Text(arguments[0]);
        if (!((CelBool)arguments[1]).Value) return CelSemver.Parse(text);
        var parts = (text.StartsWith('v') ? text[1..] : text).Split('.', 3);
        for (var i = 0; i < parts.Length; i++)
        {
            if (parts[i].Length <= 1) continue;
            var trimmed = parts[i].TrimStart('0');
            parts[i] = trimmed.Length == 0 || !char.IsAsciiDigit(trimmed[0]) ? "0" + trimmed : trimmed;
        }
        if (parts.Length < 3)
        {
            if (parts[^1].AsSpan().ContainsAny('+', '-')) return new CelError("short version cannot contain PreRelease/Build meta data");
            parts = [.. parts, .. Enumerable.Repeat("0", 3 - parts.Length)];
        }
        return CelSemver.Parse(string.Join('.', parts));
    }
}
