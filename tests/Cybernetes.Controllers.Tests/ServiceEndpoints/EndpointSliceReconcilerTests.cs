using Cybernetes.Controllers.ServiceEndpoints;
using Cybernetes.Objects;
using Cybernetes.Objects.Core.V1;
using Cybernetes.Objects.Discovery.V1;
using ClusterNode = Cybernetes.Objects.Core.V1.Node;

namespace Cybernetes.Controllers.Tests.ServiceEndpoints;

public sealed class EndpointSliceReconcilerTests
{
    private static SlicePlan Plan(Service service, IEnumerable<Pod> pods, IReadOnlyList<EndpointSlice>? existing = null, int maximum = 100) =>
        EndpointSliceReconciler.Reconcile(service, pods, existing ?? [], Node, maximum);

    private static ClusterNode? Node(string name)
    {
        if (name == "gone")
            return null;
        var node = Make.Node(name);
        node.Metadata.Labels = new() { ["topology.kubernetes.io/zone"] = "zone-" + name };
        return node;
    }

    /// <summary>What the server would hold after a plan.</summary>
    private static List<EndpointSlice> Applied(SlicePlan plan, IReadOnlyList<EndpointSlice>? existing = null)
    {
        var slices = (existing ?? []).Where(s => !plan.Delete.Contains(s)).ToDictionary(s => s.Metadata.Name);
        foreach (var slice in plan.Update)
            slices[slice.Metadata.Name] = slice;
        foreach (var slice in plan.Create)
        {
            slice.Metadata.Name = "slice-" + slices.Count + "-" + slice.Endpoints.OrEmpty().FirstOrDefault()?.Addresses![0];
            slices[slice.Metadata.Name] = slice;
        }
        return [.. slices.Values];
    }

    private static IEnumerable<Pod> Pods(int from, int count) =>
        Enumerable.Range(from, count).Select(i => Make.Pod("p" + i, ip: $"10.1.{i / 250}.{1 + (i % 250)}"));

    [Fact]
    public void Reconcile_NoPods_MakesOneEmptySliceAndRests()
    {
        var slice = Assert.Single(Plan(Make.Service(), []).Create);

        Assert.Equal("IPv4", slice.AddressType);
        Assert.Empty(slice.Endpoints.OrEmpty());
        Assert.Equal(("web-", "web"), (slice.Metadata.GenerateName, slice.Metadata.OwnerReferences![0].Name));
        Assert.Equal(
            [("endpointslice.kubernetes.io/managed-by", "endpointslice-controller.k8s.io"), ("kubernetes.io/service-name", "web"), ("tier", "front")],
            slice.Metadata.Labels!.OrderBy(l => l.Key, StringComparer.Ordinal).Select(l => (l.Key, l.Value)));
        var again = Plan(Make.Service(), [], [slice]);
        Assert.Empty(again.Create.Concat(again.Update).Concat(again.Delete));
    }

    [Theory]
    [InlineData(true, false, false, true, true, false)]
    [InlineData(false, false, false, false, false, false)]
    [InlineData(true, true, false, false, true, true)]
    [InlineData(false, false, true, true, false, false)]
    [InlineData(true, true, true, true, true, true)]
    public void Endpoint_OfPod_HasUpstreamsConditions(bool isReady, bool isTerminating, bool publishes, bool ready, bool serving, bool terminating)
    {
        var service = Make.Service();
        service.Spec.PublishNotReadyAddresses = publishes;
        var pod = Make.Pod("a", isReady).With(p => p.Metadata.DeletionTimestamp = isTerminating ? Make.Start : null);
        var endpoint = Assert.Single(Assert.Single(Plan(service, [pod]).Create).Endpoints!);

        Assert.Equal((ready, serving, terminating), (endpoint.Conditions.Ready, endpoint.Conditions.Serving, endpoint.Conditions.Terminating));
        Assert.Equal(("10.1.0.1", "node-1", "zone-node-1", "a"),
            (endpoint.Addresses![0], endpoint.NodeName, endpoint.Zone, endpoint.TargetRef!.Name));
    }

