using Cybernetes.Foundation;
using Cybernetes.Node.Agent;
using Cybernetes.Node.Pods;
using Cybernetes.Objects.Core.V1;

namespace Cybernetes.Node.Probes;

/// <summary>What a probe worker has to know of its container now.</summary>
/// <param name="Instance">The newest; null when there is none yet.</param>
internal sealed record ProbeSubject(Pod Pod, Container Container, ContainerInstance? Instance, string Address);

/// <summary>
/// One probe of one container, from the pod's start to its end: restarts of the container begin the counting anew. After a
/// liveness or
/// startup failure it holds still until the container was replaced.
/// </summary>
internal sealed class ProbeWorker(
    ProbeKind kind, Probe probe, ProbeSubject subject, ProbeResults results, IProber prober, INodeEvents events,
    TimeProvider time,
    IRandomSource random, Action changed) : IDisposable
{
    private readonly SemaphoreSlim _nudge = new(0, 1);
    private readonly CancellationTokenSource _stopping = new();
    private volatile ProbeSubject _subject = subject;
    private string _containerId = "";
    private bool _isOnHold;
    private ProbeResult _lastResult;
    private int _run;

    private TimeSpan Period => TimeSpan.FromSeconds(probe.PeriodSeconds > 0 ? probe.PeriodSeconds : 10);

    public ProbeSubject Subject
    {
        get => _subject;
        set => _subject = value;
    }

    /// <summary>Probes now instead of at the period's end, when there is something to probe.</summary>
    public void ProbeSoon()
    {
        try
        {
            _nudge.Release();
        }
        catch (SemaphoreFullException)
        {
            // It will, already.
        }
    }

    public void Stop() => _stopping.Cancel();

    public void Dispose()
    {
        _stopping.Dispose();
        _nudge.Dispose();
    }

    /// <param name="spread">Waits a random part of a period first: after the agent's restart not all probes come at once.</param>
    public async Task RunAsync(bool spread, CancellationToken cancellation)
    {
        using var both = CancellationTokenSource.CreateLinkedTokenSource(cancellation, _stopping.Token);
        try
        {
            if (spread)
                await WaitAsync(Period * random.NextDouble(), both.Token).ConfigureAwait(false);
            while (true)
            {
                await StepAsync(both.Token).ConfigureAwait(false);
                await WaitAsync(WaitNow(), both.Token).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException) when (both.IsCancellationRequested)
        {
            // Stopped, or the agent ends.
        }
        finally
        {
            if (_containerId.Length > 0)
                results.Remove(kind, _containerId);
        }
    }

    /// <summary>Until the initial delay is over when that is sooner than the next period.</summary>
    private TimeSpan WaitNow()
    {
        if (_subject.Instance is not { IsRunning: true, StartedAt: { } started })
            return Period;
        var left = started + TimeSpan.FromSeconds(probe.InitialDelaySeconds) - time.GetUtcNow();
        return left > TimeSpan.Zero && left < Period ? left : Period;
    }

    private async Task WaitAsync(TimeSpan span, CancellationToken cancellation)
    {
        using var timer = new CancellationTokenSource(span, time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(timer.Token, cancellation);
        try
        {
            await _nudge.WaitAsync(both.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            // The time is over.
        }
    }

    private async Task StepAsync(CancellationToken cancellation)
    {
        var now = _subject;
        if (now.Instance is not { } instance)
            return;
        if (instance.Id != _containerId)
            Begin(instance);
        if (_isOnHold)
            return;
        if (!instance.IsRunning)
        {
            if (kind == ProbeKind.Readiness)
                Tell(ProbeResult.Failure);
            return;
        }

        if (time.GetUtcNow() - (instance.StartedAt ?? instance.CreatedAt) < TimeSpan.FromSeconds(probe.InitialDelaySeconds))
            return;
        var isStarted = now.Container.StartupProbe is null || results.Get(ProbeKind.Startup, instance.Id) == ProbeResult.Success;
        if (isStarted == (kind == ProbeKind.Startup))
            return;
        var outcome = await prober.ProbeAsync(probe, now.Container, instance.Id, now.Address, cancellation).ConfigureAwait(false);

        // The container may have been replaced while its predecessor was asked.
        if (_subject.Instance?.Id != instance.Id)
            return;
        if (outcome.Result == ProbeResult.Failure)
            RecordUnhealthy(now, outcome.Message);
        Count(outcome.Result);
    }

    private void Begin(ContainerInstance instance)
    {
        if (_containerId.Length > 0)
            results.Remove(kind, _containerId);
        _containerId = instance.Id;
        _isOnHold = false;
        _lastResult = ProbeResult.Unknown;
        _run = 0;
        if (results.Get(kind, instance.Id) is null)
            results.Set(kind, instance.Id, InitialResult(kind));
    }

    internal static ProbeResult InitialResult(ProbeKind kind) => kind switch
    {
        ProbeKind.Liveness => ProbeResult.Success,
        ProbeKind.Readiness => ProbeResult.Failure,
        _ => ProbeResult.Unknown,
    };

    private void Count(ProbeResult result)
    {
        _run = result == _lastResult ? _run + 1 : 1;
        _lastResult = result;
        var threshold = result == ProbeResult.Failure ? Math.Max(1, probe.FailureThreshold) : Math.Max(1, probe.SuccessThreshold);
        if (_run < threshold)
            return;
        Tell(result);
        if (kind == ProbeKind.Readiness || result != ProbeResult.Failure)
            return;

        // The container is about to be killed: counting goes on with the next one.
        _isOnHold = true;
        _run = 0;
    }

    private void Tell(ProbeResult result)
    {
        if (results.Set(kind, _containerId, result))
            changed();
    }

    private void RecordUnhealthy(ProbeSubject subject, string message)
    {
        var text = $"{kind} probe failed: {message}";
        events.Record(subject.Pod, ContainerFields.Of(subject.Pod, subject.Container.Name), EventType.Warning, "Unhealthy", text);
    }
}
