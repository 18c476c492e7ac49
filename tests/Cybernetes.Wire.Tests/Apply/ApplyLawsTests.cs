using System.Text;

namespace Cybernetes.Wire.Tests;

/// <summary>What must hold of apply whatever the objects: seeded, each case replays by its seed.</summary>
public class ApplyLawsTests
{
    private static readonly string[] s_names = ["a", "b", "c", "d"];

    [Fact]
    public void Apply_AnySequence_KeepsTheLaws()
    {
        for (int seed = 0; seed < 300; seed++)
        {
            Random random = new(seed);
            ApplyBench bench = new();
            Dictionary<string, JsonMap> last = [];
            for (int step = 0; step < 8; step++)
            {
                string manager = "m" + random.Next(3);
                JsonMap fields = Fields(random);
                bool force = random.Next(2) == 0;
                string before = bench.Live;
                if (bench.Apply(manager, Inner(fields), force).Length > 0)
                {
                    Assert.Equal(before, bench.Live);
                    Assert.False(force, $"seed {seed}: forced applies have no conflicts");
                    continue;
                }
                last[manager] = fields;
                Check(bench, manager, fields, last, $"seed {seed} step {step}");
            }
        }
    }

    [Fact]
    public void Prune_OneVersion_LeavesWhatTheGeneralWayLeaves()
    {
        for (int seed = 0; seed < 300; seed++)
        {
            Random random = new(seed);
            ApplyBench bench = new();
            ApplySchema schema = bench.SchemaOf(bench.ApiVersion)!;
            FieldWrite write = new(bench, bench.ApiVersion, "m", "", FieldFilter.None, DateTimeOffset.UnixEpoch);
            JsonMap document = (JsonMap)Merge(Merge(Fields(random), Fields(random)), Fields(random));
            ManagedSets others = new();
            others.Put(Owned("x", Fields(random), bench, schema));
            others.Put(Owned("y", Fields(random), bench, schema));
            ManagedSet mine = Owned("m", Fields(random), bench, schema);
            ManagedSet last = Owned("m", Fields(random), bench, schema);
            FieldPruning pruning = new(write, others, mine);
            string fast = Cleaned(pruning.Prune(document.ToUtf8(), last));
            if (!last.Fields.Difference(mine.Fields).IsEmpty)
                Assert.Equal(Cleaned(pruning.PruneVersions(document.ToUtf8(), last, schema)), fast);
        }
    }

    private static string Cleaned(ReadOnlyMemory<byte> json) => ApplyBench.Clean(Encoding.UTF8.GetString(json.Span));

    private static ManagedSet Owned(string manager, JsonMap fields, ApplyBench bench, ApplySchema schema)
    {
        using JsonTape document = JsonTape.Parse(fields.ToUtf8());
        return new ManagedSet(new FieldOwner(manager, FieldOwner.ApplyOperation, "", ""), bench.ApiVersion, AppliedFields.Of(document.Root, schema), null);
    }

    [Fact]
    public void FieldSet_Operations_AgreeWithSetsOfPaths()
    {
        for (int seed = 0; seed < 500; seed++)
        {
            Random random = new(seed);
            (HashSet<string> a, HashSet<string> b) = (Paths(random), Paths(random));
            (FieldSet x, FieldSet y) = (Set(a), Set(b));
            Assert.Equal(a.Union(b).Order(StringComparer.Ordinal), Texts(x.Union(y)));
            Assert.Equal(a.Intersect(b).Order(StringComparer.Ordinal), Texts(x.Intersection(y)));
            Assert.Equal(a.Except(b).Order(StringComparer.Ordinal), Texts(x.Difference(y)));
            Assert.Equal(a.Where(p => !b.Any(q => p == q || p.StartsWith(q + ".", StringComparison.Ordinal))).Order(StringComparer.Ordinal),
                Texts(x.RecursiveDifference(y)));
            Assert.True(x.SetEquals(FieldSetJson.Read(FieldSetJson.Write(x))), $"seed {seed}");
        }
    }

