using System.Globalization;
using System.Net;
using Cybernetes.ApiServer.Registry;

namespace Cybernetes.Cli.Flags;

/// <summary>
/// The flags of one command, and the parser: <c>--name=value</c>, <c>--name value</c>, <c>--switch</c>, <c>-v 4</c>, <c>-v=4</c>,
/// <c>-v4</c>;
/// <c>--</c> ends the flags; underscores in names count as dashes. The same rules, and the same words for errors, as upstream's
/// components.
/// </summary>
internal sealed class FlagSet
{
    private readonly Dictionary<string, IFlag> _byName = new(StringComparer.Ordinal);
    private readonly Dictionary<char, IFlag> _byShorthand = [];

    public IEnumerable<IFlag> All => _byName.Values.OrderBy(flag => flag.Name, StringComparer.Ordinal);

    public Flag<string> Text(string name, string initial, string help, string valueName = "string", char? shorthand = null) =>
        Add(new Flag<string>(
            name, shorthand, valueName, help, initial, text => text, initial.Length == 0 ? "" : $"\"{initial}\""));

    public Flag<bool> Switch(string name, bool initial, string help, char? shorthand = null) =>
        Add(new Flag<bool>(name, shorthand, "", help, initial, FlagValues.Boolean, initial ? "true" : ""));

    public Flag<int> Number(string name, int initial, string help, int least, int most, char? shorthand = null) =>
        Add(new Flag<int>(
        name, shorthand, "int", help, initial, text =>
            FlagValues.Number(text, least, most), initial.ToString(CultureInfo.InvariantCulture)));

    public Flag<TimeSpan> Duration(string name, TimeSpan initial, string help) => Add(
        new Flag<TimeSpan>(name, null, "duration", help, initial, FlagValues.Duration, FlagValues.Show(initial)));

    public Flag<IPAddress?> Address(string name, string initial, string help) => Add(new Flag<IPAddress?>(
        name, null, "ip", help, initial.Length == 0 ? null : IPAddress.Parse(initial), FlagValues.Address, initial));

    public Flag<IReadOnlyList<string>> List(
        string name, IReadOnlyList<string> initial, string help, string valueName = "strings") =>
        Add(
        new Flag<IReadOnlyList<string>>(name, null, valueName, help, initial, FlagValues.List, string.Join(',', initial)));

    /// <summary>A list of words out of a fixed set.</summary>
    public Flag<IReadOnlyList<string>> Choices(string name, IReadOnlyList<string> allowed, string help) => Add(
        new Flag<IReadOnlyList<string>>(
            name, null, string.Join(",", allowed), help, [], text => FlagValues.Choices(text, allowed), ""));

    /// <summary><c>--feature-gates</c>; given several times, all hold.</summary>
    public Flag<FeatureGates> FeatureGates()
    {
        string given = "";
        return Add(new Flag<FeatureGates>(
            "feature-gates", null, "Name=true|false,...", "Features to switch on or off; AllAlpha and AllBeta mean those not named",
            ApiServer.Registry.FeatureGates.Default, text => ApiServer.Registry.FeatureGates.TryParse(
                given = given.Length == 0 ? text : given + "," + text, out FeatureGates? gates, out string error)
                    ? gates : throw new FormatException(error), ""));
    }

    /// <summary><c>--runtime-config</c>; given several times, all hold.</summary>
    public Flag<ApiEnablement> RuntimeConfig()
    {
        string given = "";
        return Add(new Flag<ApiEnablement>(
            "runtime-config", null, "key=true|false,...",
            "API versions to serve or not: group/version[/resource], api/all, api/ga, api/beta, api/alpha",
            ApiEnablement.Default, text => ApiEnablement.TryParse(
                given = given.Length == 0 ? text : given + "," + text, out ApiEnablement? enablement, out string error)
                    ? enablement : throw new FormatException(error), ""));
    }

    /// <summary>Reads the arguments; gives those that are no flags.</summary>
    /// <exception cref="FlagException">A flag is unknown, lacks its value or has a wrong one.</exception>
    public IReadOnlyList<string> Parse(IReadOnlyList<string> arguments)
    {
        var rest = new List<string>();
        for (int i = 0; i < arguments.Count; i++)
        {
            string argument = arguments[i];
            if (argument == "--")
            {
                rest.AddRange(arguments.Skip(i + 1));
                break;
            }
            if (argument.Length < 2 || argument[0] != '-')
                rest.Add(argument);
            else if (argument[1] == '-')
                ParseLong(argument, arguments, ref i);
            else
                ParseShort(argument, arguments, ref i);
        }
        return rest;
    }

    private void ParseLong(string argument, IReadOnlyList<string> arguments, ref int i)
    {
        int equals = argument.IndexOf('=', StringComparison.Ordinal);
        string given = equals < 0 ? argument[2..] : argument[2..equals];
        string name = given.Replace('_', '-');
        if (given.Length == 0 || given[0] is '-' or '=')
            throw new FlagException($"bad flag syntax: {argument}");
        if (!_byName.TryGetValue(name, out IFlag? flag))
            throw new FlagException($"unknown flag: --{given}{Suggestion(name)}");
        if (equals >= 0)
            Set(flag, argument[(equals + 1)..]);
        else if (flag.IsSwitch)
            Set(flag, "true");
        else if (i + 1 < arguments.Count)
            Set(flag, arguments[++i]);
        else
            throw new FlagException($"flag needs an argument: --{given}");
    }

    private void ParseShort(string argument, IReadOnlyList<string> arguments, ref int i)
    {
        for (int at = 1; at < argument.Length; at++)
        {
            if (!_byShorthand.TryGetValue(argument[at], out IFlag? flag))
                throw new FlagException($"unknown shorthand flag: '{argument[at]}' in {argument}");
            string rest = argument[(at + 1)..];
            if (rest.StartsWith('='))
            {
                Set(flag, rest[1..]);
                return;
            }
            if (flag.IsSwitch)
            {
                Set(flag, "true");
                continue;
            }
            if (rest.Length > 0)
                Set(flag, rest);
            else if (i + 1 < arguments.Count)
                Set(flag, arguments[++i]);
            else
                throw new FlagException($"flag needs an argument: '{argument[at]}' in {argument}");
            return;
        }
    }

    private static void Set(IFlag flag, string text)
    {
        try
        {
            flag.Parse(text);
        }
        catch (FormatException failure)
        {
            string shown = flag.Shorthand is { } letter ? $"-{letter}, --{flag.Name}" : $"--{flag.Name}";
            throw new FlagException($"invalid argument \"{text}\" for \"{shown}\" flag: {failure.Message}");
        }
    }

    private Flag<T> Add<T>(Flag<T> flag)
    {
        _byName.Add(flag.Name, flag);
        if (flag.Shorthand is { } letter)
            _byShorthand.Add(letter, flag);
        return flag;
    }

    private string Suggestion(string name)
    {
        string? nearest = Spelling.Nearest(name, _byName.Keys);
        return nearest is null ? "" : $" (did you mean --{nearest}?)";
    }
}
