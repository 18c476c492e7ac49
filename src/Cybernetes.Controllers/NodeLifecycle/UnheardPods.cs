using Cybernetes.Client.Events;
using Cybernetes.Client.Informers;
using Cybernetes.Client.Transport;
using Cybernetes.Controllers.Ownership;
using Cybernetes.Objects;
using Cybernetes.Objects.Core.V1;
using Microsoft.Extensions.Logging;

namespace Cybernetes.Controllers.NodeLifecycle;

/// <summary>The pods of silent nodes, of whose state nobody tells.</summary>
/// <param name="pods">With the index by node.</param>
internal sealed class UnheardPods(ControllerContext context, ObjectStore<Pod> pods, IEventRecorder events)
{
    /// <summary>Marks a node's pods as not ready: they must not get traffic. What fails is tried at the next look.</summary>
    public async Task MarkNotReadyAsync(string node, CancellationToken cancellation)
    {
        foreach (var pod in pods.OnNode(node).Where(PodState.IsReady))
        {
            var copy = pod.DeepClone();
            var ready = PodState.Condition(copy, "Ready")!;
            (ready.Status, ready.LastTransitionTime) = ("False", context.Time.GetUtcNow());
            try
            {
                await context.Client.For<Pod>().UpdateStatusAsync(copy, cancellation: cancellation).ConfigureAwait(false);
                events.Event(pod, "Warning", "NodeNotReady", "Node is not ready");
            }
            catch (Exception failure) when (!cancellation.IsCancellationRequested)
            {
                // One pod that cannot be written must not keep the others as they are.
                if (failure is not ApiStatusException { IsNotFound: true })
                    context.Logger.LogWarning("pod {Namespace}/{Name} not marked not ready, tried again: {Reason}",
                        pod.Metadata.Namespace, pod.Metadata.Name, failure.Message);
            }
        }
    }
}
