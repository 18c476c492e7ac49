using System.Collections.Concurrent;
using Cybernetes.Foundation;
using Cybernetes.Node.Agent;
using Cybernetes.Node.Pods;
using Cybernetes.Node.Probes;
using Cybernetes.Node.Resources;
using Cybernetes.Node.Runtime;
using Cybernetes.Node.Simulated;
using Cybernetes.Node.Status;
using Cybernetes.Node.Volumes;
using Cybernetes.Objects.Core.V1;
using Microsoft.Extensions.Logging;

namespace Cybernetes.Node.Tests.Pods;

/// <summary>Pod workers over the simulated runtime and a fake API server, under virtual time.</summary>
internal sealed class WorkerBench : IAsyncDisposable
{
    private readonly CancellationTokenSource _stopping = new();
    private readonly Task _lifecycle;

    public WorkerBench(SimulatedRuntimeOptions? options = null, WorkerBench? before = null)
    {
        Time = before?.Time ?? new VirtualTimeProvider();
        Runtime = before?.Runtime ?? new SimulatedRuntime(options ?? new SimulatedRuntimeOptions(), Time);
        Api = before?.Api ?? new FakeNodeApi();
        var random = Chance.Seeded(1);
        var self = new NodeSelf("node-1") { Addresses = ["192.0.2.2"], RuntimeFault = null, RuntimeName = "simulated" };
        var paths = new PodPaths("/nowhere", "/nowhere/logs");
        var objects = new PodObjects(Api);
        var cgroups = new NoPodCgroups();
        DnsSettings Dns() => new([], "cluster.local", []);
        Services = new PodServices(
            Runtime, new ImagePuller(Runtime, objects, Events, Time, random, serializePulls: true), objects, Api, Events,
            new NoServices(), new NoPodVolumes(), cgroups, self, paths, Time, random, Events)
        {
            Sandboxes = new SandboxConfigs(paths, cgroups, Dns),
            Mounts = null,
            Hooks = new LifecycleHooks(Runtime, Http, Time),
            TerminationMessages = new TerminationMessages(),
            CrashBackoff = new BackoffMap<(string, string, string)>(
                new BackoffOptions(TimeSpan.FromSeconds(10), TimeSpan.FromSeconds(300)), Time, random),
        };
        var prober = new Prober(Runtime, Http, new GrpcHealthProber(Time), Time);
        var probes = new ProbeServices(new ProbeResults(), prober, Events, Time, random, _stopping.Token);
        Workers = new PodWorkers(Services, probes, new PodAdmission(), TimeSpan.FromMinutes(1));
        Api.PodChanged = Workers.Update;
        Api.PodRemoved = Workers.Remove;
        var lifecycle = new PodLifecycleSource(Runtime, Time, Events);
        _lifecycle = Task.Run(() => lifecycle.RunAsync(Workers.Notice, _stopping.Token));
    }

    public VirtualTimeProvider Time { get; }

    public SimulatedRuntime Runtime { get; }

    public FakeNodeApi Api { get; }

    public PodServices Services { get; }

    public PodWorkers Workers { get; }

    public RecordedEvents Events { get; } = new();

    public ScriptedHttp Http { get; } = new();

    /// <summary>Moves the clock on from timer to timer; after each all that it set going has come to rest.</summary>
    public async Task AdvanceAsync(double seconds)
    {
        await Task.Run(Quiet.Wait);
        var target = Time.GetUtcNow() + TimeSpan.FromSeconds(seconds);
        while (Time.NextDue is { } due && due <= target)
        {
            var span = due - Time.GetUtcNow();
            Time.Advance(span > TimeSpan.Zero ? span : TimeSpan.Zero);
            await Task.Run(Quiet.Wait);
        }

        Time.Advance(target - Time.GetUtcNow());
        await Task.Run(Quiet.Wait);
    }

    /// <summary>Moves the clock on, a quarter of a second at a time, until the condition holds.</summary>
    public async Task UntilAsync(Func<bool> holds, double seconds = 60)
    {
        await Task.Run(Quiet.Wait);
        for (var step = 0; step < seconds * 4; step++)
        {
            if (holds())
                return;
            await AdvanceAsync(0.25);
        }

        Assert.Fail($"it did not come to it in {seconds} s; events:\n{Events}");
    }

    public Task UntilPhaseAsync(string name, string phase, double seconds = 60) =>
        UntilAsync(() => Api.Pod(name)?.Status.Phase == phase, seconds);

    public bool IsReady(string name) =>
        Api.Pod(name)?.Status.Conditions?.Find(condition => condition.Type == "Ready")?.Status == "True";

    public ContainerStatus Container(string pod, string name) =>
        Api.Pod(pod)?.Status.ContainerStatuses?.Find(status => status.Name == name) ?? new ContainerStatus();

    /// <summary>Ends the workers as an agent's stop does: pods run on.</summary>
    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        await _lifecycle;
        await Workers.WhenStoppedAsync();
        _stopping.Dispose();
    }

    private sealed class NoServices : IServiceLister
    {
        public IReadOnlyList<Service> List(string serviceNamespace) => [];
    }
}

internal sealed class RecordedEvents : INodeEvents, ILogger
{
    private readonly ConcurrentQueue<string> _lines = new();
    private readonly ConcurrentQueue<string> _log = new();

    public IReadOnlyCollection<string> Lines => _lines;

    public void Record(Pod pod, string fieldPath, string type, string reason, string message) =>
        _lines.Enqueue($"{type} {reason} {fieldPath} {message}".Replace("  ", " ", StringComparison.Ordinal));

    public void RecordNode(string type, string reason, string message) => _lines.Enqueue($"{type} {reason} {message}");

    public int Count(string part) => _lines.Count(line => line.Contains(part, StringComparison.Ordinal));

    public override string ToString() => string.Join('\n', _lines.Concat(_log));

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Information;

    public void Log<TState>(
        LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
        _log.Enqueue($"{logLevel}: {formatter(state, exception)} {exception}");
}

/// <summary>Answers probes as told.</summary>
internal sealed class ScriptedHttp : IHttpProber
{
    public int StatusCode { get; set; } = 200;

    public List<string> Asked { get; } = [];

    public Task<HttpOutcome> GetAsync(Uri uri, List<HTTPHeader>? headers, TimeSpan timeout, CancellationToken cancellation)
    {
        lock (Asked)
            Asked.Add(uri.ToString());
        return Task.FromResult(new HttpOutcome(true, StatusCode, "", ""));
    }
}
