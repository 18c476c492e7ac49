using Cybernetes.Client.Informers;
using Cybernetes.Objects;
using Cybernetes.Objects.Core.V1;

namespace Cybernetes.Client.Tests.Informers;

/// <summary>The indexes beside a search through everything, while objects come, change and go.</summary>
public sealed class LabelIndexTests
{
    private static readonly string[] s_keys = ["app", "tier", "zone"];
    private static readonly string[] s_values = ["a", "b", "long-one", ""];

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Matching_WhileObjectsChange_IsWhatASearchFinds(int seed)
    {
        var chance = new Random(seed);
        var store = new ObjectStore<Pod>().WithLabelIndex();
        for (int step = 0; step < 600; step++)
        {
            Step(store, chance, Labels);
            string ns = Namespace(chance);
            LabelMatcher selector = Selector(chance);
            Assert.Equal(
                store.List().Where(p => p.Metadata.Namespace == ns && selector.Matches(p.Metadata.Labels)).Select(p => p.Metadata.Name).Order(),
                store.Matching(ns, selector).Select(p => p.Metadata.Name).Order());
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Selecting_WhileObjectsChange_IsWhatASearchFinds(int seed)
    {
        var chance = new Random(seed);
        var store = new ObjectStore<Pod>();
        // The annotation stands for a spec's selector.
        LabelMatcher SelectorOf(Pod pod) => pod.Metadata.Annotations!["selector"] == "nothing"
            ? LabelMatcher.Nothing : LabelMatcher.Parse(pod.Metadata.Annotations["selector"]);
        var index = new SelectorIndex<Pod>(store, SelectorOf);
        for (int step = 0; step < 600; step++)
        {
            Step(store, chance, Labels, random => random.Next(10) == 0 ? "nothing" : Selector(random).ToString());
            (string ns, Dictionary<string, string>? labels) = (Namespace(chance), Labels(chance));
            Assert.Equal(
                store.List().Where(p => p.Metadata.Namespace == ns && SelectorOf(p).Matches(labels)).Select(p => p.Metadata.Name).Order(),
                index.Selecting(ns, labels).Select(p => p.Metadata.Name).Order());
        }
    }

    [Fact]
    public void CountByIndex_AndIndexValues_FollowChanges()
    {
        var store = new ObjectStore<Pod>();
        store.AddIndex("node", static p => [p.Spec.NodeName]);
        Pod On(string name, string node) => new() { Metadata = { Name = name }, Spec = { NodeName = node } };
        store.Put(new("", "a"), On("a", "n1"));
        store.Put(new("", "b"), On("b", "n1"));
        Assert.Equal(2, store.CountByIndex("node", "n1"));
        store.Put(new("", "a"), On("a", "n2"));
        store.Remove(new("", "b"));
        Assert.Equal(0, store.CountByIndex("node", "n1"));
        Assert.Equal(["n2"], store.IndexValues("node"));
    }

    private static void Step(
        ObjectStore<Pod> store, Random chance, Func<Random, Dictionary<string, string>?> labels, Func<Random, string>? selector = null)
    {
        var key = new ObjectKey(Namespace(chance), "p" + chance.Next(40));
        if (chance.Next(4) == 0)
        {
            store.Remove(key);
            return;
        }
        var pod = new Pod { Metadata = { Namespace = key.Namespace, Name = key.Name, Labels = labels(chance) } };
        if (selector is not null)
            pod.Metadata.Annotations = new() { ["selector"] = selector(chance) };
        store.Put(key, pod);
    }

    private static string Namespace(Random chance) => chance.Next(2) == 0 ? "one" : "two";

    private static Dictionary<string, string>? Labels(Random chance)
    {
        Dictionary<string, string>? labels = null;
        foreach (string key in s_keys)
        {
            if (chance.Next(3) > 0)
                (labels ??= [])[key] = s_values[chance.Next(s_values.Length)];
        }
        return labels;
    }

    private static LabelMatcher Selector(Random chance)
    {
        var requirements = new List<LabelRequirement>();
        foreach (string key in s_keys)
        {
            string value = s_values[chance.Next(s_values.Length)];
            switch (chance.Next(8))
            {
                case < 3: requirements.Add(LabelRequirement.Of(key, LabelOperator.Equals, value)); break;
                case 3: requirements.Add(LabelRequirement.Of(key, LabelOperator.In, value)); break;
                case 4: requirements.Add(LabelRequirement.Of(key, LabelOperator.In, "a", "b")); break;
                case 5: requirements.Add(LabelRequirement.Of(key, LabelOperator.NotEquals, value)); break;
                case 6: requirements.Add(LabelRequirement.Of(key, LabelOperator.Exists)); break;
            }
        }
        return LabelMatcher.Of([.. requirements]);
    }
}
