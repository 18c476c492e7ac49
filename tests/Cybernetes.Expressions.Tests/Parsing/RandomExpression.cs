namespace Cybernetes.Expressions.Tests.Parsing;

/// <summary>Expressions by chance: most of them parse, some of them check, and all of them must come out as an answer or an error.</summary>
internal sealed class RandomExpression(Random random)
{
    private static readonly string[] s_leaves =
    [
        "1", "-1", "0", "2u", "1.5", "'a'", "''", "b'x'", "true", "false", "null", "x", "s", "d", "m", "l", "doc", "typed", "doc.spec", "i", "nope",
        "9223372036854775807", "-9223372036854775808", "[]", "{}", "int", "duration('1s')", "timestamp('2020-01-01T00:00:00Z')",
        "quantity('1')", "semver('1.0.0')", "optional.none()", "'🌍'", "0xFF", "1e300",
    ];

    private static readonly string[] s_binary = ["+", "-", "*", "/", "%", "==", "!=", "<", "<=", ">", ">=", "&&", "||", "in"];

    private static readonly string[] s_members =
    [
        "size()", "contains(@)", "startsWith(@)", "matches(@)", "all(i, @)", "exists(i, @)", "exists_one(i, @)", "map(i, @)", "filter(i, @)",
        "map(i, @, @)", "all(i, j, @)", "transformMap(i, j, @)", "substring(@)", "split(@)", "join(@)", "replace(@, @)", "format([@])",
        "indexOf(@)", "lastIndexOf(@)", "sum()", "min()", "isSorted()", "orValue(@)", "optMap(i, @)", "value()", "compareTo(@)", "add(@)",
        "getHours()", "getHours(@)", "charAt(@)", "find(@)", "findAll(@)", "reverse()", "family()", "unknown(@)",
    ];

    private static readonly string[] s_functions =
    [
        "size(@)", "int(@)", "uint(@)", "double(@)", "string(@)", "bytes(@)", "bool(@)", "type(@)", "dyn(@)", "duration(@)", "timestamp(@)",
        "has(doc.@)", "quantity(@)", "isSemver(@)", "ip(@)", "url(@)", "cidr(@)", "sets.contains(@, @)", "optional.of(@)", "matches(@, @)",
        "optional.ofNonZeroValue(@)", "cel.bind(i, @, @)", "strings.quote(@)", "format.named(@)",
    ];

    public string Next(int depth)
    {
        if (depth <= 0) return Of(s_leaves);
        return random.Next(9) switch
        {
            0 => Of(s_leaves),
            1 or 2 => $"{Part(depth)} {Of(s_binary)} {Part(depth)}",
            3 => $"{Part(depth)}.{Filled(Of(s_members), depth)}",
            4 => Filled(Of(s_functions), depth),
            5 => $"{Part(depth)} ? {Part(depth)} : {Next(depth - 1)}",
            6 => random.Next(2) == 0 ? $"[{Next(depth - 1)}, {Next(depth - 1)}]" : $"{{{Next(depth - 1)}: {Next(depth - 1)}}}",
            7 => $"{Part(depth)}{(random.Next(2) == 0 ? "[" : "[?")}{Next(depth - 1)}]",
            _ => (random.Next(2) == 0 ? "!" : "-") + Part(depth),
        };
    }

    /// <summary>The text with something small broken.</summary>
    public string Mangled(string text)
    {
        var at = random.Next(text.Length);
        return random.Next(3) switch
        {
            0 => text[..at],
            1 => text.Remove(at, 1),
            _ => text.Insert(at, Of(["(", ")", "[", "'", "\\", ".", "?", "$", "\u0000", "💥", "..", "//"])),
        };
    }

    private string Part(int depth) => random.Next(2) == 0 ? $"({Next(depth - 1)})" : Of(s_leaves);

    private string Filled(string form, int depth)
    {
        for (var at = form.IndexOf('@'); at >= 0; at = form.IndexOf('@'))
            form = form[..at] + (form.StartsWith("has", StringComparison.Ordinal) ? "kind" : Next(depth - 1).Replace('@', 'a')) + form[(at + 1)..];
        return form;
    }

    private string Of(string[] options) => options[random.Next(options.Length)];
}
