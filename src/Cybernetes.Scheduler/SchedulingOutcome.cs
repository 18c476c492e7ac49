using System.Text.Json;
using Cybernetes.Client.Events;
using Cybernetes.Client.Transport;
using Cybernetes.Objects;
using Cybernetes.Objects.Core.V1;
using Cybernetes.Scheduler.Cycle;
using Cybernetes.Scheduler.Queue;
using Cybernetes.Scheduler.Snapshot;
using Microsoft.Extensions.Logging;

namespace Cybernetes.Scheduler;

/// <summary>Carries a decision to the API server: a binding, or the condition and event that say why there is none.</summary>
internal sealed class SchedulingOutcome(ApiClient client, ClusterView view, SchedulingQueue queue, IEventRecorder events, ILogger logger)
{
    /// <summary>Binds; on failure the room is given back and the pod tried again later. Never throws but for cancellation.</summary>
    public async Task BindAsync(QueuedPod queued, Pod pod, string node, CancellationToken cancellation)
    {
        try
        {
            await client.BindAsync(Binding(pod, node), cancellation).ConfigureAwait(false);
            queue.Remove(pod.Metadata.UID);
            events.Event(pod, "Normal", "Scheduled", $"Successfully assigned {pod.Metadata.Namespace}/{pod.Metadata.Name} to {node}", "Binding");
        }
        catch (ApiStatusException failure) when (failure.IsNotFound)
        {
            // Deleted meanwhile: nothing is left to place.
            queue.Remove(pod.Metadata.UID);
            view.Forget(pod);
        }
        catch (Exception failure) when (failure is ApiStatusException or HttpRequestException or IOException or TimeoutException)
        {
            logger.LogWarning("binding {Namespace}/{Name} to {Node} failed: {Reason}", pod.Metadata.Namespace, pod.Metadata.Name, node, failure.Message);
            view.Forget(pod);
            queue.PutBack(queued, ClusterEvent.None);
            events.Event(pod, "Warning", "FailedScheduling", $"running Bind plugin \"DefaultBinder\": {failure.Message}", "Scheduling");
        }
        catch (OperationCanceledException)
        {
            // Shutting down: whether the binding got through, the next scheduler reads from the API server.
            view.Forget(pod);
        }
    }

    /// <summary>Puts the pod back to wait, and says why: as an event each time, as a condition when it changed.</summary>
    public async Task RejectAsync(QueuedPod queued, Pod pod, Decision decision, CancellationToken cancellation)
    {
        var message = decision.Diagnosis.Message(decision.EvaluatedNodes);
        events.Event(pod, "Warning", "FailedScheduling", message, "Scheduling");
        var wakers = decision.EvaluatedNodes == 0 ? ClusterEvent.NodeAdded : decision.Diagnosis.Wakers;
        queue.PutBack(queued, wakers | ClusterEvent.PodUpdated);
        var condition = pod.Status.Conditions.OrEmpty().FirstOrDefault(c => c.Type == "PodScheduled");
        if (condition is { Status: "False", Reason: "Unschedulable" } && condition.Message == message)
            return;
        try
        {
            var patch = ObjectPatch.Strategic(UnschedulablePatch(pod, condition, message));
            await client.For<Pod>().PatchAsync(pod.Metadata.Namespace, pod.Metadata.Name, patch, null, "status", cancellation).ConfigureAwait(false);
        }
        catch (Exception failure) when (failure is ApiStatusException or HttpRequestException or IOException or TimeoutException)
        {
            // The condition is told again with the next attempt.
            logger.LogWarning("status of {Namespace}/{Name} not written: {Reason}", pod.Metadata.Namespace, pod.Metadata.Name, failure.Message);
        }
    }

    private static Binding Binding(Pod pod, string node) => new()
    {
        Metadata = { Namespace = pod.Metadata.Namespace, Name = pod.Metadata.Name, UID = pod.Metadata.UID },
        Target = { APIVersion = "v1", Kind = "Node", Name = node },
    };

    private byte[] UnschedulablePatch(Pod pod, PodCondition? before, string message)
    {
        using var stream = new MemoryStream();
        using (var writer = new Utf8JsonWriter(stream))
        {
            writer.WriteStartObject();
            writer.WriteStartObject("metadata");
            writer.WriteString("uid", pod.Metadata.UID);
            writer.WriteEndObject();
            writer.WriteStartObject("status");
            writer.WriteStartArray("conditions");
            new PodCondition
            {
                Type = "PodScheduled",
                Status = "False",
                Reason = "Unschedulable",
                Message = message,
                ObservedGeneration = pod.Metadata.Generation,
                LastTransitionTime = before is { Status: "False" } ? before.LastTransitionTime : client.Time.GetUtcNow(),
            }.WriteJson(writer);
            writer.WriteEndArray();
            writer.WriteEndObject();
            writer.WriteEndObject();
        }
        return stream.ToArray();
    }
}
