using Cybernetes.Node.Probes;
using Cybernetes.Node.Resources;
using Cybernetes.Node.Status;
using Cybernetes.Node.Volumes;
using Cybernetes.Objects;
using Cybernetes.Objects.Core.V1;

namespace Cybernetes.Node.Pods;

/// <content>What the worker does at each stage.</content>
internal sealed partial class PodWorker
{
    private static readonly TimeSpan NetworkRetry = TimeSpan.FromSeconds(1);

    private IReadOnlyDictionary<string, string> _volumes = new Dictionary<string, string>();

    /// <summary>Steps: 1 read, 2 status, 3 deadline, 4 decide, 5 prepare (network, volumes, cgroup), 6 act, 7 read and
    /// status.</summary>
    private async Task<TimeSpan?> SyncAsync(CancellationToken cancellation)
    {
        // Journey 23: node agent
        var pod = Pod;

        // 1 read
        var isFirst = !_isPrepared && State.Containers.Count == 0;
        State = await _reader.ReadAsync(cancellation).ConfigureAwait(false);
        if (isFirst)
        {
            _ranBefore = State.HasRunningContainers;
            TrustOldReadiness(pod);
        }

        // 2 status
        PublishStatus(pod, isTerminal: false);
        if (HasToEnd())
            return TimeSpan.Zero;

        // 3 deadline
        var deadline = DeadlineLeft(pod);
        if (deadline <= TimeSpan.Zero)
        {
            End("DeadlineExceeded", "Pod was active on the node longer than the specified deadline");
            return TimeSpan.Zero;
        }

        // 4 decide
        var plan = PodSyncDecider.Decide(pod, State, _results);
        var now = _services.Time.GetUtcNow();
        if (plan.IsNothing && _isPrepared && now < _volumesDue)
        {
            UpdateProbes(pod);
            return Sooner(deadline, _volumesDue - now);
        }

        // 5 prepare
        if (plan.CreateSandbox && !pod.Spec.HostNetwork && _services.Node.NetworkFault is { } fault)
        {
            _services.Events.Record(pod, "", EventType.Warning, "NetworkNotReady", $"network is not ready: {fault}");
            return NetworkRetry;
        }

        await PrepareAsync(pod, cancellation).ConfigureAwait(false);
        if (plan.IsNothing)
        {
            UpdateProbes(pod);
            return Sooner(deadline, _syncPeriod);
        }

        // 6 act
        var outcome = await _sync.ExecuteAsync(pod, plan, State, _volumes, _failures, cancellation).ConfigureAwait(false);

        // 7 read and status
        if (outcome.NewSandbox is { } sandbox)
            _reader.Remember(sandbox);
        State = await _reader.ReadAsync(cancellation).ConfigureAwait(false);
        PublishStatus(pod, isTerminal: false);
        UpdateProbes(pod);
        await PruneAsync(cancellation).ConfigureAwait(false);

        // A plan may open the way for the next (an init container that is over already): look again when there is more to do.
        var next = PodSyncDecider.Decide(pod, State, _results);
        var isStuck = outcome.RetryAfter is not null;
        if (HasToEnd() || (!isStuck && !next.IsNothing))
            return next.KillPod && !HasToEnd() ? FirstRetry : TimeSpan.Zero;
        return Sooner(deadline, outcome.RetryAfter ?? _syncPeriod);
    }

    private async Task PrepareAsync(Pod pod, CancellationToken cancellation)
    {
        try
        {
            _volumes = await _services.Volumes.PrepareAsync(pod, cancellation).ConfigureAwait(false);
        }
        catch (VolumeException e)
        {
            foreach (var failure in e.Failures)
                _services.Events.Record(pod, "", EventType.Warning, "FailedMount", failure);
            throw;
        }

        _volumesDue = _services.Time.GetUtcNow() + _syncPeriod;
        if (_isPrepared)
            return;
        _services.Cgroups.Ensure(PodQos.Of(pod), pod.Metadata.UID, PodResourceSums.PodLimits(pod));
        _isPrepared = true;
    }

    /// <summary>Stops everything, within the grace period; then what the pod used is given back.</summary>
    private async Task<TimeSpan?> TerminateAsync(CancellationToken cancellation)
    {
        var pod = Pod;
        _probes.StopLivenessAndStartup();
        State = await _reader.ReadAsync(cancellation).ConfigureAwait(false);
        var grace = GraceOverride(pod);
        lock (_gate)
            _graceNow = grace ?? pod.Metadata.DeletionGracePeriodSeconds ?? pod.Spec.TerminationGracePeriodSeconds;
        var address = PodSync.AddressOf(pod, State);
        if (State.HasRunningContainers)
        {
            PublishStatus(pod, isTerminal: false);
            await _sync.Killer.KillAllAsync(pod, State, address, grace, cancellation).ConfigureAwait(false);
        }

        await _probes.StopAsync().ConfigureAwait(false);
        foreach (var sandbox in State.Sandboxes.Where(sandbox => sandbox.IsReady))
            await _services.Runtime.StopPodSandboxAsync(sandbox.Id, cancellation).ConfigureAwait(false);
        State = await _reader.ReadAsync(cancellation).ConfigureAwait(false);
        if (State.HasRunningContainers)
            return FirstRetry;
        PublishStatus(pod, isTerminal: true);
        Stage = PodStage.Terminated;
        return TimeSpan.Zero;
    }

