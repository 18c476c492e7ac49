using System.Globalization;

namespace Cybernetes.Load.Commands;

/// <summary>The command line cannot be understood.</summary>
internal sealed class ArgumentsException(string message) : Exception(message);

/// <summary>Options of the form <c>--name value</c>, <c>--name=value</c>, or <c>--name</c> alone for what is on or off.</summary>
internal sealed class Arguments
{
    private readonly Dictionary<string, string> _values = new(StringComparer.Ordinal);

    /// <exception cref="ArgumentsException">Something that is no option, or one that is not known.</exception>
    public static Arguments Parse(string[] args, IReadOnlyCollection<string> known)
    {
        var result = new Arguments();
        for (var i = 0; i < args.Length; i++)
        {
            if (!args[i].StartsWith("--", StringComparison.Ordinal))
                throw new ArgumentsException($"unexpected '{args[i]}': options begin with --");
            var parts = args[i][2..].Split('=', 2);
            if (!known.Contains(parts[0]))
                throw new ArgumentsException($"unknown option --{parts[0]}; there are: {string.Join(' ', known.Select(k => "--" + k))}");
            var hasNext = i + 1 < args.Length && !args[i + 1].StartsWith("--", StringComparison.Ordinal);
            result._values[parts[0]] = parts.Length == 2 ? parts[1] : hasNext ? args[++i] : "true";
        }
        return result;
    }

    public bool Has(string name) => _values.ContainsKey(name);

    public string Text(string name, string other) => _values.GetValueOrDefault(name, other);

    public bool Flag(string name) => Text(name, "false") switch
    {
        "true" => true,
        "false" => false,
        var text => throw new ArgumentsException($"--{name} {text}: true or false is needed"),
    };

    public int Number(string name, int other, int least = 0)
    {
        if (!_values.TryGetValue(name, out var text))
            return other;
        return int.TryParse(text, NumberStyles.Integer, CultureInfo.InvariantCulture, out var value) && value >= least
            ? value : throw new ArgumentsException($"--{name} {text}: a number of at least {least} is needed");
    }

    public double Decimal(string name, double other)
    {
        if (!_values.TryGetValue(name, out var text))
            return other;
        return double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var value) && value >= 0
            ? value : throw new ArgumentsException($"--{name} {text}: a number is needed");
    }

    public IReadOnlyList<int> Numbers(string name) => [.. Text(name, "").Split(',', ' ').Where(t => t.Length > 0).Select(
        t => int.TryParse(t, NumberStyles.None, CultureInfo.InvariantCulture, out var value)
            ? value : throw new ArgumentsException($"--{name} {t}: numbers are needed, with commas between them"))];
}
