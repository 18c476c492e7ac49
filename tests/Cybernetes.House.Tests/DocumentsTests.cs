using System.Text.RegularExpressions;

namespace Cybernetes.House.Tests;

/// <summary>What the documents name exists, and the journey of a request is told the same in docs and code.</summary>
public sealed partial class DocumentsTests
{
    [Fact]
    public void Documents_NamedPaths_Exist()
    {
        var wrong = new List<string>();
        foreach (var document in SourceTree.Files.Where(f => f.EndsWith(".md", StringComparison.Ordinal)))
        {
            var folder = Path.GetDirectoryName(document)!;
            foreach (Match match in NamedPath().Matches(SourceTree.Read(document)))
            {
                var path = match.Groups[1].Value.TrimEnd('/', '.');
                if (!Exists(path) && !Exists(Path.Combine(folder, path)))
                    wrong.Add($"{document} names {path}");
            }
        }
        SourceTree.AssertNone(wrong);
    }

    [Fact]
    public void Journey_MarkersInCode_EqualTheDocument()
    {
        var told = JourneyStop().Matches(SourceTree.Read("docs/journey.md")).Select(m => (int.Parse(m.Groups[1].Value), m.Groups[2].Value.Trim())).ToList();
        var marked = SourceTree.CSharp("src")
            .SelectMany(f => JourneyMarker().Matches(SourceTree.Read(f)))
            .Select(m => (int.Parse(m.Groups[1].Value), m.Groups[2].Value.Trim()))
            .Distinct().Order().ToList();
        Assert.NotEmpty(told);
        Assert.Equal(told, marked);
        Assert.Equal(Enumerable.Range(1, told.Count), told.Select(t => t.Item1));
    }

    [Fact]
    public void Tests_Names_SubjectConditionResult()
    {
        var wrong = SourceTree.CSharp("tests")
            .SelectMany(file => TestMethod().Matches(SourceTree.Read(file)).Select(m => (file, name: m.Groups[1].Value)))
            .Where(t => t.name.Count(c => c == '_') < 2)
            .Select(t => $"{t.file}: {t.name} is not Subject_Condition_Result");
        SourceTree.AssertNone(wrong);
    }

    [Fact]
    public void Sources_MachinePaths_NotNamed()
    {
        // Split, so that this file does not name what it looks for.
        string[] forbidden = ["/wor" + "k/main", "/wor" + "k/wt", "/wor" + "k/shared"];
        var wrong = SourceTree.Files
            .Where(f => !f.EndsWith(".png", StringComparison.Ordinal) && !f.EndsWith(".tar", StringComparison.Ordinal))
            .Where(f => forbidden.Any(SourceTree.Read(f).Contains));
        SourceTree.AssertNone(wrong);
    }

    [Fact]
    public void TestingGuide_Snippets_StandInTheSample()
    {
        var sample = SourceTree.Files.Where(f => f.StartsWith("samples/operator/", StringComparison.Ordinal)).Select(SourceTree.Read).ToList();
        var snippets = Snippet().Matches(SourceTree.Read("docs/testing-with-cybernetes.md")).Select(m => m.Groups[1].Value).ToList();

        Assert.NotEmpty(snippets);
        SourceTree.AssertNone(snippets.Where(snippet => !sample.Exists(text => text.Contains(snippet, StringComparison.Ordinal))));
    }

    private static bool Exists(string path) =>
        File.Exists(Path.Combine(SourceTree.Root, path)) || Directory.Exists(Path.Combine(SourceTree.Root, path));

    /// <summary>Paths in back quotes that start with a folder of the project.</summary>
    [GeneratedRegex("`((?:src|tests|docs|tools|deploy|samples|bench|\\.ci)/[\\w./-]*)`")]
    private static partial Regex NamedPath();

    [GeneratedRegex("""^```(?:csharp|xml)\n(.*?)^```""", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Snippet();

    [GeneratedRegex("""^(\d+)\. \*\*([^*]+)\*\*""", RegexOptions.Multiline)]
    private static partial Regex JourneyStop();

    [GeneratedRegex("""// Journey (\d+): ([^\n(]+)""")]
    private static partial Regex JourneyMarker();

    [GeneratedRegex("""\[(?:Fact|Theory)[^\]]*\](?:\s*\[[^\n]*\])*\s*public (?:async )?(?:Task|ValueTask|void) (\w+)\(""")]
    private static partial Regex TestMethod();
}
