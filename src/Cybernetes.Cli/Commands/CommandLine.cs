using Cybernetes.Cli.Flags;

namespace Cybernetes.Cli.Commands;

/// <summary>Finds the command that the arguments name, and runs it.</summary>
internal static class CommandLine
{
    public static async Task<int> RunAsync(string[] arguments, IReadOnlyList<Command> commands, CommandConsole console)
    {
        if (arguments.Length == 0 || arguments[0] is "-h" or "--help" or "help")
        {
            Command? asked = arguments.Length > 1 ? Find(commands, arguments[1]) : null;
            await console.Out.WriteAsync(asked is null ? Help.OfProgram(commands) : Help.Of(asked)).ConfigureAwait(false);
            return ExitCodes.Success;
        }
        string word = arguments[0] == "--version" ? "version" : arguments[0];
        Command? command = Find(commands, word);
        if (command is null)
        {
            string? nearest = Spelling.Nearest(word, commands.Select(candidate => candidate.Name));
            await console.Error.WriteLineAsync($"error: unknown command \"{word}\" for \"cyb\"").ConfigureAwait(false);
            await console.Error.WriteLineAsync(
                nearest is null ? "Run 'cyb --help' for usage." : $"Did you mean this?\n\tcyb {nearest}").ConfigureAwait(false);
            return ExitCodes.Usage;
        }
        return await RunAsync(command, arguments[1..], console).ConfigureAwait(false);
    }

    private static async Task<int> RunAsync(Command command, string[] arguments, CommandConsole console)
    {
        try
        {
            if (arguments.TakeWhile(argument => argument != "--").Any(argument => argument is "-h" or "--help"))
            {
                await console.Out.WriteAsync(Help.Of(command)).ConfigureAwait(false);
                return ExitCodes.Success;
            }
            return await command.RunAsync(command.Flags.Parse(arguments), console).ConfigureAwait(false);
        }
        catch (FlagException failure)
        {
            await console.Error.WriteLineAsync($"error: {failure.Message}").ConfigureAwait(false);
            await console.Error.WriteLineAsync($"Run 'cyb {command.Name} --help' for usage.").ConfigureAwait(false);
            return ExitCodes.Usage;
        }
    }

    private static Command? Find(IReadOnlyList<Command> commands, string word) =>
        commands.FirstOrDefault(command => command.Name == word);
}
