using Cybernetes.Cli.Flags;

namespace Cybernetes.Cli.Commands;

/// <summary>One word after <c>cyb</c>: its flags are its fields, made in the constructor.</summary>
internal abstract class Command
{
    public abstract string Name { get; }

    /// <summary>One line for the list of commands.</summary>
    public abstract string Summary { get; }

    /// <summary>What it does, for its own help; may have several lines.</summary>
    public virtual string Description => Summary;

    /// <summary>Command lines that work as they are, each with a comment line before it.</summary>
    public abstract string Examples { get; }

    /// <summary>What stands after the name besides flags, as usage shows it.</summary>
    public virtual string Arguments => "";

    public FlagSet Flags { get; } = new();

    /// <returns>The exit code.</returns>
    public abstract Task<int> RunAsync(IReadOnlyList<string> arguments, CommandConsole console);

    /// <exception cref="FlagException">There are arguments, and this command takes none.</exception>
    protected void TakesNoArguments(IReadOnlyList<string> arguments)
    {
        if (arguments.Count > 0)
            throw new FlagException($"unknown argument \"{arguments[0]}\" for \"cyb {Name}\"");
    }
}

/// <summary>Where a command prints: results to <paramref name="Out"/>, everything else to <paramref name="Error"/>.</summary>
internal sealed record CommandConsole(TextWriter Out, TextWriter Error);

/// <summary>What <c>cyb</c> ends with.</summary>
internal static class ExitCodes
{
    public const int Success = 0;

    /// <summary>It could not do what it was told.</summary>
    public const int Failure = 1;

    /// <summary>It did not understand what it was told.</summary>
    public const int Usage = 2;
}
