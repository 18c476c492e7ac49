using Cybernetes.Foundation;
using Cybernetes.Objects;
using Cybernetes.Objects.Resource.V1;
using Cybernetes.Scheduler.Plugins.DynamicResources;
using Xunit;
using static Cybernetes.Scheduler.Tests.Plugins.DynamicResources.Devices;
using DeviceTaintRule = Cybernetes.Objects.Resource.V1beta2.DeviceTaintRule;
using ResourceClaim = Cybernetes.Objects.Resource.V1.ResourceClaim;

namespace Cybernetes.Scheduler.Tests.Plugins.DynamicResources;

public sealed class DeviceSearchTests
{
    private static readonly Device[] s_three = [Device("a", null, ("model", "big"), ("numa", "0")), Device("b", null, ("model", "small"), ("numa", "1")),
        Device("c", null, ("model", "big"), ("numa", "1"))];

    private static string Three(params DeviceRequest[] requests) => Search([Slice("s", "n", s_three)], [Claim("c1", requests)]);

    private static string Three(ResourceClaim claim) => Search([Slice("s", "n", s_three)], [claim]);

    [Fact]
    public void Search_ExactCount_TakesTheFirstThatMatch()
    {
        Assert.Equal("gpu=a", Three(Exactly()));
        Assert.Equal("gpu=a gpu=b", Three(Exactly(count: 2)));
        Assert.Equal("none", Three(Exactly(count: 4)));
        Assert.Equal("gpu=a gpu=c", Three(Exactly(count: 2, with: e => e.Selectors = Selectors("model=big"))));
        Assert.Equal("one=a two=b", Three(Exactly("one"), Exactly("two")));
    }

    [Fact]
    public void Search_FirstChoiceLeadsNowhere_GoesBack()
    {
        // The first request could take a, but the second can use nothing else.
        Assert.Equal("any=b a=a", Three(Exactly("any", with: e => e.Selectors = Selectors("any")), Exactly("a", with: e => e.Selectors = Selectors("numa=0"))));
        Assert.Equal("gpu=b | gpu=a", Search([Slice("s", "n", s_three)],
            [Claim("c1", Exactly()), Claim("c2", Exactly(with: e => e.Selectors = Selectors("numa=0")))]));
    }

    [Fact]
    public void Search_All_WantsEveryMatchAndAtLeastOne()
    {
        Assert.Equal("all=a all=b all=c", Three(All()));
        Assert.Equal("all=a all=c", Three(All(with: e => e.Selectors = Selectors("model=big"))));
        Assert.Equal("none", Three(All(with: e => e.Selectors = Selectors("model=none"))));
        var allocated = new AllocatedDevices();
        allocated.Add(Allocation("n", "b"));
        Assert.Equal("none", Search([Slice("s", "n", s_three)], [Claim("c1", All())], allocated));
    }

    [Fact]
    public void Search_PrioritisedList_TakesTheFirstThatWorks()
    {
        Assert.Equal("gpu/big=a gpu/big=c", Three(FirstAvailable("gpu", Sub("big", 2, "model=big"), Sub("any", 1))));
        Assert.Equal("gpu/any=a", Three(FirstAvailable("gpu", Sub("big", 3, "model=big"), Sub("any", 1))));
        Assert.Equal("none", Three(FirstAvailable("gpu", Sub("big", 3, "model=big"), Sub("any", 4))));
    }

    [Fact]
    public void Search_MatchAttribute_AllDevicesShareIt()
    {
        ResourceClaim Same(string attribute, List<string>? requests = null) => Claim("c1", Exactly("x"), Exactly("y")).With(c =>
            c.Spec.Devices.Constraints = [new() { MatchAttribute = attribute, Requests = requests }]);
        Assert.Equal("x=a y=c", Three(Same("gpu.example.com/model")));
        Assert.Equal("x=b y=c", Three(Same("gpu.example.com/numa")));
        Assert.Equal("none", Three(Same("other.example.com/numa")));
        // A constraint for one request only is none for the other.
        Assert.Equal("x=a y=b", Three(Same("gpu.example.com/numa", ["x"])));
    }

