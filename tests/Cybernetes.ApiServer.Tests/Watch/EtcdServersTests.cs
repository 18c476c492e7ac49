using System.Globalization;
using System.Net;
using Cybernetes.ApiServer.Server;
using Cybernetes.Foundation;
using Cybernetes.Store;
using Cybernetes.Store.Etcd;
using Cybernetes.Store.Tests.Etcd;

namespace Cybernetes.ApiServer.Tests.Watch;

/// <summary>Two servers on one real etcd: their lists come out of mirrors in memory, and are never older than what was answered before.</summary>
public sealed class EtcdServersTests : IAsyncLifetime
{
    private const string Collection = "/api/v1/namespaces/default/configmaps";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(90);
    private static int s_folders;

    // In memory where the system has a place for that: what is tested is not the disk's.
    private readonly string _folder = Directory.Exists("/dev/shm")
        ? Directory.CreateDirectory($"/dev/shm/cybernetes-etcd-servers-{Environment.ProcessId}-{Interlocked.Increment(ref s_folders)}").FullName
        : Directory.CreateTempSubdirectory("cybernetes-etcd-servers-").FullName;

    private EtcdMember? _etcd;
    private int _servers;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public ValueTask InitializeAsync()
    {
        var named = Environment.GetEnvironmentVariable("CYBERNETES_ETCD");
        var program = named is { Length: > 0 } ? named : "/usr/bin/etcd";
        Assert.SkipUnless(File.Exists(program), $"{program} is missing: ./dev test installs Debian's etcd-server");
        var ports = LoopbackPorts.Free(2);
        var (client, peer) = ($"http://127.0.0.1:{ports[0]}", $"http://127.0.0.1:{ports[1]}");
        string[] arguments =
        [
            "--name", "m0", "--data-dir", _folder, "--listen-client-urls", client, "--advertise-client-urls", client,
            "--listen-peer-urls", peer, "--initial-advertise-peer-urls", peer, "--initial-cluster", $"m0={peer}",
            "--logger", "zap", "--log-level", "warn",
        ];
        _etcd = new EtcdMember(program, arguments, new Uri(client));
        _etcd.Start();
        return ValueTask.CompletedTask;
    }

    public async ValueTask DisposeAsync()
    {
        if (_etcd is not null)
            await _etcd.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public async Task Lists_OfEitherServer_SeeWhatTheOtherHasAnswered()
    {
        await using var one = await ServerAsync();
        await using var two = await ServerAsync();
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        // Others write too: what a mirror is told of then is not only what is asked for.
        var others = WriteOthersAsync(one, stop.Token);
        for (var i = 0; i < 30; i++)
        {
            var (writer, reader) = i % 2 == 0 ? (one, two) : (two, one);
            await CreateAsync(writer.Client, $"c{i}");
            await ExpectAsync(reader.Client, $"c{i}", i + 1);
        }
        await stop.CancelAsync();
        await others;
        // Nobody writes any more: the mirrors learn only from etcd's word that nothing happened.
        await ExpectAsync(one.Client, "c29", 30);
        await ExpectAsync(two.Client, "c28", 30);
        await DeleteAsync(one.Client, "c0");
        Assert.Equal(29, (await ListAsync(two.Client, "")).Count);
    }

    [Fact]
    public async Task Pages_OfOneServerGoneOnWithAtTheOther_AreOfOneRevision()
    {
        await using var one = await ServerAsync();
        await using var two = await ServerAsync();
        for (var i = 0; i < 6; i++)
            await CreateAsync(one.Client, $"c{i}");
        var first = new Reply(HttpStatusCode.OK, await two.Client.GetStringAsync($"{Collection}?limit=3", Cancellation), []);
        await DeleteAsync(one.Client, "c4");
        await CreateAsync(two.Client, "c9");
        var rest = $"{Collection}?limit=10&continue={first.At("metadata.continue")}";
        foreach (var server in new[] { one, two })
        {
            var second = new Reply(HttpStatusCode.OK, await server.Client.GetStringAsync(rest, Cancellation), []);
            Assert.Equal(["c3", "c4", "c5"], Names(second));
            Assert.Equal(first.At("metadata.resourceVersion"), second.At("metadata.resourceVersion"));
        }
    }

    [Fact]
    public async Task Watch_WhileEtcdDiesAndComesBack_SeesTheChangesOfBothServersOnceInOrder()
    {
        await using var one = await ServerAsync();
        await using var two = await ServerAsync();
        var start = new Reply(HttpStatusCode.OK, await one.Client.GetStringAsync(Collection, Cancellation), []).At("metadata.resourceVersion");
        using var request = new HttpRequestMessage(HttpMethod.Get, $"{Collection}?watch=1&resourceVersion={start}");
        using var response = await two.Client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, Cancellation);
        using var watch = new StreamReader(await response.Content.ReadAsStreamAsync(Cancellation));
        for (var i = 0; i < 10; i++)
            await CreateAsync((i % 2 == 0 ? one : two).Client, $"c{i}");
        await _etcd!.KillAsync();
        _etcd.Start();
        await WhenListedAsync(one.Client);
        await WhenListedAsync(two.Client);
        await ExpectAsync(two.Client, "c9", 10);
        for (var i = 10; i < 20; i++)
            await CreateAsync((i % 2 == 0 ? one : two).Client, $"c{i}");
        await ExpectAsync(one.Client, "c19", 20);
        await ExpectAsync(two.Client, "c18", 20);

        using var limit = new CancellationTokenSource(Patience, TimeProvider.System);
        for (var i = 0; i < 20; i++)
        {
            var frame = new Reply(HttpStatusCode.OK, (await watch.ReadLineAsync(limit.Token))!, []);
            Assert.Equal($"ADDED c{i}", $"{frame.At("type")} {frame.At("object.metadata.name")}");
        }
    }

