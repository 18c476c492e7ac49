using System.Text;
using Cybernetes.Cli.Flags;

namespace Cybernetes.Cli.Commands;

/// <summary>The texts of <c>--help</c>.</summary>
internal static class Help
{
    private const int Width = 110;

    public static string OfProgram(IReadOnlyList<Command> commands)
    {
        var text = new StringBuilder(
            "Cybernetes is Kubernetes in one program: every part of a cluster, together or each alone.\n\n");
        text.Append("Usage:\n  cyb COMMAND [flags]\n\nCommands:\n");
        int widest = commands.Max(command => command.Name.Length);
        foreach (Command command in commands)
            text.Append("  ").Append(command.Name.PadRight(widest + 2)).Append(command.Summary).Append('\n');
        text.Append("\nExamples:\n");
        text.Append("  # A whole cluster on this machine; the administrator's kubeconfig is merged into the file\n");
        text.Append("  cyb server --write-kubeconfig ~/.kube/config\n\n");
        return text.Append("Run 'cyb COMMAND --help' for more about a command.\n").ToString();
    }

    public static string Of(Command command)
    {
        var text = new StringBuilder(command.Description).Append("\n\nUsage:\n  cyb ").Append(command.Name);
        if (command.Arguments.Length > 0)
            text.Append(' ').Append(command.Arguments);
        IFlag[] flags = [.. command.Flags.All];
        text.Append(flags.Length > 0 ? " [flags]\n\n" : "\n\n").Append("Examples:\n");
        foreach (string line in command.Examples.TrimEnd().Split('\n'))
            text.Append(line.Length == 0 ? "" : "  ").Append(line).Append('\n');
        text.Append("\nFlags:\n");
        string[] heads = [.. flags.Select(Head), "  -h, --help"];
        int column = heads.Max(head => head.Length) + 3;
        for (int i = 0; i < flags.Length; i++)
            AppendFlag(text, heads[i], flags[i], column);
        return text.Append("  -h, --help".PadRight(column)).Append("Show this text\n").ToString();
    }

    private static string Head(IFlag flag)
    {
        string shorthand = flag.Shorthand is { } letter ? $"  -{letter}, " : "      ";
        return $"{shorthand}--{flag.Name}{(flag.ValueName.Length > 0 ? " " + flag.ValueName : "")}";
    }

    private static void AppendFlag(StringBuilder text, string head, IFlag flag, int column)
    {
        string help = flag.DefaultText.Length > 0 ? $"{flag.Help} (default {flag.DefaultText})" : flag.Help;
        text.Append(head.PadRight(column));
        int start = column;
        int used = start;
        foreach (string word in help.Split(' '))
        {
            if (used > start && used + 1 + word.Length > Width)
            {
                // A word that is longer than the column begins further left.
                start = Math.Min(column, Math.Max(0, Width - word.Length));
                text.Append('\n').Append(' ', start);
                used = start;
            }
            if (used > start)
            {
                text.Append(' ');
                used++;
            }
            text.Append(word);
            used += word.Length;
        }
        text.Append('\n');
    }
}
