using Cybernetes.Client.Events;
using Cybernetes.Client.Informers;
using Cybernetes.Client.Transport;
using Cybernetes.Controllers.Ownership;
using Cybernetes.Objects;
using Cybernetes.Objects.Core.V1;
using Microsoft.Extensions.Logging;
using DeleteOptions = Cybernetes.Objects.Meta.V1.DeleteOptions;
using Preconditions = Cybernetes.Objects.Meta.V1.Preconditions;

namespace Cybernetes.Controllers.NodeLifecycle;

/// <summary>Acts on the pods of nodes in trouble: tells that they are not ready, and deletes those that a NoExecute taint drives out.</summary>
internal sealed class PodEvictor(ControllerContext context, ObjectStore<Pod> pods, IEventRecorder nodeEvents, IEventRecorder taintEvents)
{
    /// <summary>Nobody tells the state of a silent node's pods: they must not get traffic. What fails is tried at the next look.</summary>
    public async Task MarkNotReadyAsync(string node, CancellationToken cancellation)
    {
        foreach (var pod in pods.OnNode(node).Where(PodState.IsReady))
        {
            var copy = pod.DeepClone();
            var ready = PodState.Condition(copy, "Ready")!;
            (ready.Status, ready.LastTransitionTime) = ("False", context.Time.GetUtcNow());
            await TryAsync(pod, "marked not ready", async () =>
            {
                await context.Client.For<Pod>().UpdateStatusAsync(copy, cancellation: cancellation).ConfigureAwait(false);
                nodeEvents.Event(pod, "Warning", "NodeNotReady", "Node is not ready");
            }, cancellation).ConfigureAwait(false);
        }
    }

    /// <summary>Deletes the pods that are due.</summary>
    /// <returns>When the next one will be; null where none is waiting.</returns>
    public async Task<DateTimeOffset?> EvictAsync(IEnumerable<Node> nodes, CancellationToken cancellation)
    {
        DateTimeOffset? next = null;
        foreach (var node in nodes.Where(n => n.Spec.Taints.OrEmpty().Any(t => t.Effect == "NoExecute")))
        {
            foreach (var pod in pods.OnNode(node.Metadata.Name).Where(p => p.Metadata.DeletionTimestamp is null && !PodState.IsFinished(p)))
            {
                if (TaintEviction.DueAt(pod, node) is not { } due)
                    continue;
                if (due <= context.Time.GetUtcNow())
                    await TryAsync(pod, "evicted", () => EvictAsync(pod, cancellation), cancellation).ConfigureAwait(false);
                else if (next is null || due < next)
                    next = due;
            }
        }
        return next;
    }

    private async Task EvictAsync(Pod pod, CancellationToken cancellation)
    {
        taintEvents.Event(pod, "Normal", "TaintManagerEviction", $"Marking for deletion Pod {pod.Metadata.Namespace}/{pod.Metadata.Name}");
        var copy = pod.DeepClone();
        PodState.SetDisruptionTarget(
            copy, "DeletionByTaintManager", "Taint manager: deleting due to NoExecute taint", context.Time.GetUtcNow());
        await context.Client.For<Pod>().UpdateStatusAsync(copy, cancellation: cancellation).ConfigureAwait(false);
        var options = new DeleteOptions { Preconditions = new Preconditions { UID = pod.Metadata.UID } };
        await context.Client.For<Pod>().DeleteAsync(pod.Metadata.Namespace, pod.Metadata.Name, options, cancellation).ConfigureAwait(false);
    }

    // One pod that cannot be written must not keep the others where they are.
    private async Task TryAsync(Pod pod, string what, Func<Task> act, CancellationToken cancellation)
    {
        try
        {
            await act().ConfigureAwait(false);
        }
        catch (Exception failure) when (!cancellation.IsCancellationRequested)
        {
            if (failure is not ApiStatusException { IsNotFound: true })
                context.Logger.LogWarning(
                    "pod {Namespace}/{Name} not {What}, tried again: {Reason}", pod.Metadata.Namespace, pod.Metadata.Name, what, failure.Message);
        }
    }
}
