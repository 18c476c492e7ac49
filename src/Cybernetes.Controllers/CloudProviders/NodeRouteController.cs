using System.Net;
using Cybernetes.Client.Events;
using Cybernetes.Client.Informers;
using Cybernetes.Client.Transport;
using Cybernetes.Objects;
using Cybernetes.Objects.Core.V1;
using Microsoft.Extensions.Logging;

namespace Cybernetes.Controllers.CloudProviders;

/// <summary>What is to be done with a cluster's routes.</summary>
internal sealed record RoutePlan(IReadOnlyList<CloudRoute> Delete, IReadOnlyList<CloudRoute> Create);

/// <summary>Keeps a route to each node's pods, and tells by the node's condition NetworkUnavailable whether there is one.</summary>
internal sealed class NodeRouteController(ControllerContext context, ICloudRoutes routes) : IController
{
    private const string ConditionType = "NetworkUnavailable";

    private readonly ObjectStore<Node> _nodes = context.Informers.For<Node>().Store;
    private readonly IEventRecorder _events = context.Recorder("route_controller");

    public string Name => "node-route-controller";

    public async Task RunAsync(CancellationToken cancellation)
    {
        while (true)
        {
            try
            {
                await SyncAsync(cancellation).ConfigureAwait(false);
            }
            catch (Exception failure) when (!cancellation.IsCancellationRequested)
            {
                context.Logger.LogError("Couldn't reconcile node routes: {Reason}", failure.Message);
            }
            await Task.Delay(context.Options.RouteReconciliationPeriod, context.Time, cancellation).ConfigureAwait(false);
        }
    }

    /// <summary>Routes of ours (inside the cluster's ranges) that lead nowhere go; those that nodes lack are made. Pure.</summary>
    internal static RoutePlan Plan(IReadOnlyList<Node> nodes, IReadOnlyList<CloudRoute> present, IReadOnlyList<IPNetwork> clusterRanges)
    {
        var wanted = nodes.SelectMany(n => RangesOf(n).Select(r => (Node: n.Metadata.Name, Range: r))).ToHashSet();
        var delete = present.Where(r => IsOurs(r, clusterRanges) && (r.IsBlackhole || !wanted.Contains((r.TargetNode, r.DestinationCidr)))).ToList();
        var kept = present.Except(delete).Select(r => (r.TargetNode, r.DestinationCidr)).ToHashSet();
        var missing = wanted.Where(w => !kept.Contains(w)).OrderBy(w => w.Node, StringComparer.Ordinal);
        return new(delete, [.. missing.Select(w => new CloudRoute("", w.Node, w.Range))]);
    }

    private static IReadOnlyList<string> RangesOf(Node node) =>
        node.Spec.PodCIDRs is { Count: > 0 } ranges ? ranges : node.Spec.PodCIDR.Length > 0 ? [node.Spec.PodCIDR] : [];

    private static bool IsOurs(CloudRoute route, IReadOnlyList<IPNetwork> clusterRanges) =>
        IPNetwork.TryParse(route.DestinationCidr, out var range) && clusterRanges.Any(c => c.Contains(range.BaseAddress));

    private async Task SyncAsync(CancellationToken cancellation)
    {
        var cluster = context.Options.ClusterName;
        var nodes = _nodes.List();
        var present = await routes.ListAsync(cluster, cancellation).ConfigureAwait(false);
        List<IPNetwork> ranges = [.. context.Options.ClusterCidr.Split(',', StringSplitOptions.RemoveEmptyEntries).Select(r => IPNetwork.Parse(r.Trim()))];
        var plan = Plan(nodes, present, ranges);
        // A range that goes over to another node must be free first.
        foreach (var route in plan.Delete)
            await TryAsync(() => routes.DeleteAsync(cluster, route, cancellation), $"delete route {route.Name}", cancellation).ConfigureAwait(false);
        foreach (var node in nodes)
        {
            var isRouted = RangesOf(node).Count > 0;
            foreach (var route in plan.Create.Where(r => r.TargetNode == node.Metadata.Name))
            {
                var failure = await TryAsync(
                    () => routes.CreateAsync(cluster, node.Metadata.UID, route, cancellation), $"create route to {node.Metadata.Name}", cancellation)
                    .ConfigureAwait(false);
                if (failure is null)
                    continue;
                isRouted = false;
                _events.Event(node, "Warning", "FailedToCreateRoute",
                    $"Could not create route {node.Metadata.UID} {route.DestinationCidr} for node {node.Metadata.Name}: {failure.Message}");
            }
            await TellAsync(node, isRouted, cancellation).ConfigureAwait(false);
        }
    }

    private async Task<Exception?> TryAsync(Func<Task> act, string what, CancellationToken cancellation)
    {
        try
        {
            await act().ConfigureAwait(false);
            return null;
        }
        catch (Exception failure) when (!cancellation.IsCancellationRequested)
        {
            context.Logger.LogWarning("could not {What}, tried again: {Reason}", what, failure.Message);
            return failure;
        }
    }

    private async Task TellAsync(Node node, bool isRouted, CancellationToken cancellation)
    {
        var status = isRouted ? "False" : "True";
        var condition = node.Status.Conditions.OrEmpty().FirstOrDefault(c => c.Type == ConditionType);
        if (condition?.Status == status)
            return;
        var copy = node.DeepClone();
        var conditions = copy.Status.Conditions ??= [];
        conditions.RemoveAll(c => c.Type == ConditionType);
        conditions.Add(new()
        {
            Type = ConditionType, Status = status, LastTransitionTime = context.Time.GetUtcNow(),
            Reason = isRouted ? "RouteCreated" : "NoRouteCreated",
            Message = isRouted ? "RouteController created a route" : "RouteController failed to create a route",
        });
        await TryAsync(
            () => context.Client.IgnoreNotFoundAsync(c => c.For<Node>().UpdateStatusAsync(copy, cancellation: cancellation)),
            $"tell the network of node {node.Metadata.Name}", cancellation).ConfigureAwait(false);
    }
}
