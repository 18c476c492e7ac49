using Cybernetes.Controllers.EndpointMirroring;
using Cybernetes.Controllers.ServiceEndpoints;
using Cybernetes.Objects.Core.V1;
using Cybernetes.Objects.Discovery.V1;

namespace Cybernetes.Controllers.Tests.EndpointMirroring;

/// <summary>Hand-made Endpoints as slices; and when changes began.</summary>
public sealed class MirrorReconcilerTests
{
    private static Endpoints Endpoints(params string[] addresses) => new()
    {
        Metadata =
        {
            Namespace = "default", Name = "db", UID = "e-1", Labels = new() { ["tier"] = "data" },
            Annotations = new() { ["kubectl.kubernetes.io/last-applied-configuration"] = "{}", ["note"] = "kept" },
        },
        Subsets =
        [
            new()
            {
                Addresses = [.. addresses.Select(a => new EndpointAddress { IP = a })], NotReadyAddresses = [new() { IP = "192.0.2.99" }],
                Ports = [new() { Name = "sql", Port = 5432, Protocol = "TCP" }],
            },
        ],
    };

    [Fact]
    public void Reconcile_TwoFamilies_GivesASliceEach()
    {
        var plan = MirrorReconciler.Reconcile(Endpoints("192.0.2.1", "2001:db8::1", "nonsense"), [], 1000);

        Assert.Equal(["IPv4", "IPv6"], plan.Create.Select(s => s.AddressType).Order());
        var four = plan.Create.Single(s => s.AddressType == "IPv4");
        Assert.Equal([("192.0.2.1", true), ("192.0.2.99", false)], four.Endpoints!.Select(e => (e.Addresses![0], e.Conditions.Ready == true)));
        Assert.Equal(("db", MirrorReconciler.Controller, "data"), (four.Metadata.Labels![EndpointSliceReconciler.ServiceName],
            four.Metadata.Labels[EndpointSliceReconciler.ManagedBy], four.Metadata.Labels["tier"]));
        Assert.Equal(["note"], four.Metadata.Annotations!.Keys);
        Assert.Equal("Endpoints", four.Metadata.OwnerReferences![0].Kind);
        Assert.Equal(1, plan.Invalid);
    }

    [Fact]
    public void Reconcile_WhatStands_IsChangedOnlyWhenItDiffers()
    {
        var made = MirrorReconciler.Reconcile(Endpoints("192.0.2.1"), [], 1000).Create;

        var same = MirrorReconciler.Reconcile(Endpoints("192.0.2.1"), made, 1000);
        var other = MirrorReconciler.Reconcile(Endpoints("192.0.2.2"), made, 1000);
        var empty = MirrorReconciler.Reconcile(Endpoints("192.0.2.1").With(e => e.Subsets = null), made, 1000);

        Assert.Equal((0, 0, 0), (same.Create.Count, same.Update.Count, same.Delete.Count));
        Assert.Equal((0, 1, 0), (other.Create.Count, other.Update.Count, other.Delete.Count));
        Assert.Equal((0, 0, 1), (empty.Create.Count, empty.Update.Count, empty.Delete.Count));
    }

    [Fact]
    public void Reconcile_BeyondTheLimit_SkipsAndCounts()
    {
        var plan = MirrorReconciler.Reconcile(Endpoints("192.0.2.1", "192.0.2.2", "192.0.2.3"), [], 2);

        Assert.Equal((2, 2), (plan.Create[0].Endpoints!.Count, plan.Skipped));
    }

    [Theory]
    [InlineData("", true)]
    [InlineData("selector", false)]
    [InlineData("skip", false)]
    [InlineData("leader", false)]
    [InlineData("no service", false)]
    public void IsMirrored_ByKind_IsUpstreams(string what, bool isMirrored)
    {
        var endpoints = Endpoints("192.0.2.1");
        if (what == "skip")
            endpoints.Metadata.Labels!["endpointslice.kubernetes.io/skip-mirror"] = "true";
        if (what == "leader")
            endpoints.Metadata.Annotations!["control-plane.alpha.kubernetes.io/leader"] = "{}";
        var service = Make.Service().With(s => s.Spec.Selector = what == "selector" ? s.Spec.Selector : null);

        Assert.Equal(isMirrored, MirrorReconciler.IsMirrored(endpoints, what == "no service" ? null : service));
    }

    [Fact]
    public void TriggerTimes_ChangeByChange_TellsTheEarliestNewOne()
    {
        var times = new TriggerTimes();
        var service = Make.Service().With(s => s.Metadata.CreationTimestamp = Make.Start);
        var (old, young) = (Make.Pod("old", readySeconds: 100), Make.Pod("young", readySeconds: -50));

        Assert.Equal("2025-12-31T23:58:20Z", times.Next(service, [old]));
        Assert.Null(times.Next(service, [old]));
        Assert.Equal("2026-01-01T00:00:50Z", times.Next(service, [old, young]));
        Assert.Null(times.Next(service, [young]));
    }

    [Theory]
    [InlineData(null, null, null)]
    [InlineData("PreferClose", "z-1", null)]
    [InlineData("PreferSameZone", "z-1", null)]
    [InlineData("PreferSameNode", "z-1", "node-1")]
    public void Hints_ByTrafficDistribution_NameZoneAndNode(string? distribution, string? zone, string? node)
    {
        var there = Make.Node("node-1").With(n => n.Metadata.Labels = new() { ["topology.kubernetes.io/zone"] = "z-1" });

        var plan = EndpointSliceReconciler.Reconcile(
            Make.Service().With(s => s.Spec.TrafficDistribution = distribution), [Make.Pod("a"), Make.Pod("b", ready: false)], [], _ => there, 100);

        var hints = plan.Create[0].Endpoints!.Single(e => e.TargetRef!.Name == "a").Hints;
        Assert.Equal((zone, node), (hints?.ForZones?[0].Name, hints?.ForNodes?[0].Name));
        Assert.Null(plan.Create[0].Endpoints!.Single(e => e.TargetRef!.Name == "b").Hints);
    }
}
