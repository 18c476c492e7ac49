using Cybernetes.ApiServer.Server;
using Cybernetes.Foundation;
using Cybernetes.Store;
using Microsoft.Extensions.Logging;

namespace Cybernetes.Simulator.World;

/// <summary>The API server, which may be away: it crashes and comes back over the same store.</summary>
internal sealed class ServerDoor(IStore store, TimeProvider time, int seed, ILoggerFactory loggers) : IAsyncDisposable
{
    private readonly Dictionary<string, HttpMessageInvoker> _entrances = new(StringComparer.Ordinal);
    private CancellationTokenSource _life = new();
    private ApiServerHost? _host;
    private int _lives;

    public bool IsUp => _host is not null;

    public async Task StartAsync()
    {
        _lives++;
        // A new process has another chance: uids that were given before must not come again.
        var chance = (seed * 397) ^ (_lives * 7919);
        var host = await ApiServerHost.StartAsync(store, new()
        {
            SecurePort = null, Time = time, Identities = IdentitySource.Seeded(chance), Random = Chance.Seeded(chance + 1), Loggers = loggers,
        }).ConfigureAwait(false);
        await host.WaitUntilReadyAsync().ConfigureAwait(false);
        _life = new();
        _host = host;
    }

    /// <summary>Requests under way get no answer any more, whether the store has their writes or not.</summary>
    public async Task CrashAsync()
    {
        if (_host is not { } host)
            return;
        _host = null;
        _entrances.Clear();
        await _life.CancelAsync().ConfigureAwait(false);
        await host.DisposeAsync().ConfigureAwait(false);
    }

    /// <summary>The transport of one user.</summary>
    public HttpMessageHandler HandlerFor(string user) => new Entrance(this, user);

    public async ValueTask DisposeAsync() => await CrashAsync().ConfigureAwait(false);

    private HttpMessageInvoker? EntranceOf(string user)
    {
        if (_host is null)
            return null;
        if (!_entrances.TryGetValue(user, out var entrance))
            _entrances[user] = entrance = new(_host.CreateHandler(user, "system:masters"));
        return entrance;
    }

    private sealed class Entrance(ServerDoor door, string user) : HttpMessageHandler
    {
        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            var way = door.EntranceOf(user)
                ?? throw new HttpRequestException(HttpRequestError.ConnectionError, "connection refused (the API server is down)");
            var life = door._life.Token;
            // Not disposed: the answer's stream lives on, and ends with either.
            var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, life);
            try
            {
                return await way.SendAsync(request, either.Token).ConfigureAwait(false);
            }
            catch (OperationCanceledException) when (life.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
            {
                throw new HttpRequestException(HttpRequestError.ResponseEnded, "connection reset (the API server crashed)");
            }
        }
    }
}
