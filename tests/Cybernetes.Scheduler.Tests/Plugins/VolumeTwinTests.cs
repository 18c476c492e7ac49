using Cybernetes.Foundation;
using Cybernetes.Objects;
using Cybernetes.Objects.Core.V1;
using Cybernetes.Objects.Storage.V1;
using Cybernetes.Scheduler.Cycle;
using Cybernetes.Scheduler.Why;
using NodeObject = Cybernetes.Objects.Core.V1.Node;

namespace Cybernetes.Scheduler.Tests.Plugins;

/// <summary>The four volume plugins against the rules read slowly, a node and a claim at a time, on random clusters.</summary>
public sealed class VolumeTwinTests
{
    private const string Zone = "topology.kubernetes.io/zone";
    private readonly ListedVolumeObjects _objects = new();
    private readonly List<NodeObject> _nodes = [];
    private readonly Dictionary<string, List<Pod>> _placed = [];

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public void Decide_RandomVolumes_FeasibleNodesEqualTwin(int seed)
    {
        var random = new Random(seed);
        MakeCluster(random);
        var columns = Cluster.Columns([.. _nodes]);
        var cycle = new SchedulingCycle(columns, Chance.Seeded(seed));
        var profile = Cluster.Profile(_objects);
        for (var i = 0; i < 250; i++)
        {
            var pod = Cluster.Pod("p" + i, with: p => p.Spec.Volumes = [.. Enumerable.Range(0, random.Next(1, 3)).Select(v => RandomVolume(random, v))]);
            var expected = _nodes.Where(n => Fits(pod, n)).Select(n => n.Metadata.Name).Order(StringComparer.Ordinal).ToList();
            var decision = cycle.Decide(Cluster.Facts(columns, pod), profile);
            Assert.Equal(expected.Count, decision.FeasibleNodes);
            if (decision.NodeName is null)
                continue;
            Assert.Contains(decision.NodeName, expected);
            Cluster.Place(columns, pod, decision.NodeName);
            _placed[decision.NodeName].Add(pod);
            if (random.Next(2) != 0 || _placed.Values.FirstOrDefault(p => p.Count > 0) is not { } some)
                continue;
            columns.RemovePod(some[0].Metadata.UID);
            some.RemoveAt(0);
        }
    }

    private void MakeCluster(Random random)
    {
        for (var i = 0; i < 12; i++)
        {
            var name = "n" + i;
            _nodes.Add(i % 5 == 4 ? Cluster.Node(name) : Cluster.Node(name, labels: (Zone, "z" + (i % 3))));
            _placed[name] = [];
            if (random.Next(3) != 0)
            {
                _objects.Nodes.Add(new CSINode
                {
                    Metadata = { Name = name }, Spec = { Drivers = [new() { Name = "disk", NodeID = name, Allocatable = new() { Count = random.Next(1, 4) } }] },
                });
            }
        }
        _objects.Classes.Add(new StorageClass { Metadata = { Name = "local" }, Provisioner = "kubernetes.io/no-provisioner", VolumeBindingMode = "WaitForFirstConsumer" });
        for (var i = 0; i < 16; i++)
        {
            var volume = new PersistentVolume { Metadata = { Name = "pv" + i } };
            volume.Spec.Capacity = new() { ["storage"] = Quantity.Parse(random.Next(1, 9) + "Gi") };
            volume.Spec.AccessModes = ["ReadWriteOnce"];
            volume.Spec.StorageClassName = i < 8 ? "bound" : "local";
            volume.Status.Phase = "Available";
            if (i % 2 == 0)
                volume.Spec.CSI = new() { Driver = "disk", VolumeHandle = volume.Metadata.Name };
            if (i >= 8 || random.Next(3) == 0)
                volume.Spec.NodeAffinity = OnNodes([.. Enumerable.Range(0, 3).Select(_ => "n" + random.Next(12))]);
            else if (random.Next(2) == 0)
                volume.Metadata.Labels = new() { [Zone] = random.Next(2) == 0 ? "z0" : "z1__z2" };
            _objects.Volumes.Add(volume);
            var claim = new PersistentVolumeClaim { Metadata = { Name = "c" + i, Namespace = "default", UID = "c" + i } };
            claim.Spec.AccessModes = [i % 4 == 3 && i < 8 ? "ReadWriteOncePod" : "ReadWriteOnce"];
            claim.Spec.StorageClassName = volume.Spec.StorageClassName;
            claim.Spec.Resources.Requests = new() { ["storage"] = Quantity.Parse(random.Next(1, 9) + "Gi") };
            if (i < 8)
            {
                claim.Spec.VolumeName = volume.Metadata.Name;
                claim.Metadata.Annotations = new() { ["pv.kubernetes.io/bind-completed"] = "yes" };
            }
            _objects.Claims.Add(claim);
        }
    }

