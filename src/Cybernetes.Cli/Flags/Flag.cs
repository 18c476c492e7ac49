namespace Cybernetes.Cli.Flags;

/// <summary>The command line is wrong; the message says how, in the words of upstream's tools.</summary>
internal sealed class FlagException(string message) : Exception(message);

/// <summary>A flag whatever its type.</summary>
internal interface IFlag
{
    string Name { get; }

    /// <summary>One letter, or null.</summary>
    char? Shorthand { get; }

    /// <summary>What kind of value it takes, as help shows it; empty for switches.</summary>
    string ValueName { get; }

    string Help { get; }

    /// <summary>The default as help shows it; empty hides it.</summary>
    string DefaultText { get; }

    /// <summary>Whether it may stand without a value.</summary>
    bool IsSwitch { get; }

    /// <summary>Whether the command line gave it.</summary>
    bool IsSet { get; }

    /// <exception cref="FormatException">The text is no value of this flag; the message says why.</exception>
    void Parse(string text);
}

/// <summary>A flag with its value: the default until the command line says else.</summary>
internal sealed class Flag<T>(
    string name, char? shorthand, string valueName, string help, T initial, Func<string, T> parse, string defaultText)
    : IFlag
{
    public string Name => name;
    public char? Shorthand => shorthand;
    public string ValueName => valueName;
    public string Help => help;
    public string DefaultText => defaultText;
    public bool IsSwitch => typeof(T) == typeof(bool);
    public bool IsSet { get; private set; }

    public T Value { get; private set; } = initial;

    public void Parse(string text)
    {
        Value = parse(text);
        IsSet = true;
    }
}
