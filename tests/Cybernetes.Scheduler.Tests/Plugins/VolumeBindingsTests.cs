using System.Net;
using System.Text.Json;
using Cybernetes.Client.Transport;
using Cybernetes.Foundation;
using Cybernetes.Objects;
using Cybernetes.Objects.Core.V1;
using Cybernetes.Objects.Storage.V1;
using Cybernetes.Scheduler.Plugins.Volumes;
using Cybernetes.Scheduler.Why;

namespace Cybernetes.Scheduler.Tests.Plugins;

public sealed class VolumeBindingsTests : IDisposable
{
    private static readonly TimeSpan s_step = TimeSpan.FromMilliseconds(500);
    private readonly VirtualTimeProvider _time = new();
    private readonly ListedVolumeObjects _objects = new();
    private readonly Written _written = new();
    private readonly ApiClient _client;
    private readonly VolumeBindings _bindings;
    private readonly Pod _pod = Cluster.Pod("p");

    public VolumeBindingsTests()
    {
        _client = new ApiClient(_written, new Uri("https://api.test"), new ApiClientOptions { Time = _time });
        _bindings = new VolumeBindings(_client, _objects, TimeSpan.FromSeconds(600));
    }

    public void Dispose() => _client.Dispose();

    [Fact]
    public async Task Bind_NothingChosen_IsDoneAtOnce() => Assert.Null(await _bindings.BindAsync(_pod, "a", default));

    [Fact]
    public async Task Bind_ChosenVolume_GetsTheClaimAndIsWaitedFor()
    {
        var claim = Claim("data");
        _bindings.Assume("p", [new VolumeChoice(claim, Volume("pv"))]);
        var binding = _bindings.BindAsync(_pod, "a", default).AsTask();
        await _time.AdvanceAsync(TimeSpan.FromMinutes(1));
        Assert.False(binding.IsCompleted);
        var volume = Assert.Single(_written.Bodies);
        Assert.Equal("uid-data", volume.GetProperty("spec").GetProperty("claimRef").GetProperty("uid").GetString());
        Assert.Equal("yes", volume.GetProperty("metadata").GetProperty("annotations").GetProperty(PodClaims.BoundByController).GetString());

        _objects.Claims[0] = Bound(claim, "pv");
        Assert.Null(await Eventually(binding));
        Assert.False(_bindings.IsTaken("pv", Claim("other")));
    }

    [Fact]
    public async Task Bind_ClassMakesTheVolume_ClaimGetsTheNodeAndIsWaitedFor()
    {
        var claim = Claim("data");
        _bindings.Assume("p", [new VolumeChoice(claim, null)]);
        var binding = _bindings.BindAsync(_pod, "node-7", default).AsTask();
        await _time.AdvanceAsync(TimeSpan.FromMilliseconds(200));
        Assert.Equal("node-7", Assert.Single(_written.Bodies).GetProperty("metadata").GetProperty("annotations").GetProperty(PodClaims.SelectedNode).GetString());
        _objects.Claims[0] = Bound(claim, "made");
        Assert.Null(await Eventually(binding));
    }

    [Theory]
    [InlineData("here", null)]
    [InlineData("there", "binding volumes: pv \"made\" node affinity doesn't match node \"node-7\": no matching NodeSelectorTerms")]
    public async Task Bind_VolumeMadeOnANode_MustBeReachedFromThePods(string place, string? refusal)
    {
        var claim = Claim("data");
        _bindings.Assume("p", [new VolumeChoice(claim, null)], new() { Metadata = { Name = "node-7", Labels = new() { ["place"] = "here" } } });
        var binding = _bindings.BindAsync(_pod, "node-7", default).AsTask();
        _objects.Claims[0] = Bound(claim, "made");
        await _time.AdvanceAsync(TimeSpan.FromSeconds(5));
        Assert.False(binding.IsCompleted);
        var volume = Volume("made");
        volume.Spec.NodeAffinity = new()
        {
            Required = new() { NodeSelectorTerms = [new() { MatchExpressions = [new() { Key = "place", Operator = "In", Values = [place] }] }] },
        };
        _objects.Volumes.Add(volume);
        Assert.Equal(refusal, await Eventually(binding));
    }

    [Fact]
    public async Task Bind_NeverBound_GivesUpAfterTheTimeout()
    {
        _bindings.Assume("p", [new VolumeChoice(Claim("data"), Volume("pv"))]);
        var binding = _bindings.BindAsync(_pod, "a", default).AsTask();
        await _time.AdvanceAsync(TimeSpan.FromSeconds(590));
        Assert.False(binding.IsCompleted);
        Assert.Equal("binding volumes: context deadline exceeded", await Eventually(binding));
    }

    [Fact]
    public async Task Bind_ProvisionerTakesTheNodeAway_SaysProvisioningFailed()
    {
        // What was read from the informer stays as it was: the annotation never comes, as after a provisioner has removed it.
        _bindings.Assume("p", [new VolumeChoice(Claim("data"), null)]);
        var binding = _bindings.BindAsync(_pod, "a", default).AsTask();
        Assert.Equal("binding volumes: provisioning failed for PVC \"data\"", await Eventually(binding));
    }

    [Fact]
    public async Task Bind_ServerRefuses_Throws()
    {
        _written.Refuses = true;
        _bindings.Assume("p", [new VolumeChoice(Claim("data"), Volume("pv"))]);
        var failure = await Assert.ThrowsAsync<ApiStatusException>(() => _bindings.BindAsync(_pod, "a", default).AsTask());
        Assert.True(failure.IsConflict);
    }