    private static void Check(ApplyBench bench, string manager, JsonMap fields, Dictionary<string, JsonMap> last, string where)
    {
        // What was applied is there.
        Assert.True(Holds(bench.Tree, fields), $"{where}: {fields} is not in {bench.Live}");
        // Whatever is there is owned by someone: nothing given up by all stays behind.
        JsonMap union = [];
        foreach (JsonMap of in last.Values) union = (JsonMap)Merge(union, of);
        Assert.True(Holds(union, bench.Tree, ignore: true), $"{where}: {bench.Live} has more than {union}");
        // Again is nothing new.
        (string live, string owned) = (bench.Live, bench.Of(manager));
        Assert.Equal("", bench.Apply(manager, Inner(fields)));
        Assert.Equal(live, bench.Live);
        Assert.Equal(owned, bench.Of(manager));
    }

    private static bool Holds(JsonTree whole, JsonTree part, bool ignore = false) => (whole, part) switch
    {
        (JsonMap a, JsonMap b) => b.All(entry => entry.Key is "apiVersion" or "kind" or "name" or "namespace"
            || (a.Get(entry.Key) is { } value && Holds(value, entry.Value, ignore))),
        (JsonList a, JsonList b) => b.All(item => a.Any(other => Name(other) == Name(item) && Holds(other, item, ignore))),
        _ => ignore || whole.DeepEquals(part),
    };

    private static JsonTree Merge(JsonTree left, JsonTree right)
    {
        if (left is JsonMap a && right is JsonMap b)
        {
            JsonMap map = (JsonMap)a.DeepClone();
            foreach ((string key, JsonTree value) in b) map[key] = map.Get(key) is { } known ? Merge(known, value) : value;
            return map;
        }
        if (left is not JsonList x || right is not JsonList y) return right;
        JsonList list = (JsonList)x.DeepClone();
        foreach (JsonTree item in y)
        {
            int at = list.ToList().FindIndex(other => Name(other) == Name(item));
            if (at < 0) list.Add(item);
            else list[at] = Merge(list[at], item);
        }
        return list;
    }

    private static string? Name(JsonTree item) => (item as JsonMap)?.String("name");

    private static string Inner(JsonMap fields) => fields.ToString()[1..^1];

    private static JsonMap Fields(Random random)
    {
        JsonMap spec = [];
        if (random.Next(2) == 0) spec["replicas"] = random.Next(3);
        if (random.Next(2) == 0) spec["paused"] = random.Next(2) == 0;
        JsonList containers = [];
        foreach (string name in s_names.Where(_ => random.Next(3) == 0))
        {
            JsonMap container = new() { ["name"] = name };
            if (random.Next(2) == 0) container["image"] = "i" + random.Next(2);
            if (random.Next(3) == 0) container["tty"] = true;
            containers.Add(container);
        }
        JsonMap labels = [];
        foreach (string name in s_names.Where(_ => random.Next(3) == 0)) labels[name] = "v" + random.Next(2);
        if (containers.Count > 0) spec["template"] = new JsonMap { ["spec"] = new JsonMap { ["containers"] = containers } };
        JsonMap result = [];
        result["metadata"] = new JsonMap { ["name"] = "x", ["namespace"] = "ns" };
        if (labels.Count > 0) ((JsonMap)result["metadata"])["labels"] = labels;
        if (spec.Count > 0) result["spec"] = spec;
        return result;
    }

    private static HashSet<string> Paths(Random random) =>
        [.. Enumerable.Range(0, random.Next(8)).Select(_ => string.Join('.', Enumerable.Range(0, random.Next(1, 4)).Select(_ => s_names[random.Next(3)])))];

    private static FieldSet Set(HashSet<string> paths) => paths.Aggregate(FieldSet.Empty,
        (set, path) => set.Union(FieldSet.Of([.. path.Split('.').Select(PathElement.Field)])));

    private static IEnumerable<string> Texts(FieldSet set) =>
        set.Paths().Select(path => string.Join('.', path.Select(step => step.Name))).Order(StringComparer.Ordinal);
}
