namespace Cybernetes.EndToEnd.Tests.Harness;

/// <summary>
/// A server without nodes, made once for all test classes of the collection <see cref="Name"/>: for what kubectl does to objects. Tests keep
/// apart by namespaces of their own.
/// </summary>
public sealed class ApiServerFixture : IAsyncLifetime
{
    public const string Name = "api server";

    private CybServer? _server;
    private int _namespaces;

    internal CybServer Server => _server ?? throw new HarnessException("the server is not there: is the test a [ClusterFact]?");

    /// <summary>kubectl of a version in a new namespace.</summary>
    internal async Task<Kubectl> KubectlAsync(string version)
    {
        var kubectl = Server.Kubectl(version);
        var name = $"test-{Interlocked.Increment(ref _namespaces)}";
        await kubectl.OkAsync("create", "namespace", name);
        return kubectl.In(name);
    }

    public async ValueTask InitializeAsync()
    {
        if (Machine.CanRunNodes)
            _server = await CybServer.StartAsync(new CybServerOptions());
    }

    public async ValueTask DisposeAsync()
    {
        if (_server is { } server)
            await server.DisposeAsync();
        _server = null;
    }
}

[CollectionDefinition(ApiServerFixture.Name)]
public sealed class ApiServerCollection : ICollectionFixture<ApiServerFixture>;
