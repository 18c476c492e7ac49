using System.Xml.Linq;

namespace Cybernetes.House.Tests;

/// <summary>The walls of the house: who may lean on whom (ARCHITECTURE.md, "The rooms").</summary>
public sealed class ProjectGraphTests
{
    /// <summary>Every edge that may stand in a csproj under src/. What follows from it (Wire sees Objects) need not be said again.</summary>
    private static readonly Dictionary<string, string[]> s_allowed = new(StringComparer.Ordinal)
    {
        ["Foundation"] = [],
        ["Objects.Generator"] = [],
        ["Objects"] = ["Foundation", "Objects.Generator"],
        ["Wire"] = ["Foundation", "Objects"],
        ["Expressions"] = ["Objects"],
        ["Store"] = ["Foundation"],
        ["ApiServer"] = ["Foundation", "Objects", "Wire", "Expressions", "Store"],
        ["Client"] = ["Foundation", "Objects", "Wire"],
        ["Controllers"] = ["Client"],
        ["Scheduler"] = ["Client", "Expressions"],
        ["Node"] = ["Client"],
        ["Network"] = ["Client"],
        ["Cluster"] = ["Client", "ApiServer"],
        ["Testing"] = ["Cluster", "ApiServer", "Client", "Controllers", "Scheduler", "Node"],
        ["Simulator"] = ["Testing"],
        ["Cli"] = ["Cluster", "ApiServer", "Client", "Controllers", "Scheduler", "Node", "Network"],
    };

    [Fact]
    public void Rooms_References_OnlyAllowedEdges()
    {
        var wrong = new List<string>();
        foreach (var project in SourceTree.Files.Where(f => f.StartsWith("src/", StringComparison.Ordinal) && f.EndsWith(".csproj", StringComparison.Ordinal)))
        {
            var room = Room(project);
            if (!s_allowed.TryGetValue(room, out var allowed))
            {
                wrong.Add($"{room}: a room that ARCHITECTURE.md and this test do not know");
                continue;
            }
            var references = XDocument.Parse(SourceTree.Read(project)).Descendants("ProjectReference").Select(r => Room((string)r.Attribute("Include")!));
            wrong.AddRange(references.Except(allowed).Select(r => $"{room} may not lean on {r}"));
        }
        SourceTree.AssertNone(wrong);
    }

    [Fact]
    public void Rooms_Folders_HaveReadmeUnderFortyLines()
    {
        var wrong = s_allowed.Keys.Where(r => r != "Objects.Generator")
            .Select(room => $"src/Cybernetes.{room}/README.md")
            .Where(readme => !SourceTree.Files.Contains(readme) || SourceTree.Lines(readme).Length > 40);
        SourceTree.AssertNone(wrong);
    }

    [Fact]
    public void Rooms_Names_NoDrawers()
    {
        string[] drawers = ["Common", "Utils", "Util", "Helpers", "Shared", "Misc"];
        var wrong = SourceTree.Files.Where(f => f.EndsWith(".cs", StringComparison.Ordinal) && f.Split('/', '.').Any(drawers.Contains));
        SourceTree.AssertNone(wrong);
    }

    private static string Room(string path) => Path.GetFileNameWithoutExtension(path.Replace('\\', '/'))["Cybernetes.".Length..];
}