    [Fact]
    public void Search_DistinctAttribute_AllDevicesDifferInIt()
    {
        var claim = Claim("c1", Exactly("x"), Exactly("y")).With(c => c.Spec.Devices.Constraints = [new() { DistinctAttribute = "gpu.example.com/model" }]);
        Assert.Equal("x=a y=b", Three(claim));
        claim.Spec.Devices.Constraints![0].DistinctAttribute = "gpu.example.com/numa";
        Assert.Equal("x=a y=b", Three(claim));
        claim.Spec.Devices.Requests!.Add(Exactly("z"));
        Assert.Equal("none", Three(claim));
    }

    /// <summary>KEP-5491: devices match where they have a value in common, and differ where they have none.</summary>
    [Theory]
    [InlineData(true, true, "x=a y=b")] // 0 1, 1 2 and 2 3: the first two share 1
    [InlineData(true, false, "x=a y=c")]
    [InlineData(false, true, "none")] // a value of an unknown type is none: only the first device may have it
    [InlineData(false, false, "none")]
    public void Search_AttributesThatAreLists_AreLookedAtWithTheGateOnly(bool hasLists, bool isMatch, string expected)
    {
        var devices = new[] { ("a", 0L), ("b", 1L), ("c", 2L) }.Select(d => Device(d.Item1, e => e.Attributes = new()
        {
            ["numa"] = new() { IntValues = [d.Item2, d.Item2 + 1] },
        }));
        var claim = Claim("c1", Exactly("x"), Exactly("y")).With(c => c.Spec.Devices.Constraints = isMatch
            ? [new() { MatchAttribute = "gpu.example.com/numa" }] : [new() { DistinctAttribute = "gpu.example.com/numa" }]);
        Assert.Equal(expected, Search([Slice("s", "n", [.. devices])], [claim], hasLists: hasLists));
    }

    [Fact]
    public void Search_ListsOfSeveralTypes_AllDevicesShareOneValueOfOneType()
    {
        static Device Of(string name, DeviceAttribute attribute) => Device(name, d => d.Attributes = new() { ["roots"] = attribute });
        Device[] devices =
        [
            Of("a", new() { StringValues = ["1", "2"] }), Of("b", new() { IntValues = [1, 2] }), Of("c", new() { StringValue = "2" }),
            Of("d", new() { StringValues = ["1", "3"] }), Of("e", new() { StringValues = ["3", "2"] }), Of("f", new() { VersionValues = ["2"] }),
        ];
        var claim = Claim("c1", Exactly(count: 3)).With(c => c.Spec.Devices.Constraints = [new() { MatchAttribute = "gpu.example.com/roots" }]);
        Assert.Equal("gpu=a gpu=c gpu=e", Search([Slice("s", "n", devices)], [claim], hasLists: true));
        claim.Spec.Devices.Requests![0].Exactly!.Count = 4;
        Assert.Equal("none", Search([Slice("s", "n", devices)], [claim], hasLists: true));
        claim.Spec.Devices.Constraints = [new() { DistinctAttribute = "gpu.example.com/roots" }];
        Assert.Equal("gpu=b gpu=c gpu=d gpu=f", Search([Slice("s", "n", devices)], [claim], hasLists: true));
    }

