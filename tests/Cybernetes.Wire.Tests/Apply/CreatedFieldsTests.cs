using System.Text;
using System.Text.Json;
using Cybernetes.Objects.Schema;

namespace Cybernetes.Wire.Tests;

/// <summary>The fields of a create, written in one pass, against the general comparison and against a walk that a child could follow.</summary>
public class CreatedFieldsTests
{
    private static readonly FieldFilter s_filter = FieldFilter.Excluding("status");

    [Fact]
    public void CreatedFields_EveryKind_AreWhatTheComparisonSays()
    {
        int seed = 0;
        foreach (KindFacts kind in SchemaFacts.Kinds)
        {
            if (kind.Plural is null || SchemaFacts.FindType(kind.Group, kind.Version, kind.Kind) is not { } type) continue;
            ApplySchema schema = ApplySchema.OfKind(type);
            for (int round = 0; round < 3; round++)
            {
                JsonMap filled = Mixed(new FactsFiller(++seed).Fill(type, 0), new FactsFiller(++seed).Fill(type, 0), new Random(seed));
                byte[] after = filled.ToUtf8();
                byte[] before = """{"metadata":{},"spec":{"containers":null,"selector":null,"template":{"metadata":{}}},"status":{}}"""u8.ToArray();
                using JsonTape old = JsonTape.Scan(round == 0 ? "{}"u8.ToArray() : before);
                using JsonTape now = JsonTape.Scan(after);
                FieldFilter filter = round == 2 ? s_filter : FieldFilter.None;
                FieldSet general = FieldManager.StripMetadata(FieldComparison.Of(old.Root, now.Root, schema).Filter(filter).Set);
                string where = $"{kind.APIVersion} {kind.Kind} seed {seed}: {filled}";
                Assert.True(CreatedFields.TryWrite(old.Root, now.Root, schema, filter, out byte[]? fields), where);
                Assert.True(Text(fields) == (general.IsEmpty ? "" : Text(FieldSetJson.Write(general))), where);
                if (round > 0) continue;
                SortedSet<string> obvious = new(StringComparer.Ordinal);
                Walk(schema, now.Root, "", obvious);
                obvious.Remove(".metadata");
                Assert.Equal(obvious, new SortedSet<string>(general.Paths().Select(FieldSet.PathText), StringComparer.Ordinal));
            }
        }
    }

    [Fact]
    public void CreatedFields_ListInTheEmptyObject_IsLeftToTheGeneralWay()
    {
        ApplySchema schema = ApplySchema.OfKind(SchemaFacts.FindType("", "v1", "Pod")!);
        using JsonTape old = JsonTape.Scan("""{"spec":{"containers":[{"name":"a"}]}}"""u8.ToArray());
        using JsonTape now = JsonTape.Scan("""{"spec":{"containers":[{"name":"a","image":"b"}]}}"""u8.ToArray());
        Assert.False(CreatedFields.TryWrite(old.Root, now.Root, schema, FieldFilter.None, out _));
    }

    [Fact]
    public void CreatedFields_FilterBelowTheTop_IsLeftToTheGeneralWay()
    {
        ApplySchema schema = ApplySchema.OfKind(SchemaFacts.FindType("", "v1", "Pod")!);
        using JsonTape old = JsonTape.Scan("{}"u8.ToArray());
        using JsonTape now = JsonTape.Scan("""{"metadata":{"labels":{"a":"b"}}}"""u8.ToArray());
        Assert.False(CreatedFields.TryWrite(old.Root, now.Root, schema, FieldFilter.Excluding("metadata.labels"), out _));
    }

    [Fact]
    public void AppliedFields_WithAKnownSet_AreTheSameAndShareWhatIsEqual()
    {
        ApplySchema schema = ApplySchema.OfKind(SchemaFacts.FindType("", "v1", "Pod")!);
        for (int seed = 0; seed < 200; seed++)
        {
            JsonMap first = new FactsFiller(seed).Fill(SchemaFacts.FindType("", "v1", "Pod")!, 0);
            JsonMap second = Mixed(first, new FactsFiller(seed + 1).Fill(SchemaFacts.FindType("", "v1", "Pod")!, 0), new Random(seed));
            using JsonTape a = JsonTape.Scan(first.ToUtf8());
            using JsonTape b = JsonTape.Scan(second.ToUtf8());
            FieldSet known = AppliedFields.Of(a.Root, schema);
            Assert.Same(known, AppliedFields.Of(a.Root, schema, known));
            Assert.True(AppliedFields.Of(b.Root, schema).SetEquals(AppliedFields.Of(b.Root, schema, known)), $"seed {seed}: {second}");
        }
    }

    private static string Text(byte[]? json) => json is null ? "" : Encoding.UTF8.GetString(json);

    /// <summary>All that a document names: each field, and each list element by its key.</summary>
    private static void Walk(ApplySchema schema, TapeValue value, string path, SortedSet<string> to)
    {
        if (path.Length > 0) to.Add(path);
        ApplyShape shape = ApplyValues.ShapeOf(schema, value);
        if (ApplyValues.IsLeaf(schema, shape)) return;
        if (shape == ApplyShape.Map)
        {
            foreach (TapeValue property in value)
            {
                ApplyField? field = schema.Fields.FirstOrDefault(f => f.Element.Name == property.Name);
                if (field?.IsStripped != true) Walk(field?.Schema ?? schema.Element ?? ApplySchema.Deduced, property, $"{path}.{property.Name}", to);
            }
            return;
        }
        List<(string Step, TapeValue Item)> items = [.. value.ToList().Select(item => (ApplyValues.ElementOf(schema, item, out _)?.ToString() ?? "", item))];
        foreach (IGrouping<string, (string Step, TapeValue Item)> group in items.Where(item => item.Step.Length > 0).GroupBy(item => item.Step))
        {
            if (group.Count() > 1) to.Add(path + group.Key);
            else Walk(schema.Element!, group.First().Item, path + group.Key, to);
        }
    }

    /// <summary>One document of two: lists get the elements of both, so that there are several, some of them twice; properties change places.</summary>
    private static JsonMap Mixed(JsonMap left, JsonMap right, Random random)
    {
        List<KeyValuePair<string, JsonTree>> entries = [];
        foreach ((string key, JsonTree value) in left)
        {
            JsonTree mixed = (value, right.Get(key)) switch
            {
                (JsonMap a, JsonMap b) => Mixed(a, b, random),
                (JsonList a, JsonList b) => new JsonList([.. a, .. b]),
                _ => value,
            };
            entries.Insert(random.Next(entries.Count + 1), new(key, mixed));
        }
        JsonMap result = [];
        foreach ((string key, JsonTree value) in entries) result[key] = value;
        return result;
    }
}
