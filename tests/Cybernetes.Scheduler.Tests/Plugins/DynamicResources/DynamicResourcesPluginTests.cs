using Cybernetes.Foundation;
using Cybernetes.Objects;
using Cybernetes.Objects.Core.V1;
using Cybernetes.Objects.Resource.V1;
using Cybernetes.Scheduler.Configuration;
using Cybernetes.Scheduler.Cycle;
using Cybernetes.Scheduler.Plugins.DynamicResources;
using Cybernetes.Scheduler.Queue;
using Cybernetes.Scheduler.Snapshot;
using Cybernetes.Scheduler.Why;
using Xunit;
using static Cybernetes.Scheduler.Tests.Plugins.DynamicResources.Devices;
using ResourceClaim = Cybernetes.Objects.Resource.V1.ResourceClaim;

namespace Cybernetes.Scheduler.Tests.Plugins.DynamicResources;

/// <summary>The plugin in whole decisions, without an API server.</summary>
public sealed class DynamicResourcesPluginTests
{
    private readonly DeviceInventory _inventory = new();
    private readonly ClusterColumns _columns = Cluster.Columns(Cluster.Node("n1"), Cluster.Node("n2"));
    private readonly SchedulingProfile _profile;
    private readonly SchedulingCycle _cycle;

    public DynamicResourcesPluginTests()
    {
        _inventory.Set(Class());
        var services = new PluginServices(new ListedVolumeObjects(), _ => [], null, Devices: DeviceServices.Over(_inventory, new WordSelectors()));
        _profile = ProfileBuilder.Build(new SchedulerConfiguration(), services)[0];
        _cycle = new SchedulingCycle(_columns, Chance.Seeded(1));
    }

    private DynamicResourcesPlugin Plugin => _profile.Reserves.OfType<DynamicResourcesPlugin>().Single();

    private static Pod User(string name, params string[] claims) => Cluster.Pod(name, with: p =>
        p.Spec.ResourceClaims = [.. claims.Select((c, i) => new PodResourceClaim { Name = $"c{i}", ResourceClaimName = c })]);

    private static Pod OfTemplate(string? made)
    {
        var pod = Cluster.Pod("p", with: p => p.Spec.ResourceClaims = [new() { Name = "gpu", ResourceClaimTemplateName = "t" }]);
        if (made is not null)
            pod.Status.ResourceClaimStatuses = [new() { Name = "gpu", ResourceClaimName = made }];
        return pod;
    }

    private Decision Decide(Pod pod) => _cycle.Decide(PodFacts.Of(pod, _columns, null, _inventory), _profile);

    private string Outcome(Pod pod) => Decide(pod) is { NodeName: { } node } ? node : Decide(pod).Message;

    [Fact]
    public void PreEnqueue_ClaimsNotThereYet_SaysWhatIsWaitedFor()
    {
        string? Why(Pod pod) => Plugin.PreEnqueue(pod);
        Assert.Null(Why(Cluster.Pod("plain")));
        Assert.Equal("resourceclaim.resource.k8s.io \"mine\" not found", Why(User("p", "mine")));
        Assert.Equal("pod \"default/p\": ResourceClaim not created yet", Why(OfTemplate(null)));
        Assert.Equal("waiting for dynamic resource controller to create the resourceclaim \"p-gpu-1\"", Why(OfTemplate("p-gpu-1")));
        _inventory.Set(Claim("mine", Exactly()));
        Assert.Null(Why(User("p", "mine")));
        _inventory.Set(Claim("mine", Exactly()).With(c => c.Metadata.DeletionTimestamp = DateTimeOffset.UnixEpoch));
        Assert.Equal("resourceclaim \"mine\" is being deleted", Why(User("p", "mine")));
        _inventory.Set(Claim("p-gpu-1", Exactly()));
        Assert.Equal("ResourceClaim default/p-gpu-1 was not created for pod default/p (pod is not owner)", Why(OfTemplate("p-gpu-1")));
    }

