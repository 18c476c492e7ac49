using Cybernetes.Objects.Schema;

namespace Cybernetes.Objects.Generator;

/// <summary>Emits the listed values of string types (<c>PodPhase.Running</c>) and the named strings of a group (<c>Constants.LabelHostname</c>).</summary>
internal static class ConstantsEmitter
{
    public static void Emit(CodeText text, GroupFacts group)
    {
        if (group.Constants.Count > 0)
        {
            text.Open("public static class Constants");
            foreach (var constant in group.Constants)
                Constant(text, constant.Key, constant.Value);
            text.Close();
        }
        foreach (var listed in group.Enums)
        {
            if (group.Types.Any(t => t.Name == listed.Name))
                continue;
            text.Open("public static class " + listed.Name);
            foreach (var value in listed.Values)
                Constant(text, Shorten(value.Key, listed), value.Value);
            text.Close();
        }
    }

    private static void Constant(CodeText text, string name, string value) =>
        text.Line("public const string " + name + " = \"" + value + "\";");

    /// <summary>Go prefixes or suffixes constants by their type (PodRunning of PodPhase): the class says that already.</summary>
    private static string Shorten(string name, EnumFacts listed)
    {
        foreach (var prefix in Prefixes(listed.Name))
        {
            if (name.Length > prefix.Length && name.StartsWith(prefix, StringComparison.Ordinal) && char.IsUpper(name[prefix.Length])
                && Usable(name.Substring(prefix.Length), listed, v => v.StartsWith(prefix, StringComparison.Ordinal) ? v.Substring(prefix.Length) : v))
                return name.Substring(prefix.Length);
        }
        return name == listed.Name ? name + "Value" : name;
    }

    private static bool Usable(string candidate, EnumFacts listed, Func<string, string> shorten) =>
        candidate != listed.Name && candidate is not ("Equals" or "GetType" or "ToString")
        && listed.Values.Count(v => shorten(v.Key) == candidate) == 1;

    private static IEnumerable<string> Prefixes(string type)
    {
        yield return type;
        foreach (var suffix in new[] { "Type", "Phase", "Policy", "Reason", "Name", "Mode", "State" })
        {
            if (type.EndsWith(suffix, StringComparison.Ordinal) && type.Length > suffix.Length)
                yield return type.Substring(0, type.Length - suffix.Length);
        }
    }
}
