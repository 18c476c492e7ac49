using Cybernetes.Client.Events;
using Cybernetes.Client.Informers;
using Cybernetes.Client.Transport;
using Cybernetes.Objects;
using Cybernetes.Objects.Core.V1;
using Microsoft.Extensions.Logging;

namespace Cybernetes.Controllers.CloudProviders;

/// <summary>Looks after nodes that are not ready: deletes those whose machine is gone, taints those whose machine is shut down.</summary>
internal sealed class CloudNodeLifecycleController(ControllerContext context, ICloudInstances instances) : IController
{
    private readonly ObjectStore<Node> _nodes = context.Informers.For<Node>().Store;
    private readonly IEventRecorder _events = context.Recorder("cloud-node-lifecycle-controller");

    public string Name => "cloud-node-lifecycle-controller";

    public async Task RunAsync(CancellationToken cancellation)
    {
        while (true)
        {
            foreach (var node in _nodes.List())
            {
                try
                {
                    await LookAfterAsync(node, cancellation).ConfigureAwait(false);
                }
                catch (Exception failure) when (!cancellation.IsCancellationRequested)
                {
                    // One machine that cannot be asked for must not keep the others from being looked after.
                    context.Logger.LogWarning("node {Node} is looked at again: {Reason}", node.Metadata.Name, failure.Message);
                }
            }
            await Task.Delay(context.Options.NodeMonitorPeriod, context.Time, cancellation).ConfigureAwait(false);
        }
    }

    private async Task LookAfterAsync(Node node, CancellationToken cancellation)
    {
        var name = node.Metadata.Name;
        var ready = node.Status.Conditions.OrEmpty().FirstOrDefault(c => c.Type == "Ready");
        if (ready is { Status: "True" })
        {
            if (CloudTaints.Has(node, CloudTaints.ShutDown))
                await WriteTaintsAsync(node, CloudTaints.Without(node, CloudTaints.ShutDown), cancellation).ConfigureAwait(false);
            return;
        }
        if (!await instances.ExistsAsync(node, cancellation).ConfigureAwait(false))
        {
            _events.Event(node, "Normal", "DeletingNode",
                $"Deleting node {name} because it does not exist in the cloud provider");
            var options = new Objects.Meta.V1.DeleteOptions { Preconditions = new() { UID = node.Metadata.UID } };
            await context.Client.IgnoreNotFoundAsync(c => c.For<Node>().DeleteAsync(null, name, options, cancellation)).ConfigureAwait(false);
            return;
        }
        if (!CloudTaints.Has(node, CloudTaints.ShutDown) && await instances.IsShutDownAsync(node, cancellation).ConfigureAwait(false))
            await WriteTaintsAsync(node, [.. node.Spec.Taints.OrEmpty(), new() { Key = CloudTaints.ShutDown, Effect = "NoSchedule" }], cancellation)
                .ConfigureAwait(false);
    }

    private Task WriteTaintsAsync(Node node, List<Taint>? taints, CancellationToken cancellation)
    {
        var copy = node.DeepClone();
        copy.Spec.Taints = taints;
        return context.Client.IgnoreNotFoundAsync(c => c.For<Node>().UpdateAsync(copy, cancellation: cancellation));
    }
}
