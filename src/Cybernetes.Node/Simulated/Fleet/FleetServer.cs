using Cybernetes.Node.Server;

namespace Cybernetes.Node.Simulated.Fleet;

/// <summary>The one kubelet server of a fleet: every node of it names its port, and a request's path says which pod is meant.</summary>
internal sealed class FleetServer : IAsyncDisposable
{
    private readonly KubeletServer _server;
    private readonly FleetEndpoint _endpoint;

    private FleetServer(KubeletServer server, FleetEndpoint endpoint) => (_server, _endpoint) = (server, endpoint);

    public int Port => _server.Port;

    /// <returns>Null where the fleet is to have none.</returns>
    public static async Task<FleetServer?> StartAsync(FleetOptions options, FleetPods pods, TimeProvider time, CancellationToken cancellation)
    {
        if (options.Server is null)
            return null;
        var endpoint = new FleetEndpoint(pods, time);
        var server = await KubeletServer.StartAsync(options.Server, endpoint, endpoint, time, options.Loggers, cancellation).ConfigureAwait(false);
        return new(server, endpoint);
    }

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync().ConfigureAwait(false);
        _endpoint.Dispose();
    }
}
