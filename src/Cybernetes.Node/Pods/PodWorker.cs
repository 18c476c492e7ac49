using Cybernetes.Client.Transport;
using Cybernetes.Node.Agent;
using Cybernetes.Node.Probes;
using Cybernetes.Node.Runtime;
using Cybernetes.Node.Status;
using Cybernetes.Node.Volumes;
using Cybernetes.Objects;
using Cybernetes.Objects.Core.V1;
using Cybernetes.Objects.Meta.V1;
using Microsoft.Extensions.Logging;

namespace Cybernetes.Node.Pods;

/// <summary>Where a pod stands with its worker; only forward.</summary>
internal enum PodStage
{
    /// <summary>Made to run, and kept so.</summary>
    Running,

    /// <summary>Being stopped.</summary>
    Terminating,

    /// <summary>Nothing runs; what it used is given back. The object may still be there (Succeeded, Failed).</summary>
    Terminated,

    /// <summary>Nothing left of it: the worker is over.</summary>
    Finished,
}

/// <summary>
/// All that is done for one pod, one step after the other. Told of changes from anywhere; works on its own loop. A step reads the
/// runtime, decides, acts, reads again and publishes the status.
/// </summary>
internal sealed partial class PodWorker
{
    private static readonly TimeSpan FirstRetry = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestRetry = TimeSpan.FromSeconds(10);

    private readonly PodServices _services;
    private readonly PodSync _sync;
    private readonly PodRuntimeReader _reader;
    private readonly PodProbes _probes;
    private readonly ProbeResults _results;
    private readonly PodStatusPublisher _publisher;
    private readonly SemaphoreSlim _signal = new(1, 1);
    private readonly Lock _gate = new();
    private readonly List<PodLifecycleEvent> _noticed = [];
    private readonly Dictionary<string, StartFailure> _failures = new(StringComparer.Ordinal);
    private readonly TimeSpan _syncPeriod;
    private readonly DateTimeOffset _madeAt;
    private Pod _pod;
    private PodStatus _status;
    private StartFailure? _ended;
    private CancellationTokenSource? _step;
    private long? _graceNow;
    private bool _isPoked = true;
    private bool _isObjectGone;
    private bool _isPrepared;
    private bool _isCleaned;
    private bool _isForgotten;
    private bool _ranBefore;
    private DateTimeOffset _volumesDue;
    private int _failedSteps;
    private ITimer? _wake;

    public PodWorker(Pod pod, PodServices services, ProbeServices probes, TimeSpan syncPeriod)
    {
        _pod = pod;
        _services = services;
        _sync = new PodSync(services);
        _syncPeriod = syncPeriod;
        _reader = new PodRuntimeReader(services.Runtime, pod.Metadata.UID, services.TerminationMessages);
        _results = probes.Results;
        _probes = new PodProbes(probes, Poke);
        _publisher = new PodStatusPublisher(services.Api, services.Time, services.Random, services.Logger, probes.Stopping);
        _publisher.Observe(pod);
        _status = pod.Status.DeepClone();
        _madeAt = services.Time.GetUtcNow();
    }

    public PodStage Stage { get; private set; }

    /// <summary>The newest the agent knows, with the status it made.</summary>
    public Pod Pod
    {
        get
        {
            lock (_gate)
                return _pod;
        }
    }

    public PodStatus Status
    {
        get
        {
            lock (_gate)
                return _status;
        }
    }

    /// <summary>The last state read from the runtime.</summary>
    public PodRuntimeState State { get; private set; } = PodRuntimeState.Empty;

    /// <summary>Takes over a newer state of the object.</summary>
    public void Update(Pod pod)
    {
        bool isNews;
        CancellationTokenSource? overtaken = null;
        lock (_gate)
        {
            isNews = IsNews(_pod, pod);
            _pod = pod;

            // What is under way must not hold up the end, nor a longer grace period a shorter one.
            var ends = pod.Metadata.DeletionTimestamp is not null && Stage == PodStage.Running;
            var isShorter = Stage == PodStage.Terminating && pod.Metadata.DeletionGracePeriodSeconds < _graceNow;
            if (ends || isShorter)
                overtaken = _step;
        }

        _publisher.Observe(pod);
        Overtake(overtaken);
        if (isNews)
            Poke();
    }

    /// <summary>The worker's own status coming back is no reason to look at the runtime again.</summary>
    private static bool IsNews(Pod old, Pod pod) =>
        old.Metadata.Generation != pod.Metadata.Generation
        || old.Metadata.DeletionTimestamp != pod.Metadata.DeletionTimestamp
        || old.Metadata.DeletionGracePeriodSeconds != pod.Metadata.DeletionGracePeriodSeconds
        || pod.Spec.ReadinessGates.OrEmpty().Count > 0
        || !SameLabels(old.Metadata, pod.Metadata)
        || !old.Spec.SemanticEquals(pod.Spec);

    private static bool SameLabels(ObjectMeta one, ObjectMeta other) =>
        Same(one.Labels, other.Labels) && Same(one.Annotations, other.Annotations);

