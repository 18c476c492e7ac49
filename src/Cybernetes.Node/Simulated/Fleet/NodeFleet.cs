using System.Buffers;
using System.Text.Json;
using Cybernetes.Client.Transport;
using Cybernetes.Foundation;
using Cybernetes.Objects;
using Cybernetes.Objects.Coordination.V1;
using Cybernetes.Objects.Core.V1;
using Cybernetes.Objects.Resource.V1;
using Microsoft.Extensions.Logging;

namespace Cybernetes.Node.Simulated.Fleet;

/// <summary>
/// Thousands of nodes in one process: it registers them, keeps their leases and statuses at a kubelet's rates, and runs the pods that are bound to
/// them without containers. Works against any API server. One watch serves all pods, one timer all that is due.
/// </summary>
public sealed class NodeFleet(ApiClient client, FleetOptions options, ILogger logger)
{
    private static readonly TimeSpan s_retry = TimeSpan.FromSeconds(1);
    private readonly IRandomSource _chance = Chance.Seeded(options.Seed);
    private readonly FleetBehaviour _behaviour = new(options, Chance.Seeded(unchecked(options.Seed + 1)));
    private readonly TaskCompletionSource _registered = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private Fleet? _fleet;

    /// <summary>Ends when all nodes are registered and Ready, with their leases.</summary>
    public Task Registered => _registered.Task;

