using System.Text;

namespace Cybernetes.Node.Pods;

/// <summary>$(NAME) in commands, arguments and environment values. $$ is a dollar sign; a name nobody knows stays as it is.
/// Pure.</summary>
internal static class VariableExpansion
{
    public static string Expand(string text, Func<string, string?> valueOf)
    {
        if (!text.Contains('$', StringComparison.Ordinal))
            return text;
        var result = new StringBuilder(text.Length);
        for (var at = 0; at < text.Length; at++)
        {
            if (text[at] != '$' || at + 1 == text.Length)
            {
                result.Append(text[at]);
                continue;
            }

            at++;
            if (text[at] == '$')
            {
                result.Append('$');
                continue;
            }

            var end = text[at] == '(' ? text.IndexOf(')', at) : -1;
            if (end < 0)
            {
                result.Append('$').Append(text[at]);
                continue;
            }

            var name = text[(at + 1)..end];
            result.Append(valueOf(name) ?? $"$({name})");
            at = end;
        }

        return result.ToString();
    }
}
