using System.Text;
using Cybernetes.Cli.Flags;

namespace Cybernetes.Cli.Commands;

/// <summary><c>cyb completion SHELL</c>: a script that knows all commands and flags; it runs nothing when it completes.</summary>
internal sealed class CompletionCommand(Func<IReadOnlyList<Command>> commands) : Command
{
    public override string Name => "completion";

    public override string Summary => "Print the script by which a shell completes cyb's commands and flags";

    public override string Arguments => "bash|zsh|fish";

    public override string Examples => """
        # This shell
        source <(cyb completion bash)
        # Every fish shell
        cyb completion fish > ~/.config/fish/completions/cyb.fish
        """;

    public override async Task<int> RunAsync(IReadOnlyList<string> arguments, CommandConsole console)
    {
        string shell = arguments.Count == 1 ? arguments[0] : throw new FlagException("name one shell: bash, zsh or fish");
        string script = shell switch
        {
            "bash" => Bash(commands()),
            "zsh" => "#compdef cyb\nautoload -U +X bashcompinit && bashcompinit\n" + Bash(commands()),
            "fish" => Fish(commands()),
            _ => throw new FlagException($"unsupported shell \"{shell}\": use bash, zsh or fish"),
        };
        await console.Out.WriteAsync(script).ConfigureAwait(false);
        return ExitCodes.Success;
    }

    private static string Bash(IReadOnlyList<Command> commands)
    {
        var text = new StringBuilder("_cyb() {\n  local word=${COMP_WORDS[COMP_CWORD]} words\n  COMPREPLY=()\n");
        text.Append(
            "  if [ \"$COMP_CWORD\" -eq 1 ]; then\n    words='").AppendJoin(' ', commands.Select(command => command.Name));
        text.Append("'\n  else\n    case ${COMP_WORDS[1]} in\n");
        foreach (Command command in commands)
        {
            IEnumerable<string> words = command is CompletionCommand ? ["bash", "zsh", "fish"] : FlagsOf(command);
            text.Append("      ").Append(command.Name).Append(") words='").AppendJoin(' ', words).Append("' ;;\n");
        }
        text.Append("      *) return 0 ;;\n    esac\n");
        text.Append("    case $word in\n      -*) ;;\n      *) [ \"${COMP_WORDS[1]}\" = completion ] || ");
        text.Append("{ compopt -o default 2>/dev/null; return 0; } ;;\n    esac\n");
        text.Append("  fi\n  COMPREPLY=($(compgen -W \"$words\" -- \"$word\"))\n}\n");
        return text.Append("complete -F _cyb cyb\n").ToString();
    }

    private static string Fish(IReadOnlyList<Command> commands)
    {
        var text = new StringBuilder();
        foreach (Command command in commands)
        {
            text.Append("complete -c cyb -n __fish_use_subcommand -f -a ").Append(command.Name);
            text.Append(" -d '").Append(command.Summary.Replace("'", "\\'", StringComparison.Ordinal)).Append("'\n");
            foreach (IFlag flag in command.Flags.All)
            {
                text.Append(
                    "complete -c cyb -n '__fish_seen_subcommand_from ").Append(command.Name).Append("' -l ").Append(flag.Name);
                text.Append(flag.IsSwitch ? "\n" : " -r\n");
            }
        }
        return text.Append("complete -c cyb -n '__fish_seen_subcommand_from completion' -f -a 'bash zsh fish'\n").ToString();
    }

    private static IEnumerable<string> FlagsOf(Command command) =>
        command.Flags.All.Select(flag => "--" + flag.Name).Append("--help");
}
