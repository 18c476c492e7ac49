using Cybernetes.EndToEnd.Tests.Harness;

[assembly: CollectionBehavior(MaxParallelThreads = 2)]

namespace Cybernetes.EndToEnd.Tests.Harness;

/// <summary>
/// A cluster of one node that runs pods, made once for all test classes of the collection <see cref="Name"/>. Tests keep apart
/// by namespaces of their own (<see cref="CreateNamespaceAsync"/>); one that kills or restarts things makes its own cluster.
/// </summary>
public sealed class ClusterFixture : IAsyncLifetime
{
    public const string Name = "cluster";

    private static readonly TimeSpan NodeLimit = TimeSpan.FromSeconds(120);

    private Lan? _lan;
    private NodeSpace? _node;
    private Containerd? _containerd;
    private CybServer? _server;
    private int _namespaces;

    internal NodeSpace Node => _node ?? throw NotThere();

    internal Containerd Containerd => _containerd ?? throw NotThere();

    internal CybServer Server => _server ?? throw NotThere();

    /// <summary>Makes a cluster that is not shared. The caller disposes it.</summary>
    internal static async Task<ClusterFixture> CreateAsync()
    {
        var cluster = new ClusterFixture();
        await cluster.InitializeAsync();
        return cluster;
    }

    /// <summary>kubectl of a version; the newest when none is given.</summary>
    internal Kubectl Kubectl(string? version = null) => Server.Kubectl(version ?? Machine.KubectlVersions()[^1]);

    /// <summary>A new namespace for a test, deleted with the cluster.</summary>
    internal async Task<string> CreateNamespaceAsync()
    {
        var name = $"test-{Interlocked.Increment(ref _namespaces)}";
        await Kubectl().OkAsync("create", "namespace", name);
        return name;
    }

    public async ValueTask InitializeAsync()
    {
        if (!Machine.CanRunNodes)
            return; // the tests are skipped
        try
        {
            await Machine.PrepareAsync();
            _lan = await Lan.CreateAsync();
            _node = await NodeSpace.CreateAsync("node-1");
            await _lan.ConnectAsync(_node);
            _containerd = await Containerd.StartAsync(_node, "pause", "busybox", "kuard");
            _server = await CybServer.StartAsync(new CybServerOptions { Node = _node, Runtime = _containerd });
            await Until.TrueAsync("the node is Ready", NodeLimit, NodeIsReadyAsync, _server.LogTail);
        }
        catch
        {
            await DisposeAsync();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        // A fixture whose start failed is disposed twice: by itself and by xunit.
        var (server, node, lan) = (_server, _node, _lan);
        (_server, _node, _lan) = (null, null, null);
        if (server is not null)
            await server.DisposeAsync();
        if (node is not null)
            await node.DisposeAsync();
        if (lan is not null)
            await lan.DisposeAsync();
    }

    private async Task<bool> NodeIsReadyAsync()
    {
        var nodes = await Kubectl().RunAsync("get", "nodes", "--no-headers");
        return nodes.Output.Split(' ', '\n').Contains("Ready");
    }

    private static HarnessException NotThere() => new("the cluster is not there: is the test a [ClusterFact]?");
}

[CollectionDefinition(ClusterFixture.Name)]
public sealed class ClusterCollection : ICollectionFixture<ClusterFixture>;
