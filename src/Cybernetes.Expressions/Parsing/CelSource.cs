using System.Globalization;
using System.Text;

namespace Cybernetes.Expressions.Parsing;

/// <summary>One thing wrong with an expression, and where: an offset into its text.</summary>
internal readonly record struct CelIssue(int Offset, string Message);

/// <summary>An expression's text, and how mistakes in it are shown: line, column, the line itself and a caret below.</summary>
internal sealed class CelSource(string text)
{
    private const int MostIssues = 100;

    public string Text { get; } = text;

    /// <summary>Every issue, in the order of the text, in the form of the reference implementation.</summary>
    public string Describe(IReadOnlyList<CelIssue> issues)
    {
        var lines = issues.OrderBy(i => i.Offset).Take(MostIssues).Select(Describe).ToList();
        if (issues.Count > MostIssues) lines.Add(string.Create(CultureInfo.InvariantCulture, $"{issues.Count - MostIssues} more errors were truncated"));
        return string.Join('\n', lines);
    }

    private string Describe(CelIssue issue)
    {
        var offset = Math.Clamp(issue.Offset, 0, Text.Length);
        var start = offset == 0 ? 0 : Text.LastIndexOf('\n', offset - 1) + 1;
        var end = Text.IndexOf('\n', start);
        var line = Text[start..(end < 0 ? Text.Length : end)].Replace('\t', ' ');
        var number = 1 + Text.AsSpan(0, start).Count('\n');
        var column = 1 + CodePoints.IndexOf(Text[start..offset], offset - start);
        var caret = new StringBuilder();
        var at = 0;
        for (; at < line.Length && at < offset - start; at += CodePoints.Width(line, at)) caret.Append(char.IsAscii(line[at]) ? '.' : '．');
        caret.Append(at < line.Length && !char.IsAscii(line[at]) ? '＾' : '^');
        return string.Create(CultureInfo.InvariantCulture, $"ERROR: <input>:{number}:{column}: {issue.Message}\n | {line}\n | {caret}");
    }
}
