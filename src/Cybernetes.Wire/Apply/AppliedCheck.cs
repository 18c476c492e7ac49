using System.Text.Json;

namespace Cybernetes.Wire;

/// <summary>Checks an applied configuration against its schema: unknown fields, wrong types, list elements that stand twice.</summary>
internal static class AppliedCheck
{
    // A document of strangers may be wrong in a million places.
    private const int MaximumProblems = 100;

    /// <summary>What is wrong, in upstream's words; null when all is well.</summary>
    public static string? Problem(JsonElement document, ApplySchema schema)
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

    private static void Walk(ApplySchema schema, JsonElement value, List<PathElement> path, List<string> problems)
    {
        if (value.ValueKind == JsonValueKind.Null || problems.Count >= MaximumProblems) return;
        switch (ApplyValues.ShapeOf(schema, value))
        {
            case ApplyShape.Scalar:
                if (ScalarProblem(schema.Rule, value) is { } problem) Add(problems, path, problem);
                break;
            case ApplyShape.Map when value.ValueKind != JsonValueKind.Object:
                Add(problems, path, $"expected map, got {GoValue(value)}");
                break;
            case ApplyShape.Map:
                Map(schema, value, path, problems);
                break;
            case ApplyShape.List when value.ValueKind != JsonValueKind.Array:
                Add(problems, path, $"expected list, got {GoValue(value)}");
                break;
            default:
                List(schema, value, path, problems);
                break;
        }
    }

    private static void Map(ApplySchema schema, JsonElement value, List<PathElement> path, List<string> problems)
    {
        int place = 0;
        foreach (JsonProperty property in value.EnumerateObject())
        {
            ApplyField? field = ApplyValues.FieldOf(schema, property, ref place);
            path.Add(field?.Element ?? PathElement.Field(property.Name));
            bool isKnown = field is not null || schema.Element is not null || schema.Shape == ApplyShape.Deduced;
            if (isKnown) Walk(field?.Schema ?? schema.Element ?? ApplySchema.Deduced, property.Value, path, problems);
            else Add(problems, path, "field not declared in schema");
            path.RemoveAt(path.Count - 1);
            if (!isKnown) return;
        }
    }

    private static void List(ApplySchema schema, JsonElement value, List<PathElement> path, List<string> problems)
    {
        ApplySchema item = schema.Element ?? ApplySchema.Deduced;
        bool isWhole = ApplyValues.IsLeaf(schema, ApplyShape.List);
        HashSet<PathElement>? seen = null;
        int index = 0;
        foreach (JsonElement child in value.EnumerateArray())
        {
            string problem = "";
            PathElement? element = isWhole ? PathElement.Index(index) : ApplyValues.ElementOf(schema, child, out problem);
            if (element is null)
            {
                Add(problems, path, $"element {index}: {problem}");
                return;
            }
            if (!isWhole && !(seen ??= []).Add(element)) Add(problems, path, $"duplicate entries for key {element}");
            path.Add(element);
            Walk(item, child, path, problems);
            path.RemoveAt(path.Count - 1);
            index++;
        }
    }

    private static string? ScalarProblem(ScalarRule rule, JsonElement value)
    {
        bool isScalar = value.ValueKind is not (JsonValueKind.Object or JsonValueKind.Array);
        return rule switch
        {
            ScalarRule.Number when value.ValueKind != JsonValueKind.Number => $"expected numeric (int or float), got {GoType(value)}",
            ScalarRule.Text when value.ValueKind != JsonValueKind.String => $"expected string, got &value.valueUnstructured{{Value:{GoSyntax(value)}}}",
            ScalarRule.Boolean when value.ValueKind is not (JsonValueKind.True or JsonValueKind.False) => $"expected boolean, got {GoValue(value)}",
            ScalarRule.Any when !isScalar => $"expected any scalar, got {GoValue(value)}",
            _ => null,
        };
    }

    private static void Add(List<string> problems, List<PathElement> path, string problem) =>
        problems.Add(path.Count == 0 ? problem : $"{FieldSet.PathText(path)}: {problem}");

    private static string GoType(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.String => "string",
        JsonValueKind.True or JsonValueKind.False => "bool",
        JsonValueKind.Object => "map[string]interface {}",
        JsonValueKind.Array => "[]interface {}",
        _ => "float64",
    };

    private static string GoValue(JsonElement value) => "&{" + JsonTree.Parse(value.GetRawText()).ToGo() + "}";

    private static string GoSyntax(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Object => "map[string]interface {}{" + string.Join(
            ", ", value.EnumerateObject().OrderBy(p => p.Name, StringComparer.Ordinal).Select(p => $"{JsonScalar.Of(p.Name)}:{GoSyntax(p.Value)}")) + "}",
        JsonValueKind.Array => "[]interface {}{" + string.Join(", ", value.EnumerateArray().Select(GoSyntax)) + "}",
        _ => value.GetRawText(),
    };
}