    /// <summary>Registers the nodes and runs them until cancelled; the Node objects stay.</summary>
    public async Task RunAsync(CancellationToken cancellation)
    {
        using var due = new DueQueue<Func<CancellationToken, Task>>(client.Time);
        using var writes = new SemaphoreSlim(options.ConcurrentWrites);
        var byName = new Dictionary<string, FleetNode>(StringComparer.Ordinal);
        var pods = new FleetPods(client, byName, due, options, _behaviour, logger);
        await using var server = await FleetServer.StartAsync(options, pods, client.Time, cancellation).ConfigureAwait(false);
        var nodes = MakeNodes(server?.Port ?? 0);
        foreach (var node in nodes)
            byName.Add(node.Name, node);
        var parallel = new ParallelOptions { MaxDegreeOfParallelism = options.ConcurrentWrites, CancellationToken = cancellation };
        await Parallel.ForEachAsync(nodes, parallel, async (node, token) => await RegisterAtLastAsync(node, token).ConfigureAwait(false)).ConfigureAwait(false);
        _fleet = new(byName, pods, due);
        _registered.TrySetResult();
        logger.LogInformation("{Count} simulated nodes are registered", nodes.Count);
        var now = client.Time.GetUtcNow();
        var drains = new FleetDrains(client, options, _behaviour, pods, due, logger);
        foreach (var node in nodes)
        {
            // Heartbeats are spread evenly, so that the server never sees them all at once.
            due.Add(token => RenewAsync(node, due, token), now + (options.Heartbeat * _chance.NextDouble()));
            due.Add(token => TellAsync(node, due, token), now + (options.StatusInterval * _chance.NextDouble()));
            if (options.NodeCrashesPerHour > 0)
                due.Add(_ => Crash(node, pods, due), now + _behaviour.NextCrash());
            if (options.NodeDrainsPerHour > 0)
                drains.Plan(node);
        }
        var mirror = new FleetMirror(client, byName, due, TellUnlessSilentAsync, logger);
        var watching = Task.WhenAll(pods.WatchAsync(cancellation), mirror.WatchAsync(cancellation));
        try
        {
            while (true)
            {
                var work = await due.TakeAsync(cancellation).ConfigureAwait(false);
                await writes.WaitAsync(cancellation).ConfigureAwait(false);
                _ = Task.Run(() => DoAsync(work, due, writes, cancellation), CancellationToken.None);
            }
        }
        finally
        {
            for (var i = 0; i < options.ConcurrentWrites; i++)
                await writes.WaitAsync(CancellationToken.None).ConfigureAwait(false);
            await watching.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>
    /// A node falls silent now, as one that crashed or was cut off: it renews nothing, tells nothing and looks at nothing until it is back.
    /// </summary>
    /// <param name="node">Its name.</param>
    /// <param name="span">For how long.</param>
    /// <param name="restarts">It crashes: what ran begins anew afterwards. Else it was cut off, and what ran has gone on.</param>
    /// <exception cref="InvalidOperationException">The fleet is not registered yet.</exception>
    public void Silence(string node, TimeSpan span, bool restarts)
    {
        var (nodes, pods, due) = _fleet ?? throw new InvalidOperationException("the fleet is not registered yet");
        Silence(nodes[node], client.Time.GetUtcNow() + span, pods, due, restarts);
    }

    private async Task DoAsync(
        Func<CancellationToken, Task> work, DueQueue<Func<CancellationToken, Task>> due, SemaphoreSlim writes, CancellationToken cancellation)
    {
        try
        {
            await work(cancellation).ConfigureAwait(false);
        }
        catch (Exception failure) when (failure is ApiStatusException or HttpRequestException or IOException or TimeoutException)
        {
            logger.LogWarning("a simulated node's call failed and is made again: {Reason}", failure.Message);
            due.Add(work, client.Time.GetUtcNow() + s_retry);
        }
        catch (OperationCanceledException)
        {
            // The simulation ends.
        }
        finally
        {
            writes.Release();
        }
    }

    private List<FleetNode> MakeNodes(int serverPort)
    {
        var index = 0;
        return [.. options.Shapes.SelectMany(s => Enumerable.Range(0, s.Count).Select(n => new FleetNode(s, n, index++, options) { ServerPort = serverPort }))];
    }

    /// <summary>What hinders one node for a while must not end the fleet.</summary>
    private async Task RegisterAtLastAsync(FleetNode node, CancellationToken cancellation)
    {
        while (true)
        {
            try
            {
                await RegisterAsync(node, cancellation).ConfigureAwait(false);
                return;
            }
            catch (Exception failure) when (IsPassing(failure))
            {
                logger.LogWarning("the simulated node {Node} could not be registered and tries again: {Reason}", node.Name, failure.Message);
                await Task.Delay(s_retry, client.Time, cancellation).ConfigureAwait(false);
            }
        }
    }

    private static bool IsPassing(Exception failure) =>
        failure is HttpRequestException or IOException or TimeoutException
            or ApiStatusException { IsUnauthorized: false, IsForbidden: false, IsInvalid: false };

    private async Task RegisterAsync(FleetNode node, CancellationToken cancellation)
    {
        var now = client.Time.GetUtcNow();
        node.ReadySince = now;
        NodeObject made;
        try
        {
            made = await client.For<NodeObject>().CreateAsync(node.Make(now), null, cancellation).ConfigureAwait(false);
        }
        catch (ApiStatusException there) when (there.IsAlreadyExists)
        {
            made = await client.For<NodeObject>().GetAsync(null, node.Name, cancellation).ConfigureAwait(false);
            await TellOnceAsync(node, cancellation, all: true).ConfigureAwait(false);
        }
        node.Uid = made.Metadata.UID;
        await MakeLeaseAsync(node, cancellation).ConfigureAwait(false);
        foreach (var slice in node.Slices())
            await PublishAsync(slice, cancellation).ConfigureAwait(false);
    }

    private async Task PublishAsync(ResourceSlice slice, CancellationToken cancellation)
    {
        var slices = client.For<ResourceSlice>();
        try
        {
            await slices.CreateAsync(slice, null, cancellation).ConfigureAwait(false);
        }
        catch (ApiStatusException there) when (there.IsAlreadyExists)
        {
            // Of an earlier run: its devices may have been others, and its node another one of the same name.
            var old = await slices.GetAsync(null, slice.Metadata.Name, cancellation).ConfigureAwait(false);
            slice.Spec.Pool.Generation = old.Spec.Pool.Generation + 1;
            slice.Metadata.ResourceVersion = old.Metadata.ResourceVersion;
            await slices.UpdateAsync(slice, null, cancellation).ConfigureAwait(false);
        }
    }

    private async Task MakeLeaseAsync(FleetNode node, CancellationToken cancellation)
    {
        try
        {
            await client.For<Lease>().CreateAsync(node.Lease(client.Time.GetUtcNow()), null, cancellation).ConfigureAwait(false);
        }
        catch (ApiStatusException there) when (there.IsAlreadyExists)
        {
            await RenewOnceAsync(node, cancellation).ConfigureAwait(false);
        }
    }

    private async Task RenewAsync(FleetNode node, DueQueue<Func<CancellationToken, Task>> due, CancellationToken cancellation)
    {
        var now = client.Time.GetUtcNow();
        if (!node.IsSilent(now))
        {
            try
            {
                await RenewOnceAsync(node, cancellation).ConfigureAwait(false);
            }
            catch (ApiStatusException gone) when (gone.IsNotFound)
            {
                await RegisterAsync(node, cancellation).ConfigureAwait(false);
            }
        }
        due.Add(token => RenewAsync(node, due, token), now + options.Heartbeat);
    }

    private Task RenewOnceAsync(FleetNode node, CancellationToken cancellation)
    {
        var patch = Patch("spec", writer =>
        {
            writer.WriteString("holderIdentity", node.Name);
            writer.WriteString("renewTime", client.Time.GetUtcNow().ToString("yyyy-MM-ddTHH:mm:ss.ffffffZ", System.Globalization.CultureInfo.InvariantCulture));
        });
        return client.For<Lease>().PatchAsync(
            "kube-node-lease", node.Name, new ObjectPatch("application/merge-patch+json", patch), null, null, cancellation);
    }

    private async Task TellAsync(FleetNode node, DueQueue<Func<CancellationToken, Task>> due, CancellationToken cancellation)
    {
        var now = client.Time.GetUtcNow();
        await TellUnlessSilentAsync(node, cancellation).ConfigureAwait(false);
        due.Add(token => TellAsync(node, due, token), now + options.StatusInterval);
    }

    private Task TellUnlessSilentAsync(FleetNode node, CancellationToken cancellation) =>
        node.IsSilent(client.Time.GetUtcNow()) ? Task.CompletedTask : TellOnceAsync(node, cancellation);

    private Task TellOnceAsync(FleetNode node, CancellationToken cancellation, bool all = false)
    {
        var now = client.Time.GetUtcNow();
        var patch = Patch("status", writer =>
        {
            if (all)
            {
                // A node of an earlier run: it is somewhere else now.
                writer.WriteStartObject("daemonEndpoints");
                writer.WriteStartObject("kubeletEndpoint");
                writer.WriteNumber("Port", node.ServerPort);
                writer.WriteEndObject();
                writer.WriteEndObject();
            }
            writer.WriteStartArray("conditions");
            foreach (var condition in node.Conditions(now))
                condition.WriteJson(writer);
            writer.WriteEndArray();
        });
        return client.For<NodeObject>().PatchAsync(null, node.Name, ObjectPatch.Strategic(patch), null, "status", cancellation);
    }

    private Task Crash(FleetNode node, FleetPods pods, DueQueue<Func<CancellationToken, Task>> due)
    {
        var back = client.Time.GetUtcNow() + options.NodeCrashDuration;
        logger.LogInformation("simulated node {Node} crashes", node.Name);
        Silence(node, back, pods, due, restarts: true);
        due.Add(_ => Crash(node, pods, due), back + _behaviour.NextCrash());
        return Task.CompletedTask;
    }

    private void Silence(FleetNode node, DateTimeOffset back, FleetPods pods, DueQueue<Func<CancellationToken, Task>> due, bool restarts)
    {
        node.SilentUntil = back;
        due.Add(
            async token =>
            {
                if (restarts)
                    node.ReadySince = client.Time.GetUtcNow();
                await TellOnceAsync(node, token).ConfigureAwait(false);
                pods.ReturnAllOn(node, restarts);
            },
            back);
    }

    internal static ReadOnlyMemory<byte> Patch(string part, Action<Utf8JsonWriter> inside, string? uid = null)
    {
        var buffer = new ArrayBufferWriter<byte>(512);
        using (var writer = new Utf8JsonWriter(buffer, JsonLimits.WriterOptions))
        {
            writer.WriteStartObject();
            if (uid is not null)
            {
                writer.WriteStartObject("metadata");
                writer.WriteString("uid", uid);
                writer.WriteEndObject();
            }
            writer.WriteStartObject(part);
            inside(writer);
            writer.WriteEndObject();
            writer.WriteEndObject();
        }
        return buffer.WrittenMemory;
    }

    private sealed record Fleet(IReadOnlyDictionary<string, FleetNode> Nodes, FleetPods Pods, DueQueue<Func<CancellationToken, Task>> Due);
}