    [Theory]
    [InlineData(null, null, null, "gpu=b")]
    [InlineData("gpu.example.com", "n", "a", "gpu=b")]
    [InlineData("other.example.com", null, null, "gpu=a")]
    [InlineData(null, "elsewhere", null, "gpu=a")]
    [InlineData(null, null, "none", "gpu=a")]
    public void Search_RuleOfAnAdministrator_TaintsTheDevicesItMeans(string? driver, string? pool, string? device, string expected)
    {
        DeviceTaintRule Rule(string name, string? onto, string effect) => new()
        {
            Metadata = { Name = name },
            Spec = { DeviceSelector = new() { Driver = driver, Pool = pool, Device = onto }, Taint = new() { Key = "sick", Value = "yes", Effect = effect } },
        };
        var catalog = new DeviceCatalog();
        catalog.Set(Slice("s", "n", [Device("a"), Device("b")]));
        Assert.Equal("gpu=a", Search(catalog, [Claim("c1", Exactly())]));
        catalog.Set(Rule("r", device ?? "a", "NoSchedule"));
        Assert.Equal(expected, Search(catalog, [Claim("c1", Exactly())]));
        Assert.Equal("gpu=a", Search(catalog, [Claim("c1", Exactly(with: e => e.Tolerations = [new() { Key = "sick", Operator = "Equal", Value = "yes" }]))]));
        catalog.Set(Rule("r", null, "None"));
        Assert.Equal("gpu=a", Search(catalog, [Claim("c1", Exactly())]));
        catalog.Set(Rule("r", null, "NoExecute"));
        catalog.Set(new DeviceTaintRule { Metadata = { Name = "without-selector" }, Spec = { Taint = new() { Key = "all", Effect = "NoSchedule" } } });
        Assert.Equal(expected == "gpu=b" || device is not null ? "none" : "gpu=a", Search(catalog, [Claim("c1", Exactly())]));
        catalog.RemoveRule("r");
        Assert.Equal("gpu=a", Search(catalog, [Claim("c1", Exactly())]));
    }

    [Fact]
    public void SearchBudget_NextNode_HasItsWholeTimeButNotMoreSteps()
    {
        var time = new VirtualTimeProvider();
        var budget = new SearchBudget(time, TimeSpan.FromSeconds(10), 5000);
        bool Steps(int count) => Enumerable.Range(0, count).All(_ => budget.Step());
        time.Advance(TimeSpan.FromSeconds(9));
        Assert.True(Steps(2000));
        time.Advance(TimeSpan.FromSeconds(2));
        Assert.False(Steps(2000));
        Assert.False(budget.Step());
        budget.BeginNode();
        Assert.True(budget.Step());
        Assert.False(Steps(5000));
        budget.BeginNode();
        Assert.False(budget.Step());
    }

    [Fact]
    public void Search_AdminAccess_SeesDevicesThatOthersHave()
    {
        var allocated = new AllocatedDevices();
        allocated.Add(Allocation("n", "a", "b", "c"));
        Assert.Equal("none", Search([Slice("s", "n", s_three)], [Claim("c1", Exactly())], allocated));
        Assert.Equal("gpu=a gpu=b",
            Search([Slice("s", "n", s_three)], [Claim("c1", Exactly(count: 2, with: e => e.AdminAccess = true))], allocated));
        allocated.Remove(Allocation("n", "a", "b", "c"));
        Assert.Equal("gpu=a", Search([Slice("s", "n", s_three)], [Claim("c1", Exactly())], allocated));
    }

    [Theory]
    [InlineData("NoSchedule", null, "none")]
    [InlineData("NoExecute", null, "none")]
    [InlineData("None", null, "gpu=a")]
    [InlineData("NoSchedule", "key", "gpu=a")]
    [InlineData("NoSchedule", "other", "none")]
    [InlineData("NoSchedule", "", "gpu=a")]
    public void Search_TaintedDevice_MustBeTolerated(string effect, string? tolerated, string expected)
    {
        var slice = Slice("s", "n", [Device("a", d => d.Taints = [new() { Key = "key", Value = "v", Effect = effect }])]);
        Assert.Equal(expected, Search([slice], [Claim("c1", Exactly(with: e =>
            e.Tolerations = tolerated is null ? null : [new() { Key = tolerated, Operator = "Exists" }]))]));
    }

    [Fact]
    public void Search_TolerationOfOneValueAndEffect_HoldsForThese()
    {
        var slice = Slice("s", "n", [Device("a", d => d.Taints = [new() { Key = "key", Value = "v", Effect = "NoExecute" }])]);
        string With(string value, string effect) => Search([slice], [Claim("c1", Exactly(with: e =>
            e.Tolerations = [new() { Key = "key", Operator = "Equal", Value = value, Effect = effect }]))]);
        Assert.Equal("gpu=a", With("v", "NoExecute"));
        Assert.Equal("none", With("v", "NoSchedule"));
        Assert.Equal("none", With("w", "NoExecute"));
    }

