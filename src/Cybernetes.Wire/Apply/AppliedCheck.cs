using System.Text;
using System.Text.Json;

namespace Cybernetes.Wire;

/// <summary>Checks an applied configuration against its schema: unknown fields, wrong types, list elements that stand twice.</summary>
internal static class AppliedCheck
{
    // A document of strangers may be wrong in a million places.
    private const int MaximumProblems = 100;

    /// <summary>What is wrong, in upstream's words; null when all is well.</summary>
    public static string? Problem(TapeValue document, ApplySchema schema)
    {
        List<string> problems = [];
        Walk(schema, document, [], problems);
        return problems.Count switch
        {
            0 => null,
            1 => problems[0],
            _ => "errors:\n" + string.Join('\n', problems.Select(problem => "  " + problem)),
        };
    }

    private static void Walk(ApplySchema schema, TapeValue value, List<Step> path, List<string> problems)
    {
        if (value.Kind == JsonValueKind.Null || problems.Count >= MaximumProblems) return;
        switch (ApplyValues.ShapeOf(schema, value))
        {
            case ApplyShape.Scalar:
                if (ScalarProblem(schema.Rule, value) is { } problem) Add(problems, path, problem);
                break;
            case ApplyShape.Map when value.Kind != JsonValueKind.Object:
                Add(problems, path, $"expected map, got {GoValue(value)}");
                break;
            case ApplyShape.Map:
                Map(schema, value, path, problems);
                break;
            case ApplyShape.List when value.Kind != JsonValueKind.Array:
                Add(problems, path, $"expected list, got {GoValue(value)}");
                break;
            default:
                List(schema, value, path, problems);
                break;
        }
    }

    private static void Map(ApplySchema schema, TapeValue value, List<Step> path, List<string> problems)
    {
        int place = 0;
        foreach (TapeValue property in value)
        {
            ApplyField? field = ApplyValues.FieldOf(schema, property, ref place);
            path.Add(new Step(field?.Element, property, 0));
            bool isKnown = field is not null || schema.Element is not null || schema.Shape == ApplyShape.Deduced;
            if (isKnown) Walk(field?.Schema ?? schema.Element ?? ApplySchema.Deduced, property, path, problems);
            else Add(problems, path, "field not declared in schema");
            path.RemoveAt(path.Count - 1);
            if (!isKnown) return;
        }
    }

    private static void List(ApplySchema schema, TapeValue value, List<Step> path, List<string> problems)
    {
        ApplySchema item = schema.Element ?? ApplySchema.Deduced;
        bool isWhole = ApplyValues.IsLeaf(schema, ApplyShape.List);
        HashSet<PathElement>? seen = isWhole || value.Count < 2 ? null : [];
        int index = 0;
        foreach (TapeValue child in value)
        {
            PathElement? element = null;
            if (!isWhole && (element = RecentElements.Of(schema, child)) is null)
            {
                ApplyValues.ElementOf(schema, child, out string problem);
                Add(problems, path, $"element {index}: {problem}");
                return;
            }
            if (element is not null && seen?.Add(element) == false) Add(problems, path, $"duplicate entries for key {element}");
            path.Add(new Step(element, default, index));
            Walk(item, child, path, problems);
            path.RemoveAt(path.Count - 1);
            index++;
        }
    }

    private static string? ScalarProblem(ScalarRule rule, TapeValue value)
    {
        bool isScalar = value.Kind is not (JsonValueKind.Object or JsonValueKind.Array);
        return rule switch
        {
            ScalarRule.Number when value.Kind != JsonValueKind.Number => $"expected numeric (int or float), got {GoType(value)}",
            ScalarRule.Text when value.Kind != JsonValueKind.String => $"expected string, got &value.valueUnstructured{{Value:{GoSyntax(value)}}}",
            ScalarRule.Boolean when value.Kind is not (JsonValueKind.True or JsonValueKind.False) => $"expected boolean, got {GoValue(value)}",
            ScalarRule.Any when !isScalar => $"expected any scalar, got {GoValue(value)}",
            _ => null,
        };
    }

    private static void Add(List<string> problems, List<Step> path, string problem) =>
        problems.Add(path.Count == 0 ? problem : $"{FieldSet.PathText(path.Select(step => step.Resolve()))}: {problem}");

    private static string GoType(TapeValue value) => value.Kind switch
    {
        JsonValueKind.String => "string",
        JsonValueKind.True or JsonValueKind.False => "bool",
        JsonValueKind.Object => "map[string]interface {}",
        JsonValueKind.Array => "[]interface {}",
        _ => "float64",
    };

    private static string GoValue(TapeValue value) => "&{" + JsonTree.Parse(value.Raw).ToGo() + "}";

    private static string GoSyntax(TapeValue value) => value.Kind switch
    {
        JsonValueKind.Object => "map[string]interface {}{" + string.Join(
            ", ", value.ToList().OrderBy(p => p.Name, StringComparer.Ordinal).Select(p => $"{JsonScalar.Of(p.Name)}:{GoSyntax(p)}")) + "}",
        JsonValueKind.Array => "[]interface {}{" + string.Join(", ", value.ToList().Select(GoSyntax)) + "}",
        _ => Encoding.UTF8.GetString(value.Raw),
    };

    /// <summary>A step of the way, made into a <see cref="PathElement"/> only where there is a problem to tell.</summary>
    private readonly record struct Step(PathElement? Element, TapeValue Property, int Index)
    {
        public PathElement Resolve() => Element ?? (Property.IsAbsent ? PathElement.Index(Index) : RecentElements.Field(Property));
    }
}
