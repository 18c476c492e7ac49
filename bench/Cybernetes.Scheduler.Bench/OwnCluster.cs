using Cybernetes.ApiServer.Admission;
using Cybernetes.ApiServer.Server;
using Cybernetes.Client.Transport;
using Cybernetes.Store.Embedded;
using Microsoft.Extensions.Logging.Abstractions;

namespace Cybernetes.Scheduler.Bench;

/// <summary>A cluster whose pods are counted until they are bound.</summary>
internal interface IMeasuredCluster
{
    string Name { get; }

    ApiClient Client { get; }

    /// <summary>Processor time of everything that takes part, the creators too.</summary>
    TimeSpan CpuTime { get; }

    long ResidentBytes { get; }
}

/// <summary>API server, store on disk and scheduler in this process, reached without sockets.</summary>
internal sealed class OwnCluster : IMeasuredCluster, IAsyncDisposable
{
    private readonly string _folder;
    private readonly EmbeddedStore _store;
    private readonly ApiServerHost _server;
    private readonly CancellationTokenSource _stop = new();
    private readonly ApiClient _schedulers;
    private readonly Task _scheduling;

    private OwnCluster(string folder, EmbeddedStore store, ApiServerHost server)
    {
        (_folder, _store, _server) = (folder, store, server);
        (Client, _schedulers) = (ClientAs("kubernetes-admin"), ClientAs("system:kube-scheduler"));
        var scheduler = new PodScheduler(_schedulers, new SchedulerOptions(), NullLogger.Instance);
        _scheduling = Task.Run(() => scheduler.RunAsync(_stop.Token));
    }

    public string Name => "cyb: API server, store on disk, scheduler and creators in one process";

    public ApiClient Client { get; }

    public TimeSpan CpuTime => Environment.CpuUsage.TotalTime;

    public long ResidentBytes => Environment.WorkingSet;

    public static async Task<OwnCluster> StartAsync()
    {
        var folder = Directory.CreateTempSubdirectory("cyb-schedule-").FullName;
        if (!EmbeddedStore.Open(folder, TimeProvider.System).TryGet(out var store, out var error))
            throw new IOException(error.Message);
        // Pods need a service account in their namespace, which controllers make; here there are none.
        AdmissionSelection.TryCreate([], ["ServiceAccount"], out var admission, out _);
        var server = await ApiServerHost.StartAsync(store, new() { SecurePort = null, Admission = admission! }, CancellationToken.None);
        await server.WaitUntilReadyAsync(CancellationToken.None);
        return new OwnCluster(folder, store, server);
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _scheduling.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        Client.Dispose();
        _schedulers.Dispose();
        await _server.DisposeAsync();
        await _store.DisposeAsync();
        _stop.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    private ApiClient ClientAs(string user) => new(
        _server.CreateHandler(user, ["system:masters"]), new Uri("https://in-process.cybernetes.local"), new() { UserAgent = ApiClientOptions.AgentOf(user) });
}
