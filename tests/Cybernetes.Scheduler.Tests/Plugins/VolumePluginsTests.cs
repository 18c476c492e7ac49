using Cybernetes.Objects;
using Cybernetes.Objects.Core.V1;
using Cybernetes.Objects.Storage.V1;
using Cybernetes.Scheduler.Why;

namespace Cybernetes.Scheduler.Tests.Plugins;

public sealed class VolumePluginsTests
{
    private readonly ListedVolumeObjects _volumes = new();

    [Fact]
    public void Decide_LocalVolumeOfAnotherNode_SaysNodeAffinityConflict()
    {
        _volumes.Claims.Add(Claim("data", volume: "pv"));
        _volumes.Volumes.Add(Volume("pv", onNode: "b"));
        Assert.Equal("b", Decide("a", "b").NodeName);
        Assert.StartsWith("0/1 nodes are available: 1 node(s) had volume node affinity conflict. ", Decide("a").Diagnosis.Message(1));
    }

    [Fact]
    public void Decide_UnboundImmediateClaim_WaitsForItsBinding()
    {
        _volumes.Claims.Add(Claim("data"));
        Assert.StartsWith("0/1 nodes are available: pod has unbound immediate PersistentVolumeClaims. ", Decide("a").Diagnosis.Message(1));
    }

    [Fact]
    public void Decide_FirstConsumer_FindsTheNodeOfAFreeVolume()
    {
        _volumes.Classes.Add(new StorageClass { Metadata = { Name = "local" }, Provisioner = "kubernetes.io/no-provisioner", VolumeBindingMode = "WaitForFirstConsumer" });
        _volumes.Claims.Add(Claim("data", className: "local"));
        _volumes.Volumes.Add(Volume("small", onNode: "a", size: "1Gi", className: "local"));
        _volumes.Volumes.Add(Volume("large", onNode: "c", size: "8Gi", className: "local"));
        Assert.Equal("c", Decide("a", "b", "c").NodeName);
        Assert.StartsWith("0/2 nodes are available: 2 node(s) didn't find available persistent volumes to bind. ", Decide("a", "b").Diagnosis.Message(2));
    }

    [Fact]
    public void Decide_FirstConsumerWithProvisioner_KeepsToAllowedTopologies()
    {
        _volumes.Classes.Add(new StorageClass
        {
            Metadata = { Name = "zonal" }, Provisioner = "example.com/disk", VolumeBindingMode = "WaitForFirstConsumer",
            AllowedTopologies = [new() { MatchLabelExpressions = [new() { Key = "kubernetes.io/hostname", Values = ["b"] }] }],
        });
        _volumes.Claims.Add(Claim("data", className: "zonal"));
        Assert.Equal("b", Decide("a", "b", "c").NodeName);
    }

    [Fact]
    public void Decide_ReadWriteOncePodInUse_Refuses()
    {
        _volumes.Claims.Add(Claim("data", volume: "pv", mode: "ReadWriteOncePod"));
        _volumes.Volumes.Add(Volume("pv"));
        var columns = Cluster.Columns(Cluster.Node("a"));
        Cluster.Place(columns, Pod("user"), "a");
        var decision = Cluster.Decide(columns, Pod("second"), profile: Cluster.Profile(_volumes));
        Assert.StartsWith("0/1 nodes are available: 1 node has pod using PersistentVolumeClaim with the same name and ReadWriteOncePod access mode. ",
            decision.Diagnosis.Message(1));
    }

    [Fact]
    public void Decide_ZonedVolume_KeepsToItsZone()
    {
        _volumes.Claims.Add(Claim("data", volume: "pv"));
        var volume = Volume("pv");
        volume.Metadata.Labels = new() { ["topology.kubernetes.io/zone"] = "z2" };
        _volumes.Volumes.Add(volume);
        var columns = Cluster.Columns(
            Cluster.Node("a", labels: ("topology.kubernetes.io/zone", "z1")), Cluster.Node("b", labels: ("topology.kubernetes.io/zone", "z2")));
        Assert.Equal("b", Cluster.Decide(columns, Pod("p"), profile: Cluster.Profile(_volumes)).NodeName);
    }

    [Fact]
    public void Decide_NodeAtItsVolumeLimit_Refuses()
    {
        _volumes.Nodes.Add(new CSINode { Metadata = { Name = "a" }, Spec = { Drivers = [new() { Name = "d", NodeID = "a", Allocatable = new() { Count = 1 } }] } });
        foreach (var name in new[] { "one", "two" })
        {
            _volumes.Claims.Add(Claim(name, volume: "pv-" + name));
            var volume = Volume("pv-" + name);
            volume.Spec.CSI = new() { Driver = "d", VolumeHandle = name };
            _volumes.Volumes.Add(volume);
        }
        var columns = Cluster.Columns(Cluster.Node("a"));
        Cluster.Place(columns, Pod("first", "one"), "a");
        Assert.Equal("a", Cluster.Decide(columns, Pod("same", "one"), profile: Cluster.Profile(_volumes)).NodeName);
        Assert.StartsWith("0/1 nodes are available: 1 node(s) exceed max volume count. ",
            Cluster.Decide(columns, Pod("other", "two"), profile: Cluster.Profile(_volumes)).Diagnosis.Message(1));
    }

