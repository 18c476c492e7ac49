using Cybernetes.ApiServer.Registry;
using Cybernetes.ApiServer.Server;
using Cybernetes.Client.Transport;
using Cybernetes.Foundation;
using Cybernetes.Store.Embedded;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Cybernetes.Testing;

/// <summary>How a test's cluster is set up.</summary>
public sealed record TestClusterOptions
{
    /// <summary>The clock of every part. Default: the system's; a virtual one makes days pass in moments.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>Seed of all chance: names, uids, addresses and jitter are the same in every run. Default 1.</summary>
    public int Seed { get; init; } = 1;

    /// <summary>Logs of every part. Default: none.</summary>
    public ILoggerFactory Loggers { get; init; } = NullLoggerFactory.Instance;

    /// <summary>As <c>--feature-gates</c>: <c>GenericWorkload=true,…</c>. Default: upstream's defaults.</summary>
    public string FeatureGates { get; init; } = "";

    /// <summary>As <c>--runtime-config</c>: <c>api/alpha=true,…</c>. Default: stable and older versions.</summary>
    public string RuntimeConfig { get; init; } = "";

    /// <summary>Changes the API server's options last.</summary>
    public Func<ApiServerOptions, ApiServerOptions>? ApiServer { get; init; }
}

/// <summary>
/// A cluster's heart inside a test process: the real API server over a store in memory, reached without sockets. Nothing is left behind when it
/// is disposed. Starts in milliseconds; any number may run side by side.
/// </summary>
public sealed class TestCluster : IAsyncDisposable
{
    private static readonly Uri InProcess = new("https://in-process.cybernetes.local");
    private readonly EmbeddedStore _store;
    private readonly TestClusterOptions _options;
    private readonly List<ApiClient> _clients = [];

    private TestCluster(EmbeddedStore store, ApiServerHost server, TestClusterOptions options)
    {
        _store = store;
        _options = options;
        Server = server;
        Client = ClientAs("kubernetes-admin", "system:masters");
    }

    /// <summary>The API server.</summary>
    public ApiServerHost Server { get; }

    /// <summary>A client that may do anything.</summary>
    public ApiClient Client { get; }

    /// <summary>Starts a cluster; when this returns, the system namespaces are there.</summary>
    public static async Task<TestCluster> StartAsync(TestClusterOptions? options = null, CancellationToken cancellation = default)
    {
        options ??= new();
        var store = EmbeddedStore.OpenInMemory(options.Time, random: Chance.Seeded(options.Seed));
        try
        {
            var serving = new ApiServerOptions
            {
                SecurePort = null, Time = options.Time, Identities = IdentitySource.Seeded(options.Seed),
                Random = Chance.Seeded(options.Seed), Loggers = options.Loggers,
                FeatureGates = FeatureGates.TryParse(options.FeatureGates, out var gates, out var error)
                    ? gates : throw new ArgumentException(error, nameof(options)),
                Enablement = ApiEnablement.TryParse(options.RuntimeConfig, out var enablement, out error)
                    ? enablement : throw new ArgumentException(error, nameof(options)),
            };
            var server = await ApiServerHost.StartAsync(store, options.ApiServer?.Invoke(serving) ?? serving, cancellation);
            await server.WaitUntilReadyAsync(cancellation);
            return new(store, server, options);
        }
        catch
        {
            await store.DisposeAsync();
            throw;
        }
    }

    /// <summary>A client under a user; it is disposed with the cluster.</summary>
    public ApiClient ClientAs(string user, params string[] groups)
    {
        var options = new ApiClientOptions { Time = _options.Time, Random = Chance.Seeded(_options.Seed), UserAgent = ApiClientOptions.AgentOf(user) };
        var client = new ApiClient(Server.CreateHandler(user, groups), InProcess, options);
        lock (_clients)
            _clients.Add(client);
        return client;
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        foreach (var client in _clients)
            client.Dispose();
        await Server.DisposeAsync();
        await _store.DisposeAsync();
    }
}
