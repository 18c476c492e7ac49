using System.Buffers;
using System.Text.Json;
using Cybernetes.Client.Transport;
using Cybernetes.Objects;
using Cybernetes.Objects.Core.V1;
using Cybernetes.Objects.Meta.V1;
using Microsoft.Extensions.Logging;

namespace Cybernetes.Node.Simulated.Fleet;

/// <summary>The pods of all simulated nodes: one watch tells of them, what they do next stands in the fleet's queue, and writes tell of it.</summary>
internal sealed class FleetPods(
    ApiClient client, IReadOnlyDictionary<string, FleetNode> nodes, DueQueue<Func<CancellationToken, Task>> due, FleetOptions options,
    FleetBehaviour behaviour, ILogger logger)
{
    private static readonly TimeSpan s_retry = TimeSpan.FromSeconds(1);
    private readonly Lock _lock = new();
    private readonly Dictionary<string, FleetPod> _pods = new(StringComparer.Ordinal);

    /// <summary>Lists and watches until cancelled; keeps no pod objects, only what the simulation needs of them.</summary>
    public async Task WatchAsync(CancellationToken cancellation)
    {
        var query = new ListQuery { FieldSelector = "spec.nodeName!=" };
        while (!cancellation.IsCancellationRequested)
        {
            try
            {
                var list = await client.For<Pod>().ListAllAsync(null, query, cancellation).ConfigureAwait(false);
                Replace(list.Items);
                var from = list.Metadata.ResourceVersion;
                while (true)
                {
                    var since = query with { ResourceVersion = from, AllowWatchBookmarks = true };
                    await foreach (var change in client.For<Pod>().WatchAsync(null, since, cancellation).ConfigureAwait(false))
                    {
                        from = change.Object.Metadata.ResourceVersion;
                        if (change.Type == WatchEventType.Deleted)
                            Remove(change.Object.Metadata.UID);
                        else if (change.Type != WatchEventType.Bookmark)
                            See(change.Object);
                    }
                }
            }
            catch (Exception failure) when (failure is ApiStatusException or HttpRequestException or IOException or TimeoutException)
            {
                logger.LogDebug("the watch on simulated nodes' pods begins anew: {Reason}", failure.Message);
                await Task.Delay(s_retry, client.Time, cancellation).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    /// <summary>The node comes back: after a crash what ran begins again, and how all of it is is told anew.</summary>
    public void ReturnAllOn(FleetNode node, bool restarts)
    {
        lock (_lock)
        {
            foreach (var pod in node.Pods.Values.Where(p => !p.HasEnded))
            {
                if (restarts)
                    pod.StartAt(client.Time.GetUtcNow(), isRestart: true);
                Later(pod, client.Time.GetUtcNow());
            }
        }
    }

    /// <summary>A pod by name, or null.</summary>
    public FleetPod? Find(string ns, string name)
    {
        lock (_lock)
            return _pods.Values.FirstOrDefault(p => p.Name == name && p.Namespace == ns);
    }

    /// <summary>A pod by UID, or null.</summary>
    public FleetPod? Find(string uid)
    {
        lock (_lock)
            return _pods.GetValueOrDefault(uid);
    }

    /// <summary>The pods on a node that have not ended.</summary>
    public List<FleetPod> LivingOn(FleetNode node)
    {
        lock (_lock)
            return [.. node.Pods.Values.Where(p => !p.HasEnded)];
    }

    private void Replace(List<Pod> pods)
    {
        var there = pods.Select(p => p.Metadata.UID).ToHashSet(StringComparer.Ordinal);
        string[] gone;
        lock (_lock)
            gone = [.. _pods.Keys.Where(uid => !there.Contains(uid))];
        foreach (var uid in gone)
            Remove(uid);
        foreach (var pod in pods)
            See(pod);
    }

    private void See(Pod pod)
    {
        if (!nodes.TryGetValue(pod.Spec.NodeName, out var node))
            return;
        lock (_lock)
        {
            var now = client.Time.GetUtcNow();
            if (!_pods.TryGetValue(pod.Metadata.UID, out var known))
            {
                known = _pods[pod.Metadata.UID] = node.Pods[pod.Metadata.UID] = new FleetPod(pod, node, behaviour);
                if (pod.Status.StartTime is not null)
                    known.Resume(pod.Status);
                else
                    known.StartAt(now + options.StartDelay + known.StartDelay, isRestart: false);
                if (pod.Status.StartTime is null && known.MoveTo(now) is { } starts)
                    Later(known, starts);
                else if (!known.HasEnded)
                    Later(known, now);
            }
            else if (known.IsToldWrong(pod.Status) && !known.Node.IsSilent(now))
                Later(known, now + s_retry);
            if (pod.Metadata.DeletionTimestamp is null || known.StopsAt is not null)
                return;
            var grace = TimeSpan.FromSeconds(pod.Metadata.DeletionGracePeriodSeconds ?? 0);
            known.StopsAt = now + (known.HasEnded || known.StopDelay < grace ? known.HasEnded ? TimeSpan.Zero : known.StopDelay : grace);
            due.Add(token => DeleteAsync(known, token), known.StopsAt.Value);
        }
    }

    private void Remove(string uid)
    {
        lock (_lock)
        {
            if (_pods.Remove(uid, out var pod))
                pod.Node.Pods.Remove(uid);
        }
    }

    private void Later(FleetPod pod, DateTimeOffset at) => due.Add(token => MoveAsync(pod, token), at);

    private async Task MoveAsync(FleetPod pod, CancellationToken cancellation)
    {
        PodStatus status;
        lock (_lock)
        {
            var now = client.Time.GetUtcNow();
            if (!_pods.ContainsKey(pod.Uid) || pod.StopsAt <= now)
                return;
            if (pod.Node.IsSilent(now))
            {
                Later(pod, pod.Node.SilentUntil);
                return;
            }
            if (pod.IsBeingTold)
            {
                pod.MustBeTold = true;
                return;
            }
            pod.IsBeingTold = true;
            if (pod.Address.Length == 0)
                pod.Address = pod.IsHostNetwork ? options.HostAddress : pod.Node.NextPodAddress();
            if (pod.MoveTo(now) is { } next)
                Later(pod, next);
            status = pod.Status(now);
        }
        try
        {
            // On a conflict: another pod of that name, of which the watch tells soon; or somebody between us and the server.
            if (!await TellAsync(pod, status, cancellation).ConfigureAwait(false))
                Later(pod, client.Time.GetUtcNow() + s_retry);
        }
        finally
        {
            lock (_lock)
            {
                if (pod.MustBeTold)
                    Later(pod, client.Time.GetUtcNow());
                (pod.IsBeingTold, pod.MustBeTold) = (false, false);
            }
        }
    }

    /// <returns>False on a conflict.</returns>
    private async Task<bool> TellAsync(FleetPod pod, PodStatus status, CancellationToken cancellation)
    {
        var buffer = new ArrayBufferWriter<byte>(1024);
        using (var writer = new Utf8JsonWriter(buffer, JsonLimits.WriterOptions))
        {
            writer.WriteStartObject();
            writer.WriteStartObject("metadata");
            writer.WriteString("uid", pod.Uid);
            writer.WriteEndObject();
            writer.WritePropertyName("status");
            status.WriteJson(writer);
            writer.WriteEndObject();
        }
        try
        {
            await client.For<Pod>().PatchAsync(
                pod.Namespace, pod.Name, ObjectPatch.Strategic(buffer.WrittenMemory), null, "status", cancellation).ConfigureAwait(false);
            return true;
        }
        catch (ApiStatusException gone) when (gone.IsNotFound)
        {
            // Deleted meanwhile; the watch tells of it.
            return true;
        }
        catch (ApiStatusException conflict) when (conflict.IsConflict)
        {
            return false;
        }
    }

    private async Task DeleteAsync(FleetPod pod, CancellationToken cancellation)
    {
        if (pod.Node.IsSilent(client.Time.GetUtcNow()))
        {
            due.Add(token => DeleteAsync(pod, token), pod.Node.SilentUntil);
            return;
        }
        if (pod is { IsHeld: true, IsEndTold: false } && !await TellEndAsync(pod, cancellation).ConfigureAwait(false))
        {
            due.Add(token => DeleteAsync(pod, token), client.Time.GetUtcNow() + s_retry);
            return;
        }
        try
        {
            var now = new DeleteOptions { GracePeriodSeconds = 0, Preconditions = new() { UID = pod.Uid } };
            await client.For<Pod>().DeleteAsync(pod.Namespace, pod.Name, now, cancellation).ConfigureAwait(false);
        }
        catch (ApiStatusException gone) when (gone.IsNotFound || gone.IsConflict)
        {
            // Somebody was faster.
        }
    }

    /// <summary>A kubelet tells how a pod ended before it lets it go; the others are spared the write, since nobody would see it.</summary>
    /// <returns>False when it could not be told now.</returns>
    private async Task<bool> TellEndAsync(FleetPod pod, CancellationToken cancellation)
    {
        PodStatus status;
        lock (_lock)
        {
            if (pod.IsBeingTold)
                return false;
            var now = client.Time.GetUtcNow();
            if (!pod.HasEnded)
                pod.Stop(now);
            status = pod.Status(now);
        }
        return pod.IsEndTold = await TellAsync(pod, status, cancellation).ConfigureAwait(false);
    }
}