    [Fact]
    public void Assume_Volume_IsKeptFromOtherClaimsUntilForgotten()
    {
        _bindings.Assume("p", [new VolumeChoice(Claim("data"), Volume("pv"))]);
        Assert.True(_bindings.IsTaken("pv", Claim("other")));
        Assert.False(_bindings.IsTaken("pv", Claim("data")));
        _bindings.Forget("p");
        Assert.False(_bindings.IsTaken("pv", Claim("other")));
    }

    [Fact]
    public void Decide_TwoPodsWaitForOneVolume_SecondOneMustGoElsewhere()
    {
        _objects.Classes.Add(new StorageClass { Metadata = { Name = "local" }, Provisioner = "kubernetes.io/no-provisioner", VolumeBindingMode = "WaitForFirstConsumer" });
        _objects.Volumes.Add(Volume("pv"));
        Claim("first", "local");
        Claim("second", "local");
        var profile = Cluster.Profile(_objects);
        var columns = Cluster.Columns(Cluster.Node("a"));
        var cycle = new Scheduler.Cycle.SchedulingCycle(columns, Chance.Seeded(1));
        Assert.Equal("a", cycle.Decide(Cluster.Facts(columns, User("first")), profile).NodeName);
        foreach (var plugin in profile.Reserves)
            plugin.Reserve(cycle, "a");
        var refused = cycle.Decide(Cluster.Facts(columns, User("second")), profile);
        Assert.StartsWith("0/1 nodes are available: 1 node(s) didn't find available persistent volumes to bind. ", refused.Diagnosis.Message(1), StringComparison.Ordinal);
        foreach (var plugin in profile.Reserves)
            plugin.Unreserve(User("first"));
        Assert.Equal("a", cycle.Decide(Cluster.Facts(columns, User("second")), profile).NodeName);
    }

    [Fact]
    public void Decide_DriverTellsCapacity_ClaimMustFitInTheNodesPart()
    {
        _objects.Classes.Add(new StorageClass { Metadata = { Name = "zonal" }, Provisioner = "example.com/disk", VolumeBindingMode = "WaitForFirstConsumer" });
        _objects.Drivers.Add(new CSIDriver { Metadata = { Name = "example.com/disk" }, Spec = { StorageCapacity = true } });
        foreach (var (zone, size) in new[] { ("z1", "1Gi"), ("z2", "10Gi") })
        {
            _objects.Capacities.Add(new CSIStorageCapacity
            {
                Metadata = { Name = zone }, StorageClassName = "zonal", Capacity = Quantity.Parse(size), NodeTopology = Cluster.Selects("zone", zone),
            });
        }
        Claim("data", "zonal");
        var columns = Cluster.Columns(Cluster.Node("a", labels: ("zone", "z1")), Cluster.Node("b", labels: ("zone", "z2")));
        Assert.Equal("b", Cluster.Decide(columns, User("data"), profile: Cluster.Profile(_objects)).NodeName);
        columns.RemoveNode("b");
        Assert.StartsWith("0/1 nodes are available: 1 node(s) did not have enough free storage. ",
            Cluster.Decide(columns, User("data"), profile: Cluster.Profile(_objects)).Diagnosis.Message(1), StringComparison.Ordinal);
    }

    private async Task<string?> Eventually(Task<string?> binding)
    {
        while (!binding.IsCompleted)
            await _time.AdvanceAsync(s_step);
        return await binding;
    }

    private PersistentVolumeClaim Claim(string name, string className = "")
    {
        var claim = new PersistentVolumeClaim { Metadata = { Name = name, Namespace = "default", UID = "uid-" + name } };
        claim.Spec.StorageClassName = className;
        claim.Spec.AccessModes = ["ReadWriteOnce"];
        claim.Spec.Resources.Requests = new() { ["storage"] = Quantity.Parse("2Gi") };
        _objects.Claims.Add(claim);
        return claim;
    }

    private static PersistentVolumeClaim Bound(PersistentVolumeClaim claim, string volume)
    {
        var bound = claim.DeepClone();
        bound.Spec.VolumeName = volume;
        bound.Metadata.Annotations = new() { [PodClaims.BindCompleted] = "yes" };
        return bound;
    }

    private static PersistentVolume Volume(string name)
    {
        var volume = new PersistentVolume { Metadata = { Name = name, ResourceVersion = "7" } };
        volume.Spec.StorageClassName = "local";
        volume.Spec.AccessModes = ["ReadWriteOnce"];
        volume.Spec.Capacity = new() { ["storage"] = Quantity.Parse("5Gi") };
        return volume;
    }

    private static Pod User(string claim) => Cluster.Pod("of-" + claim, with: p =>
        p.Spec.Volumes = [new Volume { Name = "v", PersistentVolumeClaim = new() { ClaimName = claim } }]);

    /// <summary>An API server that takes what it is given, and keeps it; or refuses.</summary>
    private sealed class Written : HttpMessageHandler
    {
        public List<JsonElement> Bodies { get; } = [];

        public bool Refuses { get; set; }

        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            var body = await request.Content!.ReadAsByteArrayAsync(cancellationToken);
            if (Refuses)
                return new(HttpStatusCode.Conflict) { Content = new StringContent("""{"kind":"Status","status":"Failure","reason":"Conflict","code":409}""") };
            Bodies.Add(JsonDocument.Parse(body).RootElement);
            return new(HttpStatusCode.OK) { Content = new ByteArrayContent(body) };
        }
    }
}