    [Fact]
    public void Reconcile_PodsThatCannotServe_AreLeftOut()
    {
        Pod[] pods =
        [
            Make.Pod("finished").With(p => p.Status.Phase = PodPhase.Succeeded), Make.Pod("addressless", ip: ""), Make.Pod("homeless", node: "gone"),
        ];
        var plan = Plan(Make.Service(), pods);

        Assert.Empty(Assert.Single(plan.Create).Endpoints.OrEmpty());
        Assert.Equal(["homeless"], plan.Homeless);
    }

    [Fact]
    public void Reconcile_NamedPortsDiffer_MakesASliceForEachSetOfPorts()
    {
        var service = Make.Service("10.96.0.1", new ServicePort { Name = "web", Port = 80, Protocol = "TCP", TargetPort = IntOrString.FromString("http") });
        var other = Make.Pod("b", ip: "10.1.0.2").With(p => p.Spec.Containers![0].Ports![0].ContainerPortValue = 9090);
        var lacking = Make.Pod("c", ip: "10.1.0.3").With(p => p.Spec.Containers![0].Ports = null);

        var slices = Plan(service, [Make.Pod("a"), other, lacking]).Create;

        Assert.Equal([null, 8080, 9090], slices.Select(s => s.Ports.OrEmpty().FirstOrDefault()?.Port).Order());
    }

    [Fact]
    public void Reconcile_ManyPods_FillSlicesAndTouchOnlyWhatChanges()
    {
        var plan = Plan(Make.Service(), Pods(0, 25), maximum: 10);
        Assert.Equal([10, 10, 5], plan.Create.Select(s => s.Endpoints!.Count).OrderDescending());
        var slices = Applied(plan);

        var rest = Plan(Make.Service(), Pods(0, 25), slices, 10);
        Assert.Empty(rest.Create.Concat(rest.Update).Concat(rest.Delete));

        var grown = Plan(Make.Service(), Pods(0, 28), slices, 10);
        Assert.Empty(grown.Create);
        Assert.Equal(8, Assert.Single(grown.Update).Endpoints!.Count);

        var gone = Plan(Make.Service(), Pods(0, 20), slices, 10);
        var emptied = gone.Delete.Count + gone.Update.Count;
        Assert.InRange(emptied, 1, 3);
        Assert.Equal(20, Applied(gone, slices).Sum(s => s.Endpoints!.Count));
    }

    [Fact]
    public void Reconcile_HeadlessWithoutPorts_ListsPodsWithHostnames()
    {
        var service = Make.Service("None");
        service.Spec.Ports = null;
        var pod = Make.Pod("a").With(p => (p.Spec.Hostname, p.Spec.Subdomain) = ("a", "web"));
        var slice = Assert.Single(Plan(service, [pod]).Create);

        Assert.Equal("", slice.Metadata.Labels!["service.kubernetes.io/headless"]);
        Assert.Equal("a", slice.Endpoints![0].Hostname);
        Assert.Empty(slice.Ports.OrEmpty());
    }

    [Fact]
    public void Reconcile_TwoFamilies_MakesSlicesOfEachAndDropsOthers()
    {
        var service = Make.Service();
        service.Spec.IPFamilies = ["IPv4", "IPv6"];
        var pod = Make.Pod("a").With(p => p.Status.PodIPs = [new() { IP = "10.1.0.1" }, new() { IP = "fd00::1" }]);
        var slices = Applied(Plan(service, [pod]));
        Assert.Equal([("IPv4", "10.1.0.1"), ("IPv6", "fd00::1")], slices.Select(s => (s.AddressType, s.Endpoints![0].Addresses![0])).Order());

        service.Spec.IPFamilies = ["IPv4"];
        Assert.Equal("IPv6", Assert.Single(Plan(service, [pod], slices).Delete).AddressType);
    }

    [Fact]
    public void Reconcile_LabelsChangedByHand_PutsThemBack()
    {
        var slices = Applied(Plan(Make.Service(), [Make.Pod("a")]));
        slices[0].Metadata.Labels!["stray"] = "x";

        Assert.False(Assert.Single(Plan(Make.Service(), [Make.Pod("a")], slices).Update).Metadata.Labels!.ContainsKey("stray"));
    }
}
