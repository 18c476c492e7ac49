namespace Cybernetes.Objects.Schema;

/// <summary>
/// Reads a facts file (format: <c>Facts/README.md</c>). The one reader serves the source generator at build time and
/// <see cref="SchemaFacts"/> at run time.
/// </summary>
internal static class FactsReader
{
    /// <exception cref="FormatException">A line is not of the format; the message names it.</exception>
    public static GroupFacts Read(string text)
    {
        GroupFacts? group = null;
        EnumFacts? currentEnum = null;
        TypeFacts? currentType = null;
        foreach (var line in text.Split('\n'))
        {
            if (line.Length == 0 || line[0] == '#')
                continue;
            if (line[0] != ' ')
            {
                currentEnum = null;
                currentType = null;
            }
            var words = line.Trim().Split(' ');
            if (currentEnum is not null)
                currentEnum.Values.Add(new KeyValuePair<string, string>(words[0], Unquote(line)));
            else if (currentType is not null)
                currentType.Declared.Add(ReadField(words, line, group!.Short));
            else if (words[0] == "group")
                group = ReadGroup(words);
            else
                ReadHeading(words, line, group ?? throw new FormatException("facts file without a group line"), ref currentEnum, ref currentType);
        }
        return group ?? throw new FormatException("empty facts file");
    }

    private static GroupFacts ReadGroup(string[] words) =>
        new(words[1] == "\"\"" ? "" : words[1], words[3], words[5], words[7], words.Length > 8 && words[8] == "classes");

    private static void ReadHeading(string[] words, string line, GroupFacts group, ref EnumFacts? currentEnum, ref TypeFacts? currentType)
    {
        switch (words[0])
        {
            case "const":
                group.Constants.Add(new KeyValuePair<string, string>(words[1], Unquote(line)));
                break;
            case "enum":
                group.Enums.Add(currentEnum = new EnumFacts(words[1], words.Length > 2));
                break;
            case "type":
                group.Types.Add(currentType = new TypeFacts(group, words[1]) { IsAtomic = words.Length > 2 && words[2] == "atomic" });
                break;
            case "kind":
                group.Kinds.Add(ReadKind(words, group));
                break;
            default:
                throw new FormatException("unknown line in facts: " + line);
        }
    }

    private static KindFacts ReadKind(string[] words, GroupFacts group)
    {
        var hasResource = words.Length > 3 && words[2].IndexOf('=') < 0;
        var kind = new KindFacts(group.Group, group.Version, words[1], hasResource ? words[2] : null, hasResource && words[3] == "namespaced");
        foreach (var word in words)
        {
            var equals = word.IndexOf('=');
            if (equals < 0)
                continue;
            var value = word.Substring(equals + 1);
            switch (word.Substring(0, equals))
            {
                case "introduced": kind.Introduced = value; break;
                case "deprecated": kind.Deprecated = value; break;
                case "removed": kind.Removed = value; break;
                case "replacement": kind.Replacement = value; break;
            }
        }
        return kind;
    }

    private static FieldFacts ReadField(string[] words, string line, string home)
    {
        var field = new FieldFacts(words[0], words[1], TypeReference.Parse(words[2], home), int.Parse(words[3]));
        for (var i = 4; i < words.Length; i++)
        {
            var equals = words[i].IndexOf('=');
            var value = equals < 0 ? "" : words[i].Substring(equals + 1);
            switch (equals < 0 ? words[i] : words[i].Substring(0, equals))
            {
                case "inline": field.Inline = true; break;
                case "omitempty": field.OmitEmpty = true; break;
                case "optional": field.IsOptional = true; break;
                case "required": field.MarkedRequired = true; break;
                case "list": field.ListType = value; break;
                case "keys": field.ListMapKeys = value.Split(','); break;
                case "map": field.MapType = value; break;
                case "struct": field.StructType = value; break;
                case "patch": field.PatchStrategy = value; break;
                case "mergeKey": field.PatchMergeKey = value; break;
                case "gate": field.FeatureGate = value; break;
                case "enum": field.Enum = value; break;
                case "default":
                    // The default is a JSON value and may hold blanks: it takes the rest of the line.
                    field.Default = line.Substring(line.IndexOf(" default=", StringComparison.Ordinal) + " default=".Length);
                    return field;
                default: throw new FormatException("unknown fact in: " + line);
            }
        }
        return field;
    }

    private static string Unquote(string line)
    {
        var start = line.IndexOf('"');
        return line.Substring(start + 1, line.LastIndexOf('"') - start - 1);
    }
}
