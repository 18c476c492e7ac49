using System.Collections.Concurrent;
using System.Text.Json;
using Cybernetes.Client.Transport;
using Cybernetes.Objects;
using Cybernetes.Objects.Core.V1;
using Cybernetes.Objects.Meta.V1;
using Cybernetes.Objects.Scheduling.V1alpha2;
using Cybernetes.Scheduler.Cycle;
using Cybernetes.Scheduler.Plugins.GangScheduling;
using Cybernetes.Scheduler.Plugins.PodTopologySpread;
using Cybernetes.Scheduler.Queue;
using Cybernetes.Scheduler.Snapshot;
using Microsoft.Extensions.Logging;

namespace Cybernetes.Scheduler;

/// <summary>The way of a pod group from the queue to the API server: one decision for all its pods that wait, and the group's condition.</summary>
internal sealed class PodGroupScheduling(
    ApiClient client, PodGroups groups, ClusterView view, SchedulingQueue queue, SchedulingOutcome outcome, SpreadOwners owners, ILogger logger)
{
    private const string Scheduled = "PodGroupScheduled";
    private const int MostRemembered = 10_000;

    // By uid, the groups that this scheduler has placed: the informer tells of their condition only later.
    private readonly ConcurrentDictionary<string, bool> _placed = new(StringComparer.Ordinal);
    private readonly SemaphoreSlim _telling = new(1);

    /// <summary>The group that a pod is to be scheduled with, or null for a pod that is scheduled alone.</summary>
    public PodGroup? GroupOf(Pod pod) =>
        GangSchedulingPlugin.GroupOf(pod) is { } name && view.ProfileOf(pod)?.PreEnqueues.Any(p => p is GangSchedulingPlugin) == true
            ? groups.Find(pod.Metadata.Namespace, name) : null;

    /// <summary>Decides for a group, of which one pod was taken from the queue.</summary>
    /// <returns>What is to be written, each by itself; nothing of it throws.</returns>
    public IReadOnlyList<Func<CancellationToken, Task>> Decide(SchedulingCycle cycle, QueuedPod first, PodGroup group)
    {
        var members = groups.MembersOf(group.Metadata.Namespace, group.Metadata.Name);
        IReadOnlyList<QueuedPod> waiting =
            [.. queue.TakeMore(members).Append(first).OrderByDescending(q => q.Priority).ThenBy(q => q.Timestamp).ThenBy(q => q.Uid, StringComparer.Ordinal)];
        IReadOnlyList<Pod> pods = [.. waiting.Select(q => q.Pod)];
        var other = pods.FirstOrDefault(p => p.Spec.SchedulerName != pods[0].Spec.SchedulerName);
        if (other is not null)
            return Refused(waiting, $"all pods in a single pod group should have the same .spec.schedulerName set, got: "
                + $"\"{pods[0].Spec.SchedulerName}\" and \"{other.Spec.SchedulerName}\"");
        var decision = view.DecideGroup(cycle, pods, members, GangSchedulingPlugin.MinCountOf(group), owners.SelectorFor);
        if (decision.Verdict == GroupVerdict.Placed)
            Remember(group.Metadata.UID);
        // What may help one of them may help all.
        var wakers = decision.Members.Aggregate(ClusterEvent.None, (all, d) => all | SchedulingOutcome.WakersOf(d));
        List<Func<CancellationToken, Task>> writes = [];
        for (var i = 0; i < waiting.Count; i++)
        {
            var (queued, pod, member) = (waiting[i], pods[i], decision.Members[i]);
            if (member.NodeName is { } node)
            {
                writes.Add(cancellation => outcome.BindAsync(queued, pod, node, view.ProfileOf(pod)!, cancellation));
                continue;
            }
            // A gang that found too few places is tried again as one; who only comes too late, or belongs to a loose group, waits by itself.
            if (decision.Verdict == GroupVerdict.Placed || group.Spec.SchedulingPolicy.Gang is null)
                outcome.Reject(queued, member);
            else
                queue.PutBack(queued, wakers);
            writes.Add(cancellation => outcome.TellAsync(pod, member, cancellation));
        }
        writes.Add(cancellation => TellGroupAsync(group, decision.Verdict, cancellation));
        return writes;
    }

    private IReadOnlyList<Func<CancellationToken, Task>> Refused(IReadOnlyList<QueuedPod> waiting, string message)
    {
        var decision = new Decision(null, 0, 0, new Diagnosis()) { GroupMessage = message, IsError = true };
        foreach (var queued in waiting)
            queue.PutBack(queued, ClusterEvent.None);
        List<Func<CancellationToken, Task>> writes = [];
        foreach (var pod in waiting.Select(q => q.Pod))
            writes.Add(cancellation => outcome.TellAsync(pod, decision, cancellation));
        return writes;
    }

    /// <summary>
    /// Writes the group's condition, unless it says so already. A group that was scheduled once stays so, whatever becomes of pods added later.
    /// </summary>
    private async Task TellGroupAsync(PodGroup group, GroupVerdict verdict, CancellationToken cancellation)
    {
        var condition = new Condition
        {
            Type = Scheduled,
            Status = verdict == GroupVerdict.Placed ? "True" : "False",
            Reason = verdict == GroupVerdict.Placed ? "Scheduled" : "Unschedulable",
            Message = verdict switch
            {
                GroupVerdict.Placed => "",
                GroupVerdict.Unschedulable => "pod group is unschedulable",
                _ => "pod group is unschedulable, pod group is waiting for preemption to complete",
            },
            ObservedGeneration = group.Metadata.Generation,
            LastTransitionTime = client.Time.GetUtcNow(),
        };
        var before = group.Status.Conditions.OrEmpty().FirstOrDefault(c => c.Type == Scheduled);
        if (before?.Status == condition.Status)
            condition.LastTransitionTime = before.LastTransitionTime;
        if (before is { Status: "True" } && condition.Status != "True" || before?.SemanticEquals(condition) == true)
            return;
        var isMine = false;
        try
        {
            // One after the other: what was decided first must not be written last.
            await _telling.WaitAsync(cancellation).ConfigureAwait(false);
            isMine = true;
            if (condition.Status != "True" && _placed.ContainsKey(group.Metadata.UID))
                return;
            await client.For<PodGroup>().PatchAsync(group.Metadata.Namespace, group.Metadata.Name, PatchOf(group, condition), null, "status", cancellation)
                .ConfigureAwait(false);
        }
        catch (Exception failure) when (SchedulingOutcome.IsExpected(failure))
        {
            logger.LogWarning("status of pod group {Namespace}/{Name} not written: {Reason}", group.Metadata.Namespace, group.Metadata.Name, failure.Message);
        }
        catch (OperationCanceledException)
        {
            // Shutting down: the next scheduler tries the group's pods anew.
        }
        finally
        {
            if (isMine)
                _telling.Release();
        }
    }

    private void Remember(string uid)
    {
        if (_placed.Count >= MostRemembered)
            _placed.Clear();
        _placed[uid] = true;
    }

    private static ObjectPatch PatchOf(PodGroup group, Condition condition)
    {
        using var stream = new MemoryStream();
        using (var writer = new Utf8JsonWriter(stream))
        {
            writer.WriteStartObject();
            writer.WriteStartObject("metadata");
            writer.WriteString("uid", group.Metadata.UID);
            writer.WriteEndObject();
            writer.WriteStartObject("status");
            writer.WriteStartArray("conditions");
            condition.WriteJson(writer);
            writer.WriteEndArray();
            writer.WriteEndObject();
            writer.WriteEndObject();
        }
        return ObjectPatch.Strategic(stream.ToArray());
    }
}
