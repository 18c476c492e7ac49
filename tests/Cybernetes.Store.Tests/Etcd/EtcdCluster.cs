using Cybernetes.Store.Etcd;
using Cybernetes.Store.Etcd.Grpc;
using Cybernetes.Store.Etcd.Rpc;

namespace Cybernetes.Store.Tests.Etcd;

/// <summary>
/// Real etcd members on free loopback ports with temporary data, in memory where the system has a place for that: what is tested is
/// what survives a member's death, not the disk's.
/// </summary>
internal sealed class EtcdCluster : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(40);
    private readonly string _folder;
    private readonly EtcdCertificateFiles? _certificates;
    private static int s_prefixes;

    private EtcdCluster(string folder, IReadOnlyList<EtcdMember> members, EtcdCertificateFiles? certificates) =>
        (_folder, Members, _certificates) = (folder, members, certificates);

    public IReadOnlyList<EtcdMember> Members { get; }

    /// <summary>Debian's package, or what CYBERNETES_ETCD names. Skips the test where there is none.</summary>
    public static string Program
    {
        get
        {
            var named = Environment.GetEnvironmentVariable("CYBERNETES_ETCD");
            var program = named is { Length: > 0 } ? named : "/usr/bin/etcd";
            Assert.SkipUnless(File.Exists(program), $"{program} is missing: ./dev test installs Debian's etcd-server");
            return program;
        }
    }

    /// <summary>Starts members; returns when they answer.</summary>
    public static Task<EtcdCluster> StartAsync(int count, bool tls = false, params string[] more) => StartAsync(count, tls, proxied: false, more);

    /// <summary>Starts members between which, and before which, the network can be broken.</summary>
    public static Task<EtcdCluster> StartProxiedAsync(int count, params string[] more) => StartAsync(count, tls: false, proxied: true, more);

    /// <summary>Cuts a member off from the others, not from its clients.</summary>
    public void Isolate(EtcdMember member)
    {
        foreach (var other in Members)
            other.Network!.Value.Peers.Cut(other == member ? _ => true : port => EtcdProxy.PortsOf(member.ProcessId).Contains(port));
    }

    public void Heal()
    {
        foreach (var member in Members)
            member.Network!.Value.Peers.Cut(null);
    }

    /// <summary>The member that leads.</summary>
    public async Task<EtcdMember> LeaderAsync(CancellationToken cancellation)
    {
        while (true)
        {
            foreach (var member in Members)
            {
                using var endpoint = new GrpcEndpoint(member.Address, Options(member), null, TimeProvider.System);
                var status = await endpoint.CallAsync(
                    EtcdMethods.Status, new StatusRequest(), StatusResponse.Parser, TimeSpan.FromSeconds(5), cancellation);
                if (status.Leader == status.Header.MemberId)
                    return member;
            }
        }
    }

    private static async Task<EtcdCluster> StartAsync(int count, bool tls, bool proxied, string[] more)
    {
        var program = Program;
        var folder = Directory.Exists("/dev/shm")
            ? Directory.CreateDirectory($"/dev/shm/cybernetes-etcd-{Environment.ProcessId}-{Interlocked.Increment(ref s_prefixes)}").FullName
            : Directory.CreateTempSubdirectory("cybernetes-etcd-").FullName;
        var certificates = tls ? EtcdCertificateFiles.Make(Path.Combine(folder, "pki")) : null;
        var ports = LoopbackPorts.Free(count * 2);
        var scheme = tls ? "https" : "http";
        var networks = Enumerable.Range(0, count)
            .Select(i => proxied ? (new EtcdProxy(ports[(2 * i) + 1]), new EtcdProxy(ports[2 * i])) : ((EtcdProxy, EtcdProxy)?)null)
            .ToArray();
        var peers = Enumerable.Range(0, count).Select(i => $"http://127.0.0.1:{networks[i]?.Item1.Port ?? ports[(2 * i) + 1]}").ToArray();
        var initial = string.Join(',', Enumerable.Range(0, count).Select(i => $"m{i}={peers[i]}"));
        var members = new List<EtcdMember>();
        for (var i = 0; i < count; i++)
        {
            var (client, peer) = ($"{scheme}://127.0.0.1:{ports[2 * i]}", $"http://127.0.0.1:{ports[(2 * i) + 1]}");
            string[] arguments =
            [
                "--name", $"m{i}", "--data-dir", Path.Combine(folder, $"m{i}"), "--listen-client-urls", client,
                "--advertise-client-urls", client, "--listen-peer-urls", peer, "--initial-advertise-peer-urls", peers[i],
                "--initial-cluster", initial, "--logger", "zap", "--log-level", "warn", "--grpc-keepalive-min-time", "500ms",
                .. certificates?.MemberArguments ?? [], .. more,
            ];
            var address = networks[i] is { } network ? $"{scheme}://127.0.0.1:{network.Item2.Port}" : client;
            members.Add(new EtcdMember(program, arguments, new Uri(address)) { Network = networks[i] });
        }
        var cluster = new EtcdCluster(folder, members, certificates);
        foreach (var member in members)
            member.Start();
        try
        {
            await cluster.WaitAsync();
        }
        catch
        {
            await cluster.DisposeAsync();
            throw;
        }
        return cluster;
    }

    /// <summary>Options under a prefix that no other test has.</summary>
    public EtcdStoreOptions Options(params IReadOnlyList<EtcdMember> members) => new()
    {
        Servers = [.. (members.Count > 0 ? members : Members).Select(member => member.Address)],
        Prefix = $"/test-{Interlocked.Increment(ref s_prefixes)}",
        CompactionInterval = TimeSpan.Zero,
        KeepAliveTime = TimeSpan.FromSeconds(1),
        KeepAliveTimeout = TimeSpan.FromSeconds(1),
        AuthoritiesFile = _certificates?.Authority ?? "",
        CertificateFile = _certificates?.Certificate ?? "",
        KeyFile = _certificates?.Key ?? "",
    };

    public async Task<EtcdStore> OpenAsync(EtcdStoreOptions? options = null)
    {
        var opened = await EtcdStore.OpenAsync(options ?? Options(), TimeProvider.System);
        return opened.TryGet(out var store, out var error) ? store : throw new InvalidOperationException(error.Message);
    }

    /// <summary>Returns when the members that run answer, each by itself.</summary>
    public async Task WaitAsync()
    {
        using var limit = new CancellationTokenSource(Patience, TimeProvider.System);
        foreach (var member in Members.Where(member => member.IsRunning))
        {
            while (true)
            {
                var opened = await EtcdStore.OpenAsync(Options(member), TimeProvider.System, cancellation: limit.Token);
                if (opened.TryGet(out var store, out var error))
                {
                    await store.DisposeAsync();
                    break;
                }
                if (!member.IsRunning || limit.IsCancellationRequested)
                    throw new InvalidOperationException($"{member.Address} does not come up: {error.Message}\n{member.LastLines()}");
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var member in Members)
            await member.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }
}
