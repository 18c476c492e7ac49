using System.Text.Json;
using Cybernetes.Client.Events;
using Cybernetes.Client.Transport;
using Cybernetes.Objects;
using Cybernetes.Objects.Core.V1;
using Cybernetes.Scheduler.Cycle;
using Cybernetes.Scheduler.Preemption;
using Cybernetes.Scheduler.Queue;
using Cybernetes.Scheduler.Snapshot;
using Microsoft.Extensions.Logging;

namespace Cybernetes.Scheduler;

/// <summary>Carries a decision to the API server: a binding, or the condition and event that say why there is none, or evictions.</summary>
internal sealed class SchedulingOutcome(ApiClient client, ClusterView view, SchedulingQueue queue, IEventRecorder events, ILogger logger)
{
    /// <summary>Binds; on failure the room is given back and the pod tried again later. Never throws.</summary>
    public async Task BindAsync(QueuedPod queued, Pod pod, string node, SchedulingProfile profile, CancellationToken cancellation)
    {
        var step = "";
        try
        {
            foreach (var plugin in profile.Permits)
            {
                if (await plugin.PermitAsync(pod, node, cancellation).ConfigureAwait(false) is { } refusal)
                {
                    await FailAsync(queued, pod, refusal, [plugin], cancellation).ConfigureAwait(false);
                    return;
                }
            }
            foreach (var plugin in profile.PreBinds)
            {
                step = $"running PreBind plugin \"{plugin.Name}\"";
                if (await plugin.PreBindAsync(pod, node, cancellation).ConfigureAwait(false) is { } refusal)
                {
                    await FailAsync(queued, pod, $"{step}: {refusal}", [], cancellation).ConfigureAwait(false);
                    return;
                }
            }
            foreach (var plugin in profile.Binds)
            {
                step = $"running Bind plugin \"{plugin.Name}\"";
                if (await plugin.BindAsync(pod, node, cancellation).ConfigureAwait(false))
                    break;
            }
            queue.Remove(pod.Metadata.UID);
            events.Event(pod, "Normal", "Scheduled", $"Successfully assigned {pod.Metadata.Namespace}/{pod.Metadata.Name} to {node}", "Binding");
            foreach (var plugin in profile.PostBinds)
                plugin.PostBind(pod, node);
        }
        catch (ApiStatusException failure) when (failure.IsNotFound && step.Contains("Bind plugin", StringComparison.Ordinal))
        {
            // Deleted meanwhile: nothing is left to place.
            queue.Remove(pod.Metadata.UID);
            view.Forget(pod);
        }
        catch (Exception failure) when (IsExpected(failure))
        {
            logger.LogWarning("binding {Namespace}/{Name} to {Node} failed: {Reason}", pod.Metadata.Namespace, pod.Metadata.Name, node, failure.Message);
            await FailAsync(queued, pod, $"{step}: {failure.Message}", [], cancellation).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            // Shutting down: whether the binding got through, the next scheduler reads from the API server.
            view.Forget(pod);
        }
    }

    /// <summary>Puts the pod back to wait; the telling why is left to <see cref="TellAsync"/>.</summary>
    public void Reject(QueuedPod queued, Decision decision)
    {
        queue.PutBack(queued, WakersOf(decision), decision.Preemption is null ? decision.Diagnosis.Plugins : []);
    }

    /// <summary>What may make the pod schedulable.</summary>
    public static ClusterEvent WakersOf(Decision decision)
    {
        var wakers = decision.EvaluatedNodes == 0 && decision.Diagnosis.WholePodReason is null ? ClusterEvent.NodeAdded : decision.Diagnosis.Wakers;
        return wakers | ClusterEvent.PodUpdated | (decision.Preemption is null ? ClusterEvent.None : ClusterEvent.AssignedPodRemoved);
    }

    /// <summary>Says why the pod waits: as an event each time, as a condition when it changed; evicts whom the decision names. Never throws.</summary>
    public async Task TellAsync(Pod pod, Decision decision, CancellationToken cancellation)
    {
        try
        {
            if (decision.Preemption is { } plan)
                await PreemptAsync(pod, plan, cancellation).ConfigureAwait(false);
            foreach (var work in decision.AtServer)
                await TryAsync(pod, work, cancellation).ConfigureAwait(false);
            var message = decision.Message;
            events.Event(pod, "Warning", "FailedScheduling", message, "Scheduling");
            var condition = pod.Status.Conditions.OrEmpty().FirstOrDefault(c => c.Type == "PodScheduled");
            var nominated = decision.NominatedNode ?? decision.Preemption?.NodeName;
            var reason = decision.IsError ? "SchedulerError" : "Unschedulable";
            if (condition is { Status: "False" } && condition.Reason == reason && condition.Message == message
                && (nominated is null || nominated == pod.Status.NominatedNodeName))
                return;
            await PatchStatusAsync(pod, writer => WriteUnschedulable(writer, pod, condition, reason, message, nominated), cancellation).ConfigureAwait(false);
        }
        catch (Exception failure) when (IsExpected(failure))
        {
            // It is told again with the next attempt.
            logger.LogWarning("status of {Namespace}/{Name} not written: {Reason}", pod.Metadata.Namespace, pod.Metadata.Name, failure.Message);
        }
        catch (OperationCanceledException)
        {
            // Shutting down: the next scheduler tries the pod anew.
        }
    }

