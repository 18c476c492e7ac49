using System.Collections.Immutable;
using System.Text;
using Cybernetes.Objects.Schema;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Text;

namespace Cybernetes.Objects.Generator;

/// <summary>
/// Makes the typed classes from the facts files (those whose group line says <c>classes</c>): properties, reading and writing of JSON
/// and protobuf, deep clone, semantic equality, and the list of kinds. No generated code is checked in.
/// </summary>
[Generator(LanguageNames.CSharp)]
public sealed class FactsGenerator : IIncrementalGenerator
{
    public void Initialize(IncrementalGeneratorInitializationContext context)
    {
        var files = context.AdditionalTextsProvider
            .Where(file => file.Path.EndsWith(".facts", StringComparison.Ordinal))
            .Select((file, cancel) => file.GetText(cancel)!.ToString())
            .Collect();
        context.RegisterSourceOutput(files, Generate);
    }

    private static void Generate(SourceProductionContext context, ImmutableArray<string> files)
    {
        var groups = files.Select(FactsReader.Read).GroupBy(g => g.Short, StringComparer.Ordinal).OrderBy(g => g.Key, StringComparer.Ordinal)
            .Select(Merge).ToList();
        var types = groups.SelectMany(g => g.Types).ToDictionary(t => t.FullName, StringComparer.Ordinal);
        foreach (var group in groups.Where(g => g.HasClasses))
        {
            var text = new CodeText();
            text.Line("// Made from the facts of " + group.Short + ".");
            text.Line("#nullable enable");
            text.Line("#pragma warning disable CS1591, CS0108, CS8618, CS1522");
            text.Line("using System.Text.Json;");
            text.Line("using Cybernetes.Objects.Schema;");
            text.Line("namespace " + Naming.Namespace(group.Short) + ";");
            ConstantsEmitter.Emit(text, group);
            foreach (var type in group.Types)
                new TypeEmitter(text, type, type.Flatten(name => types[name]), name => types[name]).Emit();
            context.AddSource(group.Short.Replace('/', '.') + ".g.cs", SourceText.From(text.ToString(), Encoding.UTF8));
        }
    }

    private static GroupFacts Merge(IEnumerable<GroupFacts> files)
    {
        var first = files.First();
        foreach (var file in files.Skip(1))
            first.Add(file);
        return first;
    }
}

/// <summary>Lines with indentation.</summary>
internal sealed class CodeText
{
    private readonly StringBuilder _text = new();
    private int _indent;

    public void Line(string line) => _text.Append(' ', _indent * 4).Append(line).Append('\n');

    public void Open(string line)
    {
        Line(line);
        Line("{");
        _indent++;
    }

    public void Close(string end = "}")
    {
        _indent--;
        Line(end);
    }

    public override string ToString() => _text.ToString();
}
