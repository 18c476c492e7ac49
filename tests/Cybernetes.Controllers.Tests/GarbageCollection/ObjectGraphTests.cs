using Cybernetes.Client.Discovery;
using Cybernetes.Controllers.GarbageCollection;
using Cybernetes.Objects.Meta.V1;

namespace Cybernetes.Controllers.Tests.GarbageCollection;

public sealed class ObjectGraphTests
{
    private static readonly ServedResource s_pods = new("", "v1", "pods", "Pod", true, []);
    private static readonly ServedResource s_sets = new("apps", "v1", "replicasets", "ReplicaSet", true, []);

    private readonly ObjectGraph _graph = new();

    private static ObjectMeta Meta(string uid, string name = "web", string[]? finalizers = null, params OwnerReference[] owners) => new()
    {
        UID = uid, Name = name, Namespace = "default", OwnerReferences = owners.Length == 0 ? null : [.. owners],
        Finalizers = finalizers is null ? null : [.. finalizers], DeletionTimestamp = finalizers is null ? null : Make.Start,
    };

    private string[] Set(ServedResource resource, ObjectMeta metadata) => [.. _graph.Set(resource, metadata).Select(n => n.Uid).Order()];

    private string[] Remove(string uid) => [.. _graph.Remove(uid).Select(n => n.Uid).Order()];

    [Fact]
    public void Set_OwnerKnown_TouchesNothing()
    {
        Assert.Empty(Set(s_sets, Meta("rs")));
        Assert.Empty(Set(s_pods, Meta("pod", "a", null, Make.Owner("rs"))));
        Assert.Empty(Set(s_pods, Meta("pod", "a", null, Make.Owner("rs"))));
    }

    [Fact]
    public void Set_OwnerUnknown_MustBeJudgedOnce()
    {
        Assert.Equal(["pod"], Set(s_pods, Meta("pod", "a", null, Make.Owner("rs"))));
        Assert.Empty(Set(s_pods, Meta("pod", "a", null, Make.Owner("rs"))));
        Assert.False(_graph.HasOnlyLivingOwners(_graph.Find("pod")!));
        Assert.Empty(Set(s_sets, Meta("rs")));
        Assert.True(_graph.HasOnlyLivingOwners(_graph.Find("pod")!));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Blocking_WhileOwnersChange_IsThoseOfTheDependentsThatBlock(int seed)
    {
        var chance = new Random(seed);
        for (var step = 0; step < 500; step++)
        {
            var uid = "u" + chance.Next(12);
            var owners = Enumerable.Range(0, chance.Next(3)).Select(_ =>
            {
                var owner = Make.Owner("u" + chance.Next(12));
                owner.BlockOwnerDeletion = chance.Next(2) == 0;
                return owner;
            });
            if (chance.Next(4) > 0)
                Set(s_pods, Meta($"{uid}-{step / 100}", uid, null, [.. owners]));
            else
                Remove($"{uid}-{step / 100}");
            foreach (var name in Enumerable.Range(0, 12).Select(n => "u" + n))
            {
                if (_graph.Find(name) is { } node)
                    Assert.Equal(node.Dependents.Where(d => d.Blocks(node)).Select(d => d.Uid).Order(), node.Blocking.Select(d => d.Uid).Order());
            }
        }
    }

    [Fact]
    public void Set_OwnerOfOtherCoordinates_IsNotTakenForIt()
    {
        Assert.Equal(["pod"], Set(s_pods, Meta("pod", "a", null, Make.Owner("rs", name: "other"))));
        Assert.Equal(["pod"], Set(s_sets, Meta("rs")));
        Assert.False(_graph.HasOnlyLivingOwners(_graph.Find("pod")!));
    }

    [Fact]
    public void Remove_Owner_TouchesItsDependents()
    {
        Set(s_sets, Meta("rs"));
        Set(s_pods, Meta("a", "a", null, Make.Owner("rs")));
        Set(s_pods, Meta("b", "b", null, Make.Owner("rs")));

        Assert.Equal(["a", "b"], Remove("rs"));
        Assert.True(_graph.Find("rs")!.IsGone);
        Remove("a");
        Remove("b");
        Assert.Equal(0, _graph.Count);
    }

    [Fact]
    public void Set_ForegroundDeletion_TouchesTheOwnerThenEachThatSetsItFree()
    {
        Set(s_sets, Meta("rs"));
        Set(s_pods, Meta("a", "a", null, Make.Owner("rs", blocks: true)));
        Set(s_pods, Meta("b", "b", null, Make.Owner("rs", blocks: true)));
        Assert.Equal(["a", "b", "rs"], Set(s_sets, Meta("rs", "web", ["foregroundDeletion"])));
        Assert.Empty(Set(s_sets, Meta("rs", "web", ["foregroundDeletion"])));

        Assert.Equal(["b", "rs"], Set(s_pods, Meta("b", "b", null, Make.Owner("rs"))));
        Assert.Equal(["rs"], Remove("a"));
    }

    [Fact]
    public void Set_OrphaningDeletion_TouchesTheOwnerOnly()
    {
        Set(s_sets, Meta("rs"));
        Set(s_pods, Meta("a", "a", null, Make.Owner("rs")));

        Assert.Equal(["rs"], Set(s_sets, Meta("rs", "web", ["orphan"])));
        Assert.True(_graph.Find("rs")!.OrphansDependents);
    }

    [Fact]
    public void IsInCircle_WayLeadsBack_OnlyThenTrue()
    {
        Set(s_sets, Meta("a", "a", ["foregroundDeletion"], Make.Owner("c", blocks: true, name: "c")));
        Set(s_sets, Meta("b", "b", ["foregroundDeletion"], Make.Owner("a", blocks: true, name: "a")));
        Assert.False(_graph.IsInCircle(_graph.Find("b")!));

        Set(s_sets, Meta("c", "c", null, Make.Owner("b", blocks: true, name: "b")));
        Assert.True(_graph.IsInCircle(_graph.Find("c")!));
        Assert.False(_graph.IsInCircle(_graph.Find("a")!));
        Set(s_sets, Meta("c", "c", ["foregroundDeletion"], Make.Owner("b", blocks: true, name: "b")));
        Assert.True(_graph.IsInCircle(_graph.Find("a")!));
    }

    [Theory]
    [InlineData("Alive", "", false, "Keep")]
    [InlineData("Alive Gone", "", true, "DropReferences")]
    [InlineData("Alive WaitsForDependents", "", true, "DropReferences")]
    [InlineData("Gone", "", true, "DeleteBackground")]
    [InlineData("Gone", "orphan", true, "DeleteOrphan")]
    [InlineData("Gone", "foregroundDeletion", true, "DeleteForeground")]
    [InlineData("WaitsForDependents", "", true, "DeleteForeground")]
    [InlineData("WaitsForDependents", "orphan", true, "DeleteForeground")]
    [InlineData("WaitsForDependents Gone", "", false, "DeleteBackground")]
    public void Judge_ByOwners_IsUpstreams(string states, string finalizer, bool hasDependents, string expected)
    {
        var owners = states.Split(' ').Select(s => (Make.Owner("x"), Enum.Parse<OwnerState>(s))).ToList();

        Assert.Equal(Enum.Parse<GarbageVerdict>(expected), GarbageReconciler.Judge(owners, [finalizer], hasDependents));
    }
}
