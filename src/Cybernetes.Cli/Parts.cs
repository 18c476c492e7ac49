using Cybernetes.Cli.Commands;

namespace Cybernetes.Cli;

/// <summary>The visible list of what is in this program.</summary>
internal static class Parts
{
    /// <summary>The words after <c>cyb</c>, in the order of help.</summary>
    public static IReadOnlyList<Command> Commands()
    {
        Command[] commands = [];
        commands =
        [
            new CompletionCommand(() => commands),
            new VersionCommand(),
        ];
        return commands;
    }
}
