using Cybernetes.Client.Events;
using Cybernetes.Client.Informers;
using Cybernetes.Client.Transport;
using Cybernetes.Foundation;
using Cybernetes.Node.Pods;
using Cybernetes.Node.Probes;
using Cybernetes.Node.Resources;
using Cybernetes.Node.Runtime;
using Cybernetes.Node.Server;
using Cybernetes.Node.Status;
using Cybernetes.Node.Volumes;
using Cybernetes.Objects.Core.V1;
using Microsoft.Extensions.Logging;

namespace Cybernetes.Node.Agent;

/// <summary>
/// The kubelet: registers the node, keeps its heartbeats, and runs the pods bound to it through a container runtime. Pods run
/// on when the
/// agent stops; at its next start it takes them over as they are.
/// </summary>
/// <param name="client">The API server, as the node's user (system:node:NAME). Not disposed.</param>
/// <param name="runtime">As a rule <see cref="CriRuntime"/>, which is its image service too. Not disposed.</param>
public sealed class NodeAgent(
    ApiClient client, IRuntimeService runtime, IImageService images, NodeAgentOptions options, TimeProvider time,
    IRandomSource random,
    ILoggerFactory loggers)
{
    private static readonly BackoffOptions RuntimeRetries = new(TimeSpan.FromMilliseconds(100), TimeSpan.FromSeconds(2));

    private readonly ILogger _logger = loggers.CreateLogger("Cybernetes.Node");

    /// <summary>Whether the node is registered and its pods are known: the agent works.</summary>
    public bool IsReady { get; private set; }

    /// <summary>Runs until cancelled. Waits for a runtime or an API server that is not there yet.</summary>
    /// <exception cref="ArgumentException">An option is impossible.</exception>
    /// <exception cref="IOException">The directories, the cgroups or the server's port cannot be had.</exception>
    public async Task RunAsync(CancellationToken cancellation)
    {
        // 1 what this machine is
        Directory.CreateDirectory(options.RootDirectory);
        var facts = NodeFacts.OfThisMachine(options.RootDirectory);
        var cgroups = Cgroups(facts, out var isUnified);
        var self = new NodeSelf(options.NodeName)
        {
            Addresses = NodeAddresses.Of(options.NodeIp),
            MemoryBytes = facts.MemoryBytes,
            HasUnifiedCgroups = isUnified,
        };

        // 2 the runtime
        var runtimeVersion = await WaitForRuntimeAsync(self, cancellation).ConfigureAwait(false);

        // 3 the parts
        var recorder = new EventRecorder(client, "kubelet", options.NodeName, _logger);
        var informers = new InformerFactory(client, _logger);
        var pods = informers.For<Pod>(new InformerOptions { FieldSelector = $"spec.nodeName={options.NodeName}" });
        var services = informers.For<Service>();
        var lifecycle = new PodLifecycleSource(runtime, time, _logger);
        var shared = new AgentParts(client, runtime, images, options, time, random, _logger);
        using var http = new HttpProber(time);
        var events = new NodeEvents(recorder, options.NodeName);
        var podServices = shared.MakePodServices(self, cgroups, events, new InformerServices(services), http);
        var probes = shared.MakeProbeServices(events, http, cancellation);
        var workers = new PodWorkers(podServices, probes, new PodAdmission(), options.SyncFrequency);
        var heartbeat = new NodeHeartbeat(
            podServices.Api, runtime, images, events, lifecycle, facts, self, options, time,
            _logger)
        { RuntimeVersion = runtimeVersion };

        var itself = informers.For<NodeObject>(new InformerOptions { FieldSelector = $"metadata.name={options.NodeName}" });
        itself.AddHandler(heartbeat.Observe, (_, node) => heartbeat.Observe(node));

        // 4 the server
        var statistics = new NodeStatistics(workers, podServices, time.GetUtcNow());
        var kubeletPods = new KubeletPods(workers, podServices, statistics, () =>
            lifecycle.IsHealthy ? null : "PLEG is not healthy");
        await using var server = options.Server is { } serverOptions
            ? await KubeletServer.StartAsync(serverOptions, kubeletPods, runtime, time, loggers, cancellation)
                .ConfigureAwait(false)
            : null;
        heartbeat.Port = server?.Port ?? 10250;

        // 5 the node
        events.RecordNode(EventType.Normal, "Starting", "Starting kubelet.");
        var recording = recorder.RunAsync(cancellation);
        informers.Start(cancellation);
        var node = await RegisterAsync(podServices.Api, heartbeat, self, facts, cancellation).ConfigureAwait(false);

        // 6 the loops
        var lease = new NodeLease(podServices.Api, options.NodeName, options.NodeLeaseDuration, time, random, _logger);
        Task[] loops =
        [
            recording,
            Task.Run(() => heartbeat.RunAsync(node, cancellation), CancellationToken.None),
            Task.Run(() => lease.RunAsync(cancellation), CancellationToken.None),
            Task.Run(() => RunPodsAsync(pods, services, lifecycle, workers, podServices, cancellation), CancellationToken.None),
        ];
        await Task.WhenAll(loops).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        IsReady = false;
        await workers.WhenStoppedAsync().ConfigureAwait(false);
        await informers.WhenStopped().ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        foreach (var loop in loops.Where(loop => loop.IsFaulted))
            await loop.ConfigureAwait(false);
    }

    private IPodCgroups Cgroups(NodeFacts facts, out bool isUnified)
    {
        isUnified = false;
        if (!options.HasContainers)
            return new NoPodCgroups();
        var cgroups = PodCgroups.OfThisMachine();
        isUnified = cgroups.IsUnified;
        var milliCpus = facts.Cpus * 1000L;
        cgroups.EnsureRoots(new CgroupLimits(CpuShares: ResourceMath.MilliCpuToShares(milliCpus)));
        return cgroups;
    }

    private async Task<string> WaitForRuntimeAsync(NodeSelf self, CancellationToken cancellation)
    {
        var backoff = new Backoff(RuntimeRetries, random);
        while (true)
        {
            try
            {
                var version = await runtime.VersionAsync(cancellation).ConfigureAwait(false);
                self.RuntimeName = version.RuntimeName;
                return $"{version.RuntimeName}://{version.RuntimeVersion}";
            }
            catch (RuntimeCallException e)
            {
                _logger.LogWarning("The container runtime is not there yet: {Reason}", e.Message);
            }

            await Task.Delay(backoff.Next(), time, cancellation).ConfigureAwait(false);
        }
    }

    private async Task<NodeObject> RegisterAsync(
        INodeApi api, NodeHeartbeat heartbeat, NodeSelf self, NodeFacts facts, CancellationToken cancellation)
    {
        await heartbeat.LookAtRuntimeAsync(cancellation).ConfigureAwait(false);
        var first = heartbeat.Compose();
        self.Allocatable = first.Allocatable ?? [];
        var registration = new NodeRegistration(api, options, time, random, _logger);
        var node = await registration.RegisterAsync(() => first, facts.OperatingSystem, facts.Architecture, cancellation)
            .ConfigureAwait(false);
        heartbeat.Observe(node);
        return node;
    }

    /// <summary>From here on pods are run: once services (for their variables) and the node's pods are known.</summary>
    private async Task RunPodsAsync(
        Informer<Pod> pods, Informer<Service> services, PodLifecycleSource lifecycle, PodWorkers workers, PodServices shared,
        CancellationToken cancellation)
    {
        await services.WaitForSyncAsync(cancellation).ConfigureAwait(false);
        using var registration = pods.AddHandler(new PodHandler(workers));
        await registration.Synced.WaitAsync(cancellation).ConfigureAwait(false);
        IsReady = true;
        var housekeeping = new Housekeeping(shared, workers, options.HousekeepingPeriod);
        var tasks = new List<Task> { lifecycle.RunAsync(workers.Notice, cancellation), housekeeping.RunAsync(cancellation) };
        if (options.HasContainers)
        {
            var rotation = new ContainerLogRotation(
                runtime, workers, options.ContainerLogMaxBytes, options.ContainerLogMaxFiles, time, _logger);
            tasks.Add(rotation.RunAsync(cancellation));
        }

        await Task.WhenAll(tasks).ConfigureAwait(false);
    }

    private sealed class PodHandler(PodWorkers workers) : IInformerHandler<Pod>
    {
        public void OnAdd(Pod value, bool isInInitialList) => workers.Update(value);

        public void OnUpdate(Pod old, Pod value)
        {
            // Deleted and made again under the same name between two looks.
            if (old.Metadata.UID != value.Metadata.UID)
                workers.Remove(old);
            workers.Update(value);
        }

        public void OnDelete(Pod last) => workers.Remove(last);
    }
}