    /// <summary>Whether a failure is one of the way to the server, or the server's refusal.</summary>
    public static bool IsExpected(Exception failure) => failure is ApiStatusException or HttpRequestException or IOException or TimeoutException;

    private async Task FailAsync(QueuedPod queued, Pod pod, string message, IReadOnlyList<IPlugin> rejectedBy, CancellationToken cancellation)
    {
        try
        {
            foreach (var plugin in view.ProfileOf(pod)?.Reserves ?? [])
                await plugin.GiveBackAsync(pod, cancellation).ConfigureAwait(false);
        }
        catch (Exception failure) when (IsExpected(failure))
        {
            // It stays written for the pod, which finds it there with its next attempt.
            logger.LogWarning("what was kept for {Namespace}/{Name} was not given back: {Reason}", pod.Metadata.Namespace, pod.Metadata.Name, failure.Message);
        }
        catch (OperationCanceledException)
        {
            // Shutting down: the next scheduler finds it.
        }
        view.Forget(pod);
        queue.PutBack(queued, rejectedBy.Aggregate(ClusterEvent.None, (all, p) => all | p.Wakers), rejectedBy);
        events.Event(pod, "Warning", "FailedScheduling", message, "Scheduling");
    }

    private async Task TryAsync(Pod pod, Func<CancellationToken, Task> work, CancellationToken cancellation)
    {
        try
        {
            await work(cancellation).ConfigureAwait(false);
        }
        catch (Exception failure) when (IsExpected(failure))
        {
            // What was to be changed changed by itself, or the next attempt tries again.
            logger.LogWarning("nothing was freed for {Namespace}/{Name}: {Reason}", pod.Metadata.Namespace, pod.Metadata.Name, failure.Message);
        }
    }

    private async Task PreemptAsync(Pod pod, PreemptionPlan plan, CancellationToken cancellation)
    {
        foreach (var lower in view.TakeBackNominations(plan.NodeName, pod.Spec.Priority ?? 0))
            await PatchStatusAsync(lower, writer => writer.WriteNull("nominatedNodeName"), cancellation).ConfigureAwait(false);
        foreach (var victim in plan.Victims.Select(v => v.Pod))
        {
            try
            {
                if (victim.Metadata.DeletionTimestamp is null)
                {
                    await PatchStatusAsync(victim, writer => WriteDisrupted(writer, pod), cancellation).ConfigureAwait(false);
                    var only = new Objects.Meta.V1.DeleteOptions { Preconditions = new Objects.Meta.V1.Preconditions { UID = victim.Metadata.UID } };
                    await client.For<Pod>().DeleteAsync(victim.Metadata.Namespace, victim.Metadata.Name, only, cancellation).ConfigureAwait(false);
                }
                events.Event(ObjectReferences.ReferenceTo(victim), "Normal", "Preempted", $"Preempted by pod {pod.Metadata.UID} on node {plan.NodeName}",
                    "Preempting", ObjectReferences.ReferenceTo(pod));
            }
            catch (ApiStatusException gone) when (gone.IsNotFound)
            {
                // It left by itself.
            }
        }
    }

    private async Task PatchStatusAsync(Pod pod, Action<Utf8JsonWriter> status, CancellationToken cancellation)
    {
        using var stream = new MemoryStream();
        using (var writer = new Utf8JsonWriter(stream))
        {
            writer.WriteStartObject();
            writer.WriteStartObject("metadata");
            writer.WriteString("uid", pod.Metadata.UID);
            writer.WriteEndObject();
            writer.WriteStartObject("status");
            status(writer);
            writer.WriteEndObject();
            writer.WriteEndObject();
        }
        var patch = ObjectPatch.Strategic(stream.ToArray());
        await client.For<Pod>().PatchAsync(pod.Metadata.Namespace, pod.Metadata.Name, patch, null, "status", cancellation).ConfigureAwait(false);
    }

    private void WriteUnschedulable(Utf8JsonWriter writer, Pod pod, PodCondition? before, string reason, string message, string? nominated)
    {
        WriteCondition(writer, new PodCondition
        {
            Type = "PodScheduled",
            Status = "False",
            Reason = reason,
            Message = message,
            ObservedGeneration = pod.Metadata.Generation,
            LastTransitionTime = before is { Status: "False" } ? before.LastTransitionTime : client.Time.GetUtcNow(),
        });
        if (nominated is not null)
            writer.WriteString("nominatedNodeName", nominated);
    }

    private void WriteDisrupted(Utf8JsonWriter writer, Pod preemptor) => WriteCondition(writer, new PodCondition
    {
        Type = "DisruptionTarget",
        Status = "True",
        Reason = "PreemptionByScheduler",
        Message = $"{preemptor.Spec.SchedulerName}: preempting to accommodate a higher priority pod",
        LastTransitionTime = client.Time.GetUtcNow(),
    });

    private static void WriteCondition(Utf8JsonWriter writer, PodCondition condition)
    {
        writer.WriteStartArray("conditions");
        condition.WriteJson(writer);
        writer.WriteEndArray();
    }
}