    [Fact]
    public void Search_Partitions_ShareCounters()
    {
        static Device Part(string name, string memory) => Device(name, d => d.ConsumesCounters =
            [new() { CounterSet = "card", Counters = new() { ["memory"] = new() { Value = Quantity.Parse(memory) } } }]);
        var slice = Slice("s", "n", [Part("whole", "40Gi"), Part("half-0", "20Gi"), Part("half-1", "20Gi"), Part("half-2", "20Gi")], s =>
            s.Spec.SharedCounters = [new() { Name = "card", Counters = new() { ["memory"] = new() { Value = Quantity.Parse("40Gi") } } }]);
        Assert.Equal("gpu=whole", Search([slice], [Claim("c1", Exactly())]));
        Assert.Equal("gpu=half-0 gpu=half-1", Search([slice], [Claim("c1", Exactly(count: 2))]));
        Assert.Equal("none", Search([slice], [Claim("c1", Exactly(count: 3))]));
        var allocated = new AllocatedDevices();
        allocated.Add(Allocation("n", "half-1"));
        Assert.Equal("gpu=half-0", Search([slice], [Claim("c1", Exactly())], allocated));
        Assert.Equal("none", Search([slice], [Claim("c1", Exactly(count: 2))], allocated));
    }

    [Fact]
    public void Search_PoolWithUnknownCounter_IsInvalid()
    {
        var slice = Slice("s", "n", [Device("a", d => d.ConsumesCounters =
            [new() { CounterSet = "card", Counters = new() { ["memory"] = new() { Value = Quantity.Parse("1") } } }])]);
        Assert.Equal("invalid resource pools were encountered", Search([slice], [Claim("c1", Exactly())]));
        Assert.Equal("gpu=b", Search([slice, Slice("t", "n", [Device("b")], s => s.Spec.Pool.Name = "other")], [Claim("c1", Exactly())]));
    }

    [Fact]
    public void Search_SharedDevice_GivesOutItsCapacity()
    {
        var slice = Slice("s", "n", [Device("nic", d =>
        {
            d.AllowMultipleAllocations = true;
            d.Capacity = new() { ["bandwidth"] = new() { Value = Quantity.Parse("10G"), RequestPolicy = new() { Default = Quantity.Parse("1G") } } };
        })]);
        DeviceRequest Wants(string name, string? bandwidth) => Exactly(name, with: e =>
            e.Capacity = bandwidth is null ? null : new() { Requests = new() { ["bandwidth"] = Quantity.Parse(bandwidth) } });
        Assert.Equal("x=nic y=nic", Search([slice], [Claim("c1", Wants("x", "6G"), Wants("y", "4G"))]));
        Assert.Equal("none", Search([slice], [Claim("c1", Wants("x", "6G"), Wants("y", "5G"))]));
        Assert.Equal("x=nic | y=nic", Search([slice], [Claim("c1", Wants("x", "9G")), Claim("c2", Wants("y", null))]));
        Assert.Equal("none", Search([slice], [Claim("c1", Exactly(with: e => e.Capacity = new() { Requests = new() { ["speed"] = Quantity.Parse("1") } }))]));
        var allocated = new AllocatedDevices();
        var share = new AllocationResult
        {
            Devices = { Results = [new() { Driver = Driver, Pool = "n", Device = "nic", ShareID = "1", ConsumedCapacity = new() { ["bandwidth"] = Quantity.Parse("8G") } }] },
        };
        allocated.Add(share);
        Assert.Equal("none", Search([slice], [Claim("c1", Wants("x", "3G"))], allocated));
        allocated.Remove(share);
        Assert.Equal("x=nic", Search([slice], [Claim("c1", Wants("x", "3G"))], allocated));
    }