    [Fact]
    public void PreEnqueue_PodWaits_IsNamedWhenItsClaimComes()
    {
        Plugin.PreEnqueue(User("p", "mine"));
        Plugin.PreEnqueue(User("q", "other"));
        Assert.Equal(["p"], _inventory.Set(Claim("mine", Exactly())));
        Assert.Empty(_inventory.Set(Claim("mine", Exactly())));
        _inventory.Gone(User("q", "other"));
        Assert.Empty(_inventory.Set(Claim("other", Exactly())));
    }

    [Fact]
    public void Decide_DevicesOnOneNode_GoesThereAndKeepsThem()
    {
        _inventory.Set(Slice("s", "n2", [Device("a")]));
        _inventory.Set(Claim("one", Exactly()));
        _inventory.Set(Claim("two", Exactly()));
        Assert.Equal("n2", Decide(User("p", "one")).NodeName);
        Plugin.Reserve(_cycle, "n2");
        Assert.StartsWith("0/2 nodes are available: 2 cannot allocate all claims. still not schedulable, preemption: ", Outcome(User("q", "two")));
        Assert.Contains("resource claim default/one is in the process of being allocated", Outcome(User("r", "one")));
        Plugin.Unreserve(User("p", "one"));
        Assert.Equal("n2", Outcome(User("q", "two")));
    }

    [Fact]
    public void Decide_ClaimOfAPodGroup_IsSharedByItsPodsWhileItIsBeingWritten()
    {
        static Pod Member(string name, string group = "g") => User(name, "one").With(p => p.Spec.SchedulingGroup = new() { PodGroupName = group });
        _inventory.Set(Slice("s", "n2", [Device("a")]));
        _inventory.Set(Claim("one", Exactly()));
        _inventory.Set(Claim("two", Exactly()));
        foreach (var name in new[] { "p", "q" })
        {
            Assert.Equal("n2", Decide(Member(name)).NodeName);
            Plugin.Reserve(_cycle, "n2");
        }
        Assert.Contains("is in the process of being allocated", Outcome(Member("r", "other")), StringComparison.Ordinal);
        Assert.Contains("is in the process of being allocated", Outcome(User("s", "one")), StringComparison.Ordinal);
        // One that fails leaves the devices to the other.
        Plugin.Unreserve(Member("p"));
        Assert.StartsWith("0/2 nodes are available: 2 cannot allocate all claims.", Outcome(User("t", "two")), StringComparison.Ordinal);
        Plugin.Unreserve(Member("q"));
        Assert.Equal("n2", Outcome(User("t", "two")));
    }

    [Fact]
    public void Decide_NoDevices_CannotAllocate()
    {
        _inventory.Set(Claim("one", Exactly()));
        Assert.StartsWith("0/2 nodes are available: 2 cannot allocate all claims.", Outcome(User("p", "one")));
        _inventory.Set(Claim("odd", Exactly(className: "none")));
        Assert.StartsWith("0/2 nodes are available: request gpu: device class none does not exist.", Outcome(User("p", "odd")));
        _inventory.Set(Claim("wrong", Exactly(with: e => e.Selectors = Selectors("wrong"))));
        Assert.StartsWith("0/2 nodes are available: claim default/wrong: selector #0: CEL compile error: no such word.", Outcome(User("p", "wrong")));
    }

    [Fact]
    public void Decide_AllocatedClaim_GoesWhereItsDevicesAre()
    {
        _inventory.Set(Claim("one", Exactly()).With(c => c.Status.Allocation = Allocation("n1", "a")));
        Assert.Equal("n1", Outcome(User("p", "one")));
        _inventory.Set(Claim("far", Exactly()).With(c => c.Status.Allocation = Allocation("n9", "a")));
        var decision = Decide(User("p", "far"));
        Assert.StartsWith("0/2 nodes are available: 2 resourceclaim not available on the node. deallocation of ResourceClaim completed, ", decision.Message);
        Assert.Single(decision.AtServer);
        // Somebody else uses it: it stays.
        _inventory.Set(Claim("far", Exactly()).With(c =>
            (c.Status.Allocation, c.Status.ReservedFor) = (Allocation("n9", "a"), [new() { Resource = "pods", Name = "x", UID = "x" }])));
        Assert.Empty(Decide(User("p", "far")).AtServer);
    }

