using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Cybernetes.House.Tests;

/// <summary>A file above 400 lines or a method above 70 wants to be two; a line above 130 columns wants to be shorter.</summary>
public sealed class SizeTests
{
    private const int MaximumFileLines = 400;
    private const int MaximumMethodLines = 70;
    private const int MaximumColumns = 160;

    [Fact]
    public void Files_Length_WithinLimits()
    {
        var allowed = Exceptions();
        var wrong = SourceTree.CSharp("src", "tests", "tools", "samples", "bench")
            .Select(file => (file, lines: SourceTree.Lines(file).Length))
            .Where(f => f.lines > MaximumFileLines && !allowed.Contains(f.file))
            .Select(f => $"{f.file}: {f.lines} lines");
        SourceTree.AssertNone(wrong);
    }

    [Fact]
    public void Methods_Length_WithinLimits()
    {
        var allowed = Exceptions();
        var wrong = new List<string>();
        foreach (var file in SourceTree.CSharp("src", "tests", "tools", "samples", "bench"))
        {
            var root = CSharpSyntaxTree.ParseText(SourceTree.Read(file), CSharpParseOptions.Default.WithLanguageVersion(LanguageVersion.Preview)).GetRoot();
            foreach (var method in root.DescendantNodes().OfType<BaseMethodDeclarationSyntax>())
            {
                var span = method.GetLocation().GetLineSpan();
                var lines = span.EndLinePosition.Line - span.StartLinePosition.Line + 1;
                var name = file + "#" + (method is MethodDeclarationSyntax named ? named.Identifier.Text : ".ctor");
                if (lines > MaximumMethodLines && !allowed.Contains(name))
                    wrong.Add($"{name}: {lines} lines");
            }
        }
        SourceTree.AssertNone(wrong);
    }

    [Fact]
    public void Lines_Length_WithinLimits()
    {
        var wrong = SourceTree.CSharp("src", "tools", "samples", "bench")
            .SelectMany(file => SourceTree.Lines(file).Select((line, i) => (file, number: i + 1, line.Length)))
            .Where(l => l.Length > MaximumColumns)
            .Select(l => $"{l.file}:{l.number}: {l.Length} columns");
        SourceTree.AssertNone(wrong);
    }

    /// <summary>The one reviewed list of exceptions: a path, or path#method, a line each, with its reason behind a <c>#</c> and two blanks.</summary>
    private static HashSet<string> Exceptions() =>
        [.. SourceTree.Lines("tests/Cybernetes.House.Tests/exceptions.txt").Where(l => !l.StartsWith('#')).Select(l => l.Split("  ")[0].Trim())];
}
