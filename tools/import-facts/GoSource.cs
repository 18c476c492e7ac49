using System.Text.RegularExpressions;

namespace Cybernetes.Tools.ImportFacts;

/// <summary>One declared field of a Go struct: names, type as written, tags and markers. No descriptions are kept.</summary>
internal sealed record GoField(string Name, string Type, string? Json, bool Inline, bool OmitEmpty, int Protobuf, string? PatchStrategy,
    string? PatchMergeKey, IReadOnlyList<string> Markers);

internal sealed class GoStruct(string name, IReadOnlyList<string> markers)
{
    public string Name { get; } = name;
    public IReadOnlyList<string> Markers { get; } = markers;
    public List<GoField> Fields { get; } = [];
}

/// <summary>What one Go package declares, as far as the facts need it.</summary>
internal sealed class GoPackage
{
    public List<GoStruct> Structs { get; } = [];
    public Dictionary<string, string> Named { get; } = new(StringComparer.Ordinal);
    public List<(string Type, string Name, string Value)> TypedConstants { get; } = [];
    public List<(string Name, string Value)> PlainConstants { get; } = [];

    /// <summary>String types marked <c>+enum</c>: their listed values are all there are.</summary>
    public HashSet<string> Closed { get; } = new(StringComparer.Ordinal);
    public Dictionary<string, string> Imports { get; } = new(StringComparer.Ordinal);
}

/// <summary>
/// Reads the declarations of Go API type files line by line. It understands the regular style of the Kubernetes API packages
/// (gofmt output, one field a line), not Go at large.
/// </summary>
internal static partial class GoSource
{
    public static void Read(string path, GoPackage into)
    {
        var lines = File.ReadAllLines(path);
        var markers = new List<string>();
        for (var i = 0; i < lines.Length; i++)
        {
            var line = lines[i].Trim();
            if (line.StartsWith("/*", StringComparison.Ordinal))
            {
                while (!lines[i].Contains("*/")) i++;
                continue;
            }
            if (line.StartsWith("//", StringComparison.Ordinal))
            {
                AddMarker(line, markers);
                continue;
            }
            if (line.Length == 0)
                continue;
            if (line == "import (")
                i = ReadImports(lines, i + 1, into);
            else if (ImportLine().Match(line) is { Success: true } import)
                AddImport(import, into);
            else if (StructStart().Match(line) is { Success: true } start)
                i = ReadStruct(lines, i, new GoStruct(start.Groups[1].Value, [.. markers]), into);
            else if (NamedType().Match(line) is { Success: true } named)
            {
                into.Named[named.Groups[1].Value] = named.Groups[2].Value.Trim();
                if (markers.Contains("enum"))
                    into.Closed.Add(named.Groups[1].Value);
            }
            else if (line is "const (")
                i = ReadConstants(lines, i + 1, into);
            else if (line.StartsWith("const ", StringComparison.Ordinal))
                ReadConstant(line["const ".Length..], into);
            else if (line.EndsWith('{'))
                i = SkipBlock(lines, i);
            markers.Clear();
        }
    }

    private static void AddMarker(string comment, List<string> markers)
    {
        var text = comment.TrimStart('/').Trim();
        if (text.StartsWith('+'))
            markers.Add(text[1..]);
    }

    private static int ReadImports(string[] lines, int i, GoPackage into)
    {
        for (; lines[i].Trim() != ")"; i++)
        {
            if (ImportLine().Match(lines[i].Trim()) is { Success: true } match)
                AddImport(match, into);
        }
        return i;
    }

    private static void AddImport(Match match, GoPackage into)
    {
        var path = match.Groups[2].Value;
        var alias = match.Groups[1].Value.Trim();
        into.Imports[alias.Length > 0 ? alias : path[(path.LastIndexOf('/') + 1)..]] = path;
    }

    private static int ReadStruct(string[] lines, int i, GoStruct into, GoPackage package)
    {
        package.Structs.Add(into);
        if (lines[i].Contains("{}", StringComparison.Ordinal))
            return i;
        var markers = new List<string>();
        for (i++; lines[i] != "}"; i++)
        {
            var line = lines[i].Trim();
            if (line.StartsWith("//", StringComparison.Ordinal))
            {
                AddMarker(line, markers);
                continue;
            }
            if (line.Length == 0)
                continue;
            if (FieldLine().Match(line) is { Success: true } match)
                into.Fields.Add(ParseField(match, [.. markers]));
            else if (line.EndsWith('{'))
                throw new InvalidDataException($"nested struct in {into.Name}: {line}");
            markers.Clear();
        }
        return i;
    }

    private static GoField ParseField(Match match, IReadOnlyList<string> markers)
    {
        var tags = TagPart().Matches(match.Groups[3].Value).ToDictionary(t => t.Groups[1].Value, t => t.Groups[2].Value);
        var json = tags.GetValueOrDefault("json", "").Split(',');
        var inline = json.Contains("inline") || (json[0].Length == 0 && match.Groups[1].Length == 0);
        var protobuf = tags.GetValueOrDefault("protobuf", "").Split(',');
        var number = protobuf.Length > 1 && int.TryParse(protobuf[1], out var n) ? n : 0;
        var type = match.Groups[2].Value;
        var name = match.Groups[1].Value.Trim();
        if (name.Length == 0)
            name = type[(type.LastIndexOf('.') + 1)..].TrimStart('*');
        return new GoField(name, type, json[0].Length > 0 ? json[0] : null, inline, json.Contains("omitempty") || json.Contains("omitzero"), number,
            tags.GetValueOrDefault("patchStrategy"), tags.GetValueOrDefault("patchMergeKey"), markers);
    }

    private static int ReadConstants(string[] lines, int i, GoPackage into)
    {
        for (; lines[i].Trim() != ")"; i++)
            ReadConstant(lines[i].Trim(), into);
        return i;
    }

    private static void ReadConstant(string line, GoPackage into)
    {
        if (ConstantLine().Match(line) is not { Success: true } match)
            return;
        if (match.Groups[2].Length > 0 && match.Groups[2].Value != "string")
            into.TypedConstants.Add((match.Groups[2].Value, match.Groups[1].Value, match.Groups[3].Value));
        else
            into.PlainConstants.Add((match.Groups[1].Value, match.Groups[3].Value));
    }

    private static int SkipBlock(string[] lines, int i)
    {
        while (lines[i] is not ("}" or ")")) i++;
        return i;
    }

    [GeneratedRegex("""^(?:import )?([A-Za-z0-9_]+ )?"([^"]+)"$""")]
    private static partial Regex ImportLine();

    [GeneratedRegex("""^type (\w+) struct ?\{""")]
    private static partial Regex StructStart();

    [GeneratedRegex("""^type (\w+) =? ?([^{(]+)$""")]
    private static partial Regex NamedType();

    [GeneratedRegex("""^((?:[A-Z]\w*\s+)?)([\w.*\[\]]+)\s*(?:`(.*)`)?(?:\s*//.*)?$""")]
    private static partial Regex FieldLine();

    [GeneratedRegex("""(\w+):"([^"]*)""")]
    private static partial Regex TagPart();

    [GeneratedRegex("""^([A-Z]\w*)\s+([A-Za-z]\w*)?\s*= "([^"]*)"(?:\s*//.*)?$""")]
    private static partial Regex ConstantLine();
}