    /// <summary>Gives back volumes and cgroup; when the pod is deleted, the containers and the object too.</summary>
    private async Task<TimeSpan?> FinishAsync(CancellationToken cancellation)
    {
        var pod = Pod;
        if (_isPrepared || !_isCleaned)
        {
            await _services.Volumes.RemoveAsync(pod.Metadata.UID, cancellation).ConfigureAwait(false);
            if (!_services.Cgroups.TryRemove(PodQos.Of(pod), pod.Metadata.UID))
                return FirstRetry;
            (_isPrepared, _isCleaned) = (false, true);
        }

        bool isDeleted;
        lock (_gate)
            isDeleted = _isObjectGone || pod.Metadata.DeletionTimestamp is not null;
        if (!isDeleted)
            return null;
        if (!_isForgotten)
        {
            await _publisher.FlushAsync().ConfigureAwait(false);
            if (!_isObjectGone)
            {
                await _services.Api.RemovePodAsync(
                    pod.Metadata.Namespace, pod.Metadata.Name, pod.Metadata.UID, cancellation).ConfigureAwait(false);
            }

            State = await _reader.ReadAsync(cancellation).ConfigureAwait(false);
            foreach (var sandbox in State.Sandboxes)
                await _services.Runtime.RemovePodSandboxAsync(sandbox.Id, cancellation).ConfigureAwait(false);
            PodFiles.Remove(_services.Paths, pod);
            _isForgotten = true;
        }

        // With finalizers the object stays until their owners let it go.
        lock (_gate)
            Stage = _isObjectGone ? PodStage.Finished : Stage;
        return null;
    }

    /// <summary>What the agent itself ends (a passed deadline, an eviction) has the pod's own grace period.</summary>
    private static long? GraceOverride(Pod pod) => pod.Metadata.DeletionGracePeriodSeconds;

    private void PublishStatus(Pod pod, bool isTerminal)
    {
        StartFailure? ended;
        lock (_gate)
            ended = _ended;
        var inputs = new PodStatusInputs(
            pod, _status, State, _failures, _results, _services.Node.Addresses, _services.Time.GetUtcNow())
        {
            IsTerminal = isTerminal,
            Ended = ended,
            RuntimeName = _services.Node.RuntimeName,
        };
        var status = PodStatusComposer.Compose(inputs);
        lock (_gate)
            _status = status;
        _publisher.Publish(status);
    }

    private void UpdateProbes(Pod pod) => _probes.Update(pod, State, PodSync.AddressOf(pod, State), spread: _ranBefore);

    /// <summary>
    /// After the agent's own restart a container that was ready counts as ready until a probe says otherwise: a restart of the
    /// agent must
    /// not take pods out of service.
    /// </summary>
    private void TrustOldReadiness(Pod pod)
    {
        foreach (var instance in State.Containers.Where(instance => instance.IsRunning))
        {
            var id = $"{_services.Node.RuntimeName}://{instance.Id}";
            var old = pod.Status.ContainerStatuses?.Find(status => status.ContainerID == id)
                ?? pod.Status.InitContainerStatuses?.Find(status => status.ContainerID == id);
            if (old?.Ready == true)
                _results.Set(ProbeKind.Readiness, instance.Id, ProbeResult.Success);
            if (old?.Started == true)
                _results.Set(ProbeKind.Startup, instance.Id, ProbeResult.Success);
        }
    }

    private TimeSpan? DeadlineLeft(Pod pod)
    {
        if (pod.Spec.ActiveDeadlineSeconds is not { } seconds)
            return null;
        return (_status.StartTime ?? _madeAt) + TimeSpan.FromSeconds(seconds) - _services.Time.GetUtcNow();
    }

    /// <summary>Of each container the newest instance and the one before are kept (for logs -p and lastState), older ones
    /// go.</summary>
    private async Task PruneAsync(CancellationToken cancellation)
    {
        foreach (var group in State.Containers.GroupBy(instance => instance.Name, StringComparer.Ordinal))
        {
            foreach (var old in group.Skip(2).Where(instance => instance.State == InstanceState.Exited))
            {
                await _services.Runtime.RemoveContainerAsync(old.Id, cancellation).ConfigureAwait(false);
                PodFiles.RemoveLog(_services.Paths.LogDirectory(Pod), old);
            }
        }
    }

    private static TimeSpan? Sooner(TimeSpan? one, TimeSpan other) => one is { } span && span < other ? span : other;
}
