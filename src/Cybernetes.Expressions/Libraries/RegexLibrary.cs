using System.Text.RegularExpressions;

namespace Cybernetes.Expressions.Libraries;

/// <summary>matches, find, findAll.</summary>
internal static class RegexLibrary
{
    public static void AddTo(FunctionTable table)
    {
        var text = CelType.String;
        table.Global("matches", [text, text], CelType.Bool, Matches, Costs.Matches);
        table.Member("matches", [text, text], CelType.Bool, Matches, Costs.Matches);
        table.Member("find", [text, text], text, Find, Costs.Matches);
        table.Member("findAll", [text, text], CelType.List(text), a => FindAll(a, -1), Costs.Matches);
        table.Member("findAll", [text, text, CelType.Int], CelType.List(text), a => FindAll(a, ((CelInt)a[2]).Value), Costs.Matches);
    }

    /// <summary>The pattern compiled; null where it is none. Matching takes time linear in the text.</summary>
    public static Regex? Compile(string pattern)
    {
        if (Re2Pattern.Translate(pattern) is not { } translated) return null;
        try
        {
            return new Regex(translated, RegexOptions.NonBacktracking | RegexOptions.CultureInvariant);
        }
        catch (Exception e) when (e is ArgumentException or NotSupportedException)
        {
            // Backreferences and lookarounds are no part of RE2 either.
            return null;
        }
    }

    private static CelValue Matches(CelValue[] a) =>
        Compile(Text(a[1])) is { } regex ? CelBool.Of(regex.IsMatch(Text(a[0]))) : Wrong(a[1]);

    private static CelValue Find(CelValue[] a) =>
        Compile(Text(a[1])) is { } regex ? new CelString(regex.Match(Text(a[0])) is { Success: true } match ? match.Value : "") : Wrong(a[1]);

    private static CelValue FindAll(CelValue[] a, long limit)
    {
        if (Compile(Text(a[1])) is not { } regex) return Wrong(a[1]);
        IEnumerable<Match> matches = regex.Matches(Text(a[0]));
        if (limit >= 0) matches = matches.Take((int)Math.Min(limit, int.MaxValue));
        return CelList.Of([.. matches.Select(m => new CelString(m.Value))]);
    }

    private static string Text(CelValue value) => ((CelString)value).Value;

    private static CelError Wrong(CelValue pattern) => new($"error parsing regexp: `{Text(pattern)}`");
}
