using Cybernetes.Objects.Schema;

namespace Cybernetes.Objects.Tests.Schema;

public sealed class WordsTests
{
    [Fact]
    public void Words_OfEveryFile_NameTypesAndFieldsThatExist()
    {
        var types = SchemaFacts.Groups.SelectMany(g => g.Types).ToDictionary(t => t.FullName, StringComparer.Ordinal);
        var wrong = new List<string>();
        foreach (var (type, field, _) in Lines())
        {
            if (type == "*")
                continue;
            if (!types.TryGetValue(type, out var facts))
                wrong.Add(type);
            else if (field.Length > 0 && SchemaFacts.FieldOf(facts, field) is null)
                wrong.Add($"{type}.{field}");
        }
        Assert.Empty(wrong);
    }

    [Fact]
    public void Words_OfAllFiles_StandOnce() =>
        Assert.Empty(Lines().GroupBy(l => (l.Type, l.Field)).Where(g => g.Count() > 1).Select(g => $"{g.Key.Type}.{g.Key.Field}"));

    [Fact]
    public void Words_OfEveryLine_AreShortSentences() =>
        Assert.All(Lines().Where(l => l.Words.Length > 0), l => Assert.True(l.Words.Length <= 160 && l.Words.EndsWith('.'), $"{l.Type}.{l.Field}: {l.Words}"));

    private static IEnumerable<(string Type, string Field, string Words)> Lines()
    {
        var type = "";
        foreach (var line in SchemaFacts.WordFiles().SelectMany(f => f.Split('\n')).Where(l => l.Length > 0 && l[0] != '#'))
        {
            var (name, words) = (line[..line.IndexOf(':')].Trim(), line[(line.IndexOf(':') + 1)..].Trim());
            if (line[0] != ' ')
                type = name;
            yield return (type, line[0] == ' ' ? name : "", words);
        }
    }
}