    private static bool Same(Dictionary<string, string>? one, Dictionary<string, string>? other) =>
        one.OrEmpty().Count == other.OrEmpty().Count && one.OrEmpty().All(
            entry => other.OrEmpty().TryGetValue(entry.Key, out var value) && value == entry.Value);

    private static void Overtake(CancellationTokenSource? step)
    {
        try
        {
            // Not here and now: the step's continuations must not run on the teller's thread.
            _ = step?.CancelAsync();
        }
        catch (ObjectDisposedException)
        {
            // It ended by itself meanwhile.
        }
    }

    /// <summary>The object is gone from the API server: whatever is left of the pod has to go too.</summary>
    public void ObjectRemoved()
    {
        CancellationTokenSource? overtaken;
        lock (_gate)
        {
            _isObjectGone = true;
            overtaken = Stage == PodStage.Running ? _step : null;
        }

        Overtake(overtaken);
        Poke();
    }

    /// <summary>Ends the pod by the agent's own decision: its phase becomes Failed.</summary>
    public void End(string reason, string message)
    {
        CancellationTokenSource? overtaken;
        lock (_gate)
        {
            _ended ??= new StartFailure(reason, message);
            overtaken = Stage == PodStage.Running ? _step : null;
        }

        Overtake(overtaken);
        Poke();
    }

    /// <summary>Something happened that the worker should look at.</summary>
    public void Poke()
    {
        lock (_gate)
            _isPoked = true;
        Signal();
    }

    /// <summary>Something happened to the pod at the runtime. What a step has read meanwhile costs no further step.</summary>
    public void Notice(PodLifecycleEvent change)
    {
        lock (_gate)
            _noticed.Add(change);
        Signal();
    }

    private void Signal()
    {
        try
        {
            _signal.Release();
        }
        catch (SemaphoreFullException)
        {
            // It will look anyway.
        }
    }

    public async Task RunAsync(CancellationToken cancellation)
    {
        try
        {
            while (!cancellation.IsCancellationRequested)
            {
                await _signal.WaitAsync(cancellation).ConfigureAwait(false);
                if (!TakeNews())
                    continue;
                TimeSpan? wait = TimeSpan.Zero;
                while (wait is { } span && span <= TimeSpan.Zero && Stage != PodStage.Finished)
                    wait = await StepAsync(cancellation).ConfigureAwait(false);
                if (Stage == PodStage.Finished)
                    return;
                if (wait is { } later)
                    PokeAfter(later, cancellation);
            }
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            // The agent stops; the pod runs on.
        }
        finally
        {
            _wake?.Dispose();
            await _probes.StopAsync().ConfigureAwait(false);
        }
    }

    private bool TakeNews()
    {
        lock (_gate)
        {
            var isNews = _isPoked || !_noticed.TrueForAll(State.Shows);
            _isPoked = false;
            _noticed.Clear();
            return isNews;
        }
    }

    private void PokeAfter(TimeSpan span, CancellationToken cancellation)
    {
        _wake?.Dispose();
        if (!cancellation.IsCancellationRequested)
            _wake = _services.Time.CreateTimer(static worker =>
                ((PodWorker)worker!).Poke(), this, span, Timeout.InfiniteTimeSpan);
    }

    /// <returns>When to step again although nothing happens; null for not at all.</returns>
    private async Task<TimeSpan?> StepAsync(CancellationToken cancellation)
    {
        using var step = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        lock (_gate)
            _step = step;
        try
        {
            if (Stage == PodStage.Running && HasToEnd())
                Stage = PodStage.Terminating;
            var wait = Stage switch
            {
                PodStage.Running => await SyncAsync(step.Token).ConfigureAwait(false),
                PodStage.Terminating => await TerminateAsync(step.Token).ConfigureAwait(false),
                _ => await FinishAsync(step.Token).ConfigureAwait(false),
            };
            _failedSteps = 0;
            return wait;
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            // Overtaken by the pod's end.
            return TimeSpan.Zero;
        }
        catch (Exception e)
        {
            LogRetry(e);
            var wait = FirstRetry * Math.Pow(2, Math.Min(_failedSteps++, 10));
            return wait < LongestRetry ? wait : LongestRetry;
        }
        finally
        {
            lock (_gate)
                _step = null;
        }
    }

    private void LogRetry(Exception failure)
    {
        var metadata = Pod.Metadata;
        var isExpected = failure is RuntimeCallException or IOException or ApiStatusException or HttpRequestException
            or TimeoutException or VolumeException or UnauthorizedAccessException;
        if (isExpected)
        {
            _services.Logger.LogWarning(
                "Pod {Namespace}/{Name} ({Stage}) is tried again: {Reason}", metadata.Namespace, metadata.Name, Stage,
                failure.Message);
            return;
        }

        // A bug. The pod must not stand still for it, nor the others.
        _services.Logger.LogError(failure, "Pod {Namespace}/{Name} ({Stage}) failed", metadata.Namespace, metadata.Name, Stage);
    }

    private bool HasToEnd()
    {
        lock (_gate)
        {
            return _isObjectGone || _ended is not null || _pod.Metadata.DeletionTimestamp is not null
                || _status.Phase is PodPhase.Failed or PodPhase.Succeeded;
        }
    }
}