    private static async Task ExpectAsync(HttpClient client, string name, int count)
    {
        var all = await ListAsync(client, "");
        Assert.Contains(name, all);
        Assert.Equal(count, all.Count);
        Assert.Equal([name], await ListAsync(client, $"?labelSelector=n%3D{name}"));
    }

    private static async Task<List<string>> ListAsync(HttpClient client, string query) =>
        [.. Names(new Reply(HttpStatusCode.OK, await client.GetStringAsync(Collection + query, Cancellation), []))];

    private static IEnumerable<string> Names(Reply list) => list.Json["items"]!.AsArray().Select(item => item!["metadata"]!["name"]!.GetValue<string>());

    /// <summary>A create is never sent twice; until etcd is back it may fail, but a list does not lie.</summary>
    private static async Task WhenListedAsync(HttpClient client)
    {
        using var limit = new CancellationTokenSource(Patience, TimeProvider.System);
        while (true)
        {
            using var answer = await client.GetAsync(Collection, limit.Token);
            if (answer.IsSuccessStatusCode)
                return;
        }
    }

    private static async Task WriteOthersAsync(Server server, CancellationToken stop)
    {
        for (var i = 0; !stop.IsCancellationRequested; i++)
            await CreateAsync(server.Client, string.Create(CultureInfo.InvariantCulture, $"s{i}"), "secrets", "Secret");
    }

    private static async Task CreateAsync(HttpClient client, string name, string resource = "configmaps", string kind = "ConfigMap")
    {
        using var body = new StringContent(
            $$$"""{"apiVersion":"v1","kind":"{{{kind}}}","metadata":{"name":"{{{name}}}","labels":{"n":"{{{name}}}"} } }""", null, "application/json");
        using var response = await client.PostAsync($"/api/v1/namespaces/default/{resource}", body, Cancellation);
        Assert.True(response.StatusCode == HttpStatusCode.Created, $"{name}: {await response.Content.ReadAsStringAsync(Cancellation)}");
    }

    private static async Task DeleteAsync(HttpClient client, string name)
    {
        using var response = await client.DeleteAsync($"{Collection}/{name}", Cancellation);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
    }

    private async Task<Server> ServerAsync()
    {
        var options = new EtcdStoreOptions
        {
            Servers = [_etcd!.Address], Root = "/registry/", CompactionInterval = TimeSpan.Zero,
            // A machine that is busy with other things is no fault here.
            RequestTimeout = Patience, KeepAliveTimeout = Patience,
        };
        using var limit = new CancellationTokenSource(Patience, TimeProvider.System);
        EtcdStore? store;
        while (!(await EtcdStore.OpenAsync(options, TimeProvider.System, cancellation: limit.Token)).TryGet(out store, out var error))
            Assert.False(limit.IsCancellationRequested || !_etcd.IsRunning, $"{error.Message}\n{_etcd.LastLines()}");
        var host = await ApiServerHost.StartAsync(store, new ApiServerOptions { SecurePort = null, Identities = IdentitySource.Seeded(++_servers) });
        await host.WaitUntilReadyAsync();
        return new(store, host);
    }

    /// <summary>An API server with a connection of its own to etcd.</summary>
    private sealed class Server(EtcdStore store, ApiServerHost host) : IAsyncDisposable
    {
        public ApiServerHost Host { get; } = host;

        public HttpClient Client { get; } = new(host.CreateHandler("admin", "system:masters")) { BaseAddress = new("https://in-process") };

        public async ValueTask DisposeAsync()
        {
            Client.Dispose();
            await Host.DisposeAsync();
            await store.DisposeAsync();
        }
    }
}