    [Fact]
    public void Decide_ClaimWithTooManyUsers_IsInUse()
    {
        _inventory.Set(Claim("one", Exactly()).With(c =>
        {
            c.Status.Allocation = Allocation("n1", "a");
            c.Status.ReservedFor = [.. Enumerable.Range(0, 256).Select(i => new ResourceClaimConsumerReference { Resource = "pods", Name = $"p{i}", UID = $"p{i}" })];
        }));
        Assert.StartsWith("0/2 nodes are available: resourceclaim in use.", Outcome(User("new", "one")));
        Assert.Equal("n1", Outcome(User("p7", "one")));
    }

    [Fact]
    public void Decide_BindingConditionFailed_LooksForOtherDevices()
    {
        var allocation = Allocation("n1", "a");
        allocation.Devices.Results![0].BindingConditions = ["attached"];
        allocation.Devices.Results[0].BindingFailureConditions = ["broken"];
        var claim = Claim("one", Exactly()).With(c => c.Status.Allocation = allocation);
        _inventory.Set(claim);
        Assert.Equal("n1", Outcome(User("p", "one")));
        claim.Status.Devices =
            [new() { Driver = Driver, Pool = "n1", Device = "a", Conditions = [new() { Type = "broken", Status = "True", Reason = "Cable" }] }];
        _inventory.Set(claim);
        Assert.Single(Decide(User("p", "one")).AtServer);
    }

    [Fact]
    public void Decide_PrioritisedList_PrefersTheNodeWithTheBetterAlternative()
    {
        _inventory.Set(Slice("s1", "n1", [Device("a", null, ("model", "small"))]));
        _inventory.Set(Slice("s2", "n2", [Device("a", null, ("model", "big"))]));
        _inventory.Set(Claim("one", FirstAvailable("gpu", Sub("big", 1, "model=big"), Sub("small", 1, "model=small"))));
        for (var i = 0; i < 10; i++)
            Assert.Equal("n2", Outcome(User("p", "one")));
    }

    [Fact]
    public void Decide_NodeSelectorOfASlice_IsHeld()
    {
        _inventory.Set(Slice("s", null, [Device("a")], s =>
        {
            s.Spec.AllNodes = null;
            s.Spec.NodeSelector = new() { NodeSelectorTerms = [new() { MatchExpressions = [new() { Key = "kubernetes.io/hostname", Operator = "In", Values = ["n2"] }] }] };
        }));
        _inventory.Set(Claim("one", Exactly()));
        Assert.Equal("n2", Decide(User("p", "one")).NodeName);
        Plugin.Reserve(_cycle, "n2");
        Assert.True(_inventory.IsPending("one"));
    }

    [Fact]
    public void Decide_ExtendedResource_ComesFromDevicesWhereNoPluginHasIt()
    {
        _inventory.Set(Class().With(c => c.Spec.ExtendedResourceName = "example.com/gpu"));
        _inventory.Set(Slice("s", "n2", [Device("a"), Device("b")]));
        static Pod Wants(string name, string count) => Cluster.Pod(name, with: p => p.Spec.Containers![0].Resources.Requests!["example.com/gpu"] = Quantity.Parse(count));
        Assert.StartsWith("0/2 nodes are available: 2 cannot allocate all claims.", Outcome(Wants("p", "3")));
        Assert.Equal("n2", Decide(Wants("p", "2")).NodeName);
        Plugin.Reserve(_cycle, "n2");
        Assert.Contains("2 cannot allocate all claims", Outcome(Wants("q", "1")));
        // A device plugin's are taken as they always were.
        var plugged = Cluster.Node("n1");
        plugged.Status.Allocatable!["example.com/gpu"] = Quantity.Parse("4");
        _columns.SetNode(plugged);
        Assert.Equal("n1", Outcome(Wants("q", "3")));
        _inventory.Remove(Class());
        Assert.Contains("1 Insufficient example.com/gpu", Outcome(Wants("q", "5").With(p => p.Spec.NodeSelector = new() { ["kubernetes.io/hostname"] = "n2" })));
    }

