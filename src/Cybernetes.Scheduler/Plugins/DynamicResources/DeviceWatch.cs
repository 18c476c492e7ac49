using Cybernetes.Client.Informers;
using Cybernetes.Client.Transport;
using Cybernetes.Objects;
using Cybernetes.Objects.Core.V1;
using Cybernetes.Objects.Resource.V1;
using Cybernetes.Scheduler.Queue;
using Microsoft.Extensions.Logging;
using DeviceTaintRule = Cybernetes.Objects.Resource.V1beta2.DeviceTaintRule;
using ResourceClaim = Cybernetes.Objects.Resource.V1.ResourceClaim;

namespace Cybernetes.Scheduler.Plugins.DynamicResources;

/// <summary>
/// Keeps an inventory true to the API server. It begins with the first pod that may need devices: clusters without such pods pay nothing, and servers
/// without the API are never asked. Until all is there such pods wait. Thread-safe.
/// </summary>
internal sealed class DeviceWatch(DeviceInventory inventory)
{
    private readonly Lock _lock = new();
    private readonly HashSet<string> _waiting = new(StringComparer.Ordinal);
    private Action? _begin;
    private volatile bool _isReady;

    /// <summary>Ends when nothing is watched any more.</summary>
    public Task Watching { get; private set; } = Task.CompletedTask;

    /// <summary>From now on the first pod that asks starts the watches, which last until cancelled.</summary>
    /// <param name="client">May list and watch resource claims, device classes and resource slices.</param>
    /// <param name="happened">Told of each change.</param>
    /// <param name="reconsider">Told of the pods that waited for what changed.</param>
    /// <param name="hasRules">Whether administrators' rules are watched, too (gate DRADeviceTaintRules): only such a server serves them.</param>
    /// <param name="logger">Where the watches say what goes wrong.</param>
    /// <param name="cancellation">Ends the watches.</param>
    public void WatchBy(
        ApiClient client, Action<ClusterHappening> happened, Action<IReadOnlyList<string>> reconsider, bool hasRules, ILogger logger,
        CancellationToken cancellation)
    {
        lock (_lock)
            _begin = () => Watching = Task.Run(() => WatchAsync(client, happened, reconsider, hasRules, logger, cancellation), CancellationToken.None);
    }

    /// <summary>Whether all is known. A pod that asks too early is named again when it is.</summary>
    public bool IsReadyFor(Pod pod)
    {
        if (_isReady)
            return true;
        lock (_lock)
        {
            if (_isReady)
                return true;
            _begin?.Invoke();
            _begin = null;
            _waiting.Add(pod.Metadata.UID);
            return false;
        }
    }

    /// <summary>What is looked at was put in by hand.</summary>
    public void BeReady() => _isReady = true;

    private async Task WatchAsync(
        ApiClient client, Action<ClusterHappening> happened, Action<IReadOnlyList<string>> reconsider, bool hasRules, ILogger logger,
        CancellationToken cancellation)
    {
        var claims = new Informer<ResourceClaim>(client, null, logger);
        var classes = new Informer<DeviceClass>(client, null, logger);
        var slices = new Informer<ResourceSlice>(client, null, logger);
        void ClaimIs(ResourceClaim? before, ResourceClaim? now)
        {
            var waited = now is null ? inventory.Remove(before!) : inventory.Set(now);
            if (waited.Count > 0)
                reconsider(waited);
            happened(new ClusterHappening(ClusterEvent.ResourceClaimChanged, Claim: now, ClaimBefore: before));
        }
        void DevicesChanged() => happened(new ClusterHappening(ClusterEvent.DeviceChanged));
        Action<T> Then<T>(Action<T> change) => one =>
        {
            change(one);
            DevicesChanged();
        };
        List<IInformerRegistration> all =
        [
            claims.AddHandler(c => ClaimIs(null, c), ClaimIs, c => ClaimIs(c, null)),
            classes.AddHandler(Then<DeviceClass>(inventory.Set), (_, c) => Then<DeviceClass>(inventory.Set)(c), Then<DeviceClass>(inventory.Remove)),
            slices.AddHandler(Then<ResourceSlice>(inventory.Set), (_, s) => Then<ResourceSlice>(inventory.Set)(s), Then<ResourceSlice>(inventory.Remove)),
        ];
        List<Task> running = [claims.RunAsync(cancellation), classes.RunAsync(cancellation), slices.RunAsync(cancellation)];
        if (hasRules)
        {
            var rules = new Informer<DeviceTaintRule>(client, null, logger);
            var set = Then<DeviceTaintRule>(inventory.Set);
            all.Add(rules.AddHandler(set, (_, r) => set(r), Then<DeviceTaintRule>(inventory.Remove)));
            running.Add(rules.RunAsync(cancellation));
        }
        try
        {
            await Task.WhenAll(all.Select(r => r.Synced)).WaitAsync(cancellation).ConfigureAwait(false);
            string[] waited;
            lock (_lock)
            {
                _isReady = true;
                waited = [.. _waiting];
                _waiting.Clear();
            }
            reconsider(waited);
        }
        finally
        {
            await Task.WhenAll(running).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }
}