    private static Volume RandomVolume(Random random, int at) => random.Next(5) == 0
        ? new Volume { Name = "v" + at, GCEPersistentDisk = new() { PDName = "disk" + random.Next(3), ReadOnly = random.Next(2) == 0 } }
        : new Volume { Name = "v" + at, PersistentVolumeClaim = new() { ClaimName = "c" + random.Next(16) } };

    private bool Fits(Pod pod, NodeObject node)
    {
        var claims = ClaimsOf(pod).Distinct().ToList();
        return claims.All(c => c.Spec.VolumeName.Length == 0 || Reaches(_objects.Volume(c.Spec.VolumeName)!, node))
            && claims.All(c => !c.Spec.AccessModes!.Contains("ReadWriteOncePod") || !_placed.Values.SelectMany(p => p).Any(other => ClaimsOf(other).Contains(c)))
            && FindsFree([.. ClaimsOf(pod).Where(c => c.Spec.VolumeName.Length == 0)], node) && HasSlots(pod, node)
            && !_placed[node.Metadata.Name].Any(other => Disks(pod).Any(mine => Disks(other).Any(theirs => mine.Name == theirs.Name && !(mine.ReadOnly && theirs.ReadOnly))));
    }

    private IEnumerable<PersistentVolumeClaim> ClaimsOf(Pod pod) =>
        pod.Spec.Volumes!.Where(v => v.PersistentVolumeClaim is not null).Select(v => _objects.Claim("default", v.PersistentVolumeClaim!.ClaimName)!);

    private static IEnumerable<(string Name, bool ReadOnly)> Disks(Pod pod) =>
        pod.Spec.Volumes!.Where(v => v.GCEPersistentDisk is not null).Select(v => (v.GCEPersistentDisk!.PDName, v.GCEPersistentDisk.ReadOnly));

    private static bool Reaches(PersistentVolume volume, NodeObject node)
    {
        var names = volume.Spec.NodeAffinity?.Required?.NodeSelectorTerms?[0].MatchExpressions?[0].Values;
        if (names is not null && !names.Contains(node.Metadata.Name))
            return false;
        // A node without a zone is not held against it.
        return !volume.Metadata.Labels.OrEmpty().TryGetValue(Zone, out var zones)
            || !node.Metadata.Labels!.TryGetValue(Zone, out var zone) || zones.Split("__").Contains(zone);
    }

    /// <summary>Claims in their order, each with the smallest volume that is left and large enough.</summary>
    private bool FindsFree(List<PersistentVolumeClaim> waiting, NodeObject node)
    {
        var taken = new HashSet<string>();
        foreach (var claim in waiting)
        {
            var smallest = _objects.VolumesOf("local")
                .Where(v => !taken.Contains(v.Metadata.Name) && Reaches(v, node) && v.Spec.Capacity!["storage"] >= claim.Spec.Resources.Requests!["storage"])
                .MinBy(v => v.Spec.Capacity!["storage"]);
            if (smallest is null || !taken.Add(smallest.Metadata.Name))
                return false;
        }
        return true;
    }

    private bool HasSlots(Pod pod, NodeObject node)
    {
        if (_objects.Node(node.Metadata.Name) is not { } driver)
            return true;
        HashSet<string> Attached(IEnumerable<Pod> pods) => [.. pods.SelectMany(ClaimsOf).Where(c => c.Spec.VolumeName.Length > 0)
            .Select(c => _objects.Volume(c.Spec.VolumeName)!.Spec.CSI?.VolumeHandle).OfType<string>()];
        var there = Attached(_placed[node.Metadata.Name]);
        var all = Attached(_placed[node.Metadata.Name].Append(pod));
        return all.Count == there.Count || all.Count <= driver.Spec.Drivers![0].Allocatable!.Count;
    }

    private static VolumeNodeAffinity OnNodes(List<string> names) => new()
    {
        Required = new() { NodeSelectorTerms = [new() { MatchExpressions = [new() { Key = "kubernetes.io/hostname", Operator = "In", Values = names }] }] },
    };
}
