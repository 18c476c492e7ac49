using Cybernetes.Foundation;
using Cybernetes.Node.Agent;
using Cybernetes.Node.Pods;
using Cybernetes.Objects;
using Cybernetes.Objects.Core.V1;

namespace Cybernetes.Node.Probes;

/// <summary>What all pods' probes share.</summary>
internal sealed record ProbeServices(
    ProbeResults Results, IProber Prober, INodeEvents Events, TimeProvider Time, IRandomSource Random,
    CancellationToken Stopping);

/// <summary>The probes of one pod. Belongs to its worker; not for concurrent use.</summary>
internal sealed class PodProbes(ProbeServices services, Action changed)
{
    private readonly Dictionary<(string Container, ProbeKind Kind), (ProbeWorker Worker, Task Loop)> _workers = [];

    /// <summary>Starts probes of containers that run and tells running ones how things stand.</summary>
    /// <param name="spread">The containers ran before this agent did: their probes wait a random part of a period.</param>
    public void Update(Pod pod, PodRuntimeState state, string address, bool spread)
    {
        var sidecars = pod.Spec.InitContainers.OrEmpty().Where(RestartRules.IsSidecar);
        foreach (var container in pod.Spec.Containers.OrEmpty().Concat(sidecars))
        {
            var instance = state.Newest(container.Name);
            Update(pod, container, container.StartupProbe, ProbeKind.Startup, instance, address, spread);
            Update(pod, container, container.ReadinessProbe, ProbeKind.Readiness, instance, address, spread);
            Update(pod, container, container.LivenessProbe, ProbeKind.Liveness, instance, address, spread);
        }
    }

    /// <summary>While a pod ends only its readiness matters: it must not be restarted, but may still serve.</summary>
    public void StopLivenessAndStartup()
    {
        foreach (var (key, entry) in _workers)
        {
            if (key.Kind != ProbeKind.Readiness)
                entry.Worker.Stop();
        }
    }

    public async Task StopAsync()
    {
        foreach (var entry in _workers.Values)
            entry.Worker.Stop();
        foreach (var entry in _workers.Values)
        {
            await entry.Loop.ConfigureAwait(false);
            entry.Worker.Dispose();
        }

        _workers.Clear();
    }

    private void Update(
        Pod pod, Container container, Probe? probe, ProbeKind kind, ContainerInstance? instance, string address, bool spread)
    {
        if (probe is null)
            return;
        var subject = new ProbeSubject(pod, container, instance, address);
        if (!_workers.TryGetValue((container.Name, kind), out var entry))
        {
            if (instance is not { IsRunning: true })
                return;
            var worker = new ProbeWorker(
                kind, probe, subject, services.Results, services.Prober, services.Events, services.Time, services.Random,
                changed);
            _workers[(container.Name, kind)] = (worker, Task.Run(() => worker.RunAsync(spread, services.Stopping)));
            return;
        }

        var isNew = entry.Worker.Subject.Instance?.Id != instance?.Id;
        entry.Worker.Subject = subject;
        if (instance is { IsRunning: true } && (isNew || IsWaitedFor(kind, instance, container)))
            entry.Worker.ProbeSoon();
    }

    /// <summary>A readiness probe that keeps a started container out of service is asked at every occasion, not only once a
    /// period.</summary>
    private bool IsWaitedFor(ProbeKind kind, ContainerInstance instance, Container container) =>
        kind == ProbeKind.Readiness
        && services.Results.Get(ProbeKind.Readiness, instance.Id) != ProbeResult.Success
        && container.StartupProbe is not null
        && services.Results.Get(ProbeKind.Startup, instance.Id) == ProbeResult.Success;
}