    /// <summary>Volumes of the old kinds count for the drivers that attach them now, be they named by claims, in pods, or made by a class.</summary>
    [Theory]
    [InlineData("ebs.csi.aws.com", "aws://zone-1/vol-1", true)]
    [InlineData("ebs.csi.aws.com", "vol-2", false)]
    [InlineData("pd.csi.storage.gke.io", "vol-2", true)]
    public void Decide_VolumesOfOldKinds_CountForTheirDriver(string limited, string second, bool fits)
    {
        _volumes.Nodes.Add(Limited("a", limited));
        _volumes.Claims.Add(Claim("one", volume: "pv"));
        var volume = Volume("pv");
        volume.Spec.AWSElasticBlockStore = new() { VolumeID = "vol-1" };
        _volumes.Volumes.Add(volume);
        var columns = Cluster.Columns(Cluster.Node("a"));
        Cluster.Place(columns, Pod("first", "one"), "a");
        var other = Cluster.Pod("other", with: p => p.Spec.Volumes = [new Volume { Name = "v", AWSElasticBlockStore = new() { VolumeID = second } }]);
        var decision = Cluster.Decide(columns, other, profile: Cluster.Profile(_volumes));
        Assert.Equal(fits ? "a" : null, decision.NodeName);
        if (!fits)
            Assert.Contains("1 node(s) exceed max volume count", decision.Diagnosis.Message(1), StringComparison.Ordinal);
    }

    [Fact]
    public void Decide_ClassOfAnOldProvisioner_CountsForItsDriver()
    {
        _volumes.Nodes.Add(Limited("a", "disk.csi.azure.com"));
        _volumes.Classes.Add(new StorageClass { Metadata = { Name = "old" }, Provisioner = "kubernetes.io/azure-disk", VolumeBindingMode = "WaitForFirstConsumer" });
        _volumes.Claims.Add(Claim("one", className: "old"));
        _volumes.Claims.Add(Claim("two", className: "old"));
        var columns = Cluster.Columns(Cluster.Node("a"));
        Cluster.Place(columns, Pod("first", "one"), "a");
        Assert.Contains("node(s) exceed max volume count",
            Cluster.Decide(columns, Pod("second", "two"), profile: Cluster.Profile(_volumes)).Diagnosis.Message(1), StringComparison.Ordinal);
    }

    [Fact]
    public void Decide_VolumeStillAttachedThoughItsPodIsGone_Counts()
    {
        _volumes.Nodes.Add(Limited("a", "d"));
        foreach (var name in new[] { "one", "two" })
        {
            _volumes.Claims.Add(Claim(name, volume: "pv-" + name));
            var volume = Volume("pv-" + name);
            volume.Spec.CSI = new() { Driver = "d", VolumeHandle = name };
            _volumes.Volumes.Add(volume);
        }
        _volumes.Attachments.Add(new VolumeAttachment { Spec = { Attacher = "d", NodeName = "a", Source = { PersistentVolumeName = "pv-one" } } });
        var columns = Cluster.Columns(Cluster.Node("a"));
        Assert.Equal("a", Cluster.Decide(columns, Pod("same", "one"), profile: Cluster.Profile(_volumes)).NodeName);
        Assert.StartsWith("0/1 nodes are available: 1 node(s) exceed max volume count. ",
            Cluster.Decide(columns, Pod("other", "two"), profile: Cluster.Profile(_volumes)).Diagnosis.Message(1));
        _volumes.Attachments.Clear();
        Assert.Equal("a", Cluster.Decide(columns, Pod("other", "two"), profile: Cluster.Profile(_volumes)).NodeName);
    }

    private static CSINode Limited(string node, string driver) => new()
    {
        Metadata = { Name = node }, Spec = { Drivers = [new() { Name = driver, NodeID = node, Allocatable = new() { Count = 1 } }] },
    };

    private Cybernetes.Scheduler.Cycle.Decision Decide(params string[] nodes) =>
        Cluster.Decide(Cluster.Columns([.. nodes.Select(n => Cluster.Node(n))]), Pod("p"), profile: Cluster.Profile(_volumes));

    private static Pod Pod(string name, string claim = "data") => Cluster.Pod(name, with: p =>
        p.Spec.Volumes = [new Volume { Name = "v", PersistentVolumeClaim = new() { ClaimName = claim } }]);

    private static PersistentVolumeClaim Claim(string name, string volume = "", string className = "", string mode = "ReadWriteOnce")
    {
        var claim = new PersistentVolumeClaim { Metadata = { Name = name, Namespace = "default", UID = name } };
        claim.Spec.VolumeName = volume;
        claim.Spec.StorageClassName = className;
        claim.Spec.AccessModes = [mode];
        claim.Spec.Resources.Requests = new() { ["storage"] = Quantity.Parse("5Gi") };
        if (volume.Length > 0)
            claim.Metadata.Annotations = new() { ["pv.kubernetes.io/bind-completed"] = "yes" };
        return claim;
    }

    private static PersistentVolume Volume(string name, string? onNode = null, string size = "5Gi", string className = "")
    {
        var volume = new PersistentVolume { Metadata = { Name = name } };
        volume.Spec.Capacity = new() { ["storage"] = Quantity.Parse(size) };
        volume.Spec.AccessModes = ["ReadWriteOnce"];
        volume.Spec.StorageClassName = className;
        volume.Status.Phase = "Available";
        if (onNode is not null)
        {
            volume.Spec.NodeAffinity = new()
            {
                Required = new()
                {
                    NodeSelectorTerms = [new() { MatchExpressions = [new() { Key = "kubernetes.io/hostname", Operator = "In", Values = [onNode] }] }],
                },
            };
        }
        return volume;
    }
}
