using Cybernetes.Controllers.ServiceEndpoints;
using Cybernetes.Objects;
using Cybernetes.Objects.Core.V1;

namespace Cybernetes.Controllers.Tests.ServiceEndpoints;

public sealed class EndpointsReconcilerTests
{
    private static string[] Texts(IEnumerable<EndpointAddress>? addresses) => [.. (addresses ?? []).Select(a => $"{a.IP} {a.TargetRef!.Name}")];

    [Fact]
    public void Desired_ReadyAndNot_GoToTheirLists()
    {
        Pod[] pods =
        [
            Make.Pod("b", ip: "10.1.0.2"), Make.Pod("a", ip: "10.1.0.1"), Make.Pod("c", ready: false, ip: "10.1.0.3"),
            Make.Pod("d", ip: "10.1.0.4").With(p => p.Metadata.DeletionTimestamp = Make.Start),
        ];
        var subset = Assert.Single(EndpointsReconciler.Desired(Make.Service(), pods, null).Subsets!);

        Assert.Equal(["10.1.0.1 a", "10.1.0.2 b"], Texts(subset.Addresses));
        Assert.Equal(["10.1.0.3 c"], Texts(subset.NotReadyAddresses));
        Assert.Equal(8080, Assert.Single(subset.Ports!).Port);
    }

    [Fact]
    public void Desired_PodsOfOneHostAddress_AreAllListed()
    {
        var subset = Assert.Single(EndpointsReconciler.Desired(Make.Service(), [Make.Pod("a"), Make.Pod("b")], null).Subsets!);

        Assert.Equal(["10.1.0.1 a", "10.1.0.1 b"], Texts(subset.Addresses));
    }

    [Fact]
    public void Desired_OfItsOwnResult_IsTheSame()
    {
        Pod[] pods = [Make.Pod("a"), Make.Pod("b", ready: false, ip: "10.1.0.2")];
        var first = EndpointsReconciler.Desired(Make.Service(), pods, null);

        Assert.True(EndpointsReconciler.Desired(Make.Service(), pods.Reverse(), first).SemanticEquals(first));
        Assert.Equal("endpoint-controller", first.Metadata.Labels![EndpointsReconciler.ManagedBy]);
        Assert.Equal("front", first.Metadata.Labels["tier"]);
    }

    [Fact]
    public void Desired_NoPods_HasNoSubsets() => Assert.Null(EndpointsReconciler.Desired(Make.Service(), [], null).Subsets);

    [Fact]
    public void Desired_TooMany_KeepsReadyOnesAndSaysSo()
    {
        var pods = Enumerable.Range(0, 1005).Select(i => Make.Pod("p" + i, ready: i >= 5, ip: $"10.1.{i / 250}.{1 + (i % 250)}")).ToList();
        var full = EndpointsReconciler.Desired(Make.Service(), pods, null);
        Assert.Equal("truncated", full.Metadata.Annotations![EndpointsReconciler.OverCapacity]);
        Assert.Equal(1000, full.Subsets![0].Addresses!.Count);

        Assert.False(EndpointsReconciler.Desired(Make.Service(), pods.Take(10), full).Metadata.Annotations!.ContainsKey(EndpointsReconciler.OverCapacity));
    }

    [Fact]
    public void Desired_PublishNotReady_ListsAllAsReady()
    {
        var service = Make.Service("None");
        service.Spec.PublishNotReadyAddresses = true;
        var desired = EndpointsReconciler.Desired(service, [Make.Pod("a", ready: false)], null);

        Assert.Single(desired.Subsets![0].Addresses!);
        Assert.Equal("", desired.Metadata.Labels!["service.kubernetes.io/headless"]);
    }
}