    [Fact]
    public void Search_PoolBeingReplaced_OnlyItsNewestGenerationCounts()
    {
        var old = Slice("s-old", "n", [Device("a")]);
        var half = Slice("s-new", "n", [Device("b")], s => (s.Spec.Pool.Generation, s.Spec.Pool.ResourceSliceCount) = (2, 2));
        Assert.Equal("none", Search([old, half], [Claim("c1", Exactly())]));
        Assert.Equal("claim default/c1, request all: asks for all devices, but resource pool gpu.example.com/n is currently being updated",
            Search([old, half], [Claim("c1", All())]));
        var rest = Slice("s-rest", "n", [Device("c")], s => (s.Spec.Pool.Generation, s.Spec.Pool.ResourceSliceCount) = (2, 2));
        Assert.Equal("all=b all=c", Search([old, half, rest], [Claim("c1", All())]));
    }

    [Fact]
    public void Search_DeviceTwiceInAPool_IsInvalid() => Assert.Equal(
        "invalid resource pools were encountered", Search([Slice("s", "n", [Device("a"), Device("a")])], [Claim("c1", Exactly())]));

    [Fact]
    public void Search_PerDeviceNodeSelection_OnlyWhatTheNodeReaches()
    {
        var slice = Slice("s", null, [Device("a", d => d.NodeName = "m"), Device("b", d => d.NodeName = "n"), Device("c", d => d.AllNodes = true)], s =>
        {
            s.Spec.AllNodes = null;
            s.Spec.PerDeviceNodeSelection = true;
        });
        Assert.Equal("all=b all=c", Search([slice], [Claim("c1", All())]));
    }

    [Fact]
    public void Search_MoreThanAClaimMayHave_IsRefused()
    {
        var many = Slice("s", "n", [.. Enumerable.Range(0, 40).Select(i => Device($"d{i:00}"))]);
        Assert.Equal("claim default/c1: number of requested devices 33 exceeds the claim limit of 32", Search([many], [Claim("c1", Exactly(count: 33))]));
        Assert.Equal("claim default/c1: number of requested devices 40 exceeds the claim limit of 32", Search([many], [Claim("c1", All())]));
        // Another alternative may do with fewer.
        var found = Search([many], [Claim("c1", Exactly(count: 20), FirstAvailable("more", Sub("many", 20), Sub("few", 2)))]);
        Assert.EndsWith("more/few=d20 more/few=d21", found);
    }

    [Fact]
    public void Search_ExpressionFails_NamesIt()
    {
        Assert.Equal("claim default/c1: selector #0 on device gpu.example.com/n/a: CEL runtime error: no such key: boom",
            Three(Exactly(with: e => e.Selectors = Selectors("boom"))));
        Assert.Equal("class gpu: selector #0 on device gpu.example.com/n/a: CEL runtime error: no such key: boom",
            Search([Slice("s", "n", s_three)], [Claim("c1", Exactly())], classes: [Class(selector: "boom")]));
    }

    [Fact]
    public void Search_HopelessPuzzle_EndsByItsBudget()
    {
        // 30 devices in pairs of one attribute each, of which 16 must all differ: every way fails at the end only.
        var devices = Enumerable.Range(0, 30).Select(i => Device($"d{i:00}", null, ("pair", $"{i / 2}"))).ToList();
        var claim = Claim("c1", Exactly(count: 16)).With(c => c.Spec.Devices.Constraints = [new() { DistinctAttribute = "gpu.example.com/pair" }]);
        var catalog = new DeviceCatalog();
        catalog.Set(Slice("s", "n", devices));
        var search = new DeviceSearch([Wish(claim)], [.. catalog.PoolsOf("n")], _ => true, new(), new SearchBudget(TimeProvider.System, TimeSpan.Zero, 10_000));
        Assert.Null(search.Run());
        Assert.Equal("timed out trying to allocate devices", search.Error);
        Assert.False(search.IsFatal);
    }

    [Fact]
    public void Search_PoolsWithBindingConditions_AreLookedAtLast()
    {
        var waits = Slice("s", "n", [Device("a", d => d.BindingConditions = ["attached"])], s => s.Spec.Pool.Name = "a");
        var ready = Slice("t", "n", [Device("b")], s => s.Spec.Pool.Name = "b");
        Assert.Equal("gpu=b", Search([waits, ready], [Claim("c1", Exactly())]));
        Assert.Equal("gpu=b gpu=a", Search([waits, ready], [Claim("c1", Exactly(count: 2))]));
    }
}