    [Fact]
    public void MayHelp_ClaimEvents_OnlyThoseThatMatter()
    {
        var pod = User("p", "mine");
        var mine = Claim("mine", Exactly());
        _inventory.Set(mine);
        bool Helps(ResourceClaim? before, ResourceClaim? now) =>
            ((IPlugin)Plugin).MayHelp(pod, new ClusterHappening(ClusterEvent.ResourceClaimChanged, Claim: now, ClaimBefore: before));
        Assert.True(Helps(null, mine));
        Assert.False(Helps(mine, mine.DeepClone()));
        Assert.False(Helps(null, Claim("other", Exactly())));
        Assert.False(Helps(Claim("other"), Claim("other").With(c => c.Status.Allocation = Allocation("n1", "a"))));
        Assert.True(Helps(Claim("other").With(c => c.Status.Allocation = Allocation("n1", "a")), Claim("other")));
        Assert.True(Helps(Claim("other").With(c => c.Status.Allocation = Allocation("n1", "a")), null));
    }

    [Fact]
    public void Inventory_ClaimWrittenHere_CountsUntilTheInformerShowsIt()
    {
        var id = new DeviceId(Driver, "n1", "a");
        var claim = Claim("one", Exactly());
        _inventory.Set(claim);
        var assumed = claim.DeepClone().With(c => c.Status.Allocation = Allocation("n1", "a"));
        _inventory.Assume(assumed);
        _inventory.Set(claim);
        Assert.True(_inventory.Allocated.HasWhole(id));
        var written = assumed.DeepClone().With(c => c.Metadata.ResourceVersion = "7");
        _inventory.Written(written);
        _inventory.Drop("one");
        _inventory.Set(claim.DeepClone().With(c => c.Metadata.ResourceVersion = "5"));
        Assert.True(_inventory.Allocated.HasWhole(id));
        Assert.NotNull(_inventory.Claim("default", "one")!.Status.Allocation);
        _inventory.Set(claim.DeepClone().With(c => c.Metadata.ResourceVersion = "9"));
        Assert.False(_inventory.Allocated.HasWhole(id));
    }

    [Fact]
    public void Advise_DevicesShort_NamesTheNearestNodeAndWhatBecameOfItsDevices()
    {
        _inventory.Set(Slice("s1", "n1", [Device("a", null, ("model", "small"))]));
        _inventory.Set(Slice("s2", "n2",
            [Device("a", null, ("model", "big")), Device("b", null, ("model", "big")), Device("c", null, ("model", "small")),
            Device("d", d => d.Taints = [new() { Key = "k", Effect = "NoSchedule" }], ("model", "big"))]));
        _inventory.Set(Claim("old", Exactly()).With(c => c.Status.Allocation = Allocation("n2", "a")));
        _inventory.Set(Claim("one", Exactly(count: 2, with: e => e.Selectors = Selectors("model=big"))));
        var text = PlacementAdvice.Explain(new ClusterPicture(_columns, [_profile], _inventory), User("p", "one"));
        Assert.Contains(
            "\nDevices: claim default/one, request gpu wants 2 devices of class gpu; n2 comes nearest: of the 4 that it reaches "
            + "1 are not what class and request select, 1 are taken, 1 have a taint that is not tolerated, 1 are free.\n", text);
        Assert.StartsWith("default/q is not looked at by the scheduler yet: resourceclaim.resource.k8s.io \"none\" not found.",
            PlacementAdvice.Explain(new ClusterPicture(_columns, [_profile], _inventory), User("q", "none")));
    }
}

internal static class Changed
{
    public static T With<T>(this T value, Action<T> change) where T : class
    {
        change(value);
        return value;
    }
}
