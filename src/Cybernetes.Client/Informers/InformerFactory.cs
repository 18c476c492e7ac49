using Cybernetes.Client.Transport;
using Cybernetes.Objects;
using Microsoft.Extensions.Logging;

namespace Cybernetes.Client.Informers;

/// <summary>
/// Shares informers within one component: who asks for the same kind and the same selection gets the same informer, so each is
/// watched once.
/// Get informers and add handlers first, then <see cref="Start"/>, then <see cref="WaitForSyncAsync"/>.
/// </summary>
public sealed class InformerFactory(ApiClient client, ILogger logger)
{
    private readonly Lock _gate = new();
    private readonly Dictionary<(Type, (string?, string?, string?)), IInformer> _informers = [];
    private readonly HashSet<IInformer> _started = [];
    private readonly List<Task> _loops = [];

    public ApiClient Client => client;

    /// <summary>The informer of a kind; the first asker's tuning counts.</summary>
    public Informer<T> For<T>(InformerOptions? options = null)
        where T : class, IKubernetesObject<T>
    {
        options ??= new InformerOptions();
        lock (_gate)
        {
            (Type, (string?, string?, string?)) key = (typeof(T), options.Selection);
            if (!_informers.TryGetValue(key, out IInformer? informer))
                _informers[key] = informer = new Informer<T>(client, options, logger);
            return (Informer<T>)informer;
        }
    }

    /// <summary>The informer of all objects of a resource that somebody has asked for already; null when nobody has.</summary>
    public IInformer? Find(string group, string version, string plural)
    {
        lock (_gate)
        {
            foreach (((_, (string?, string?, string?) selection), IInformer informer) in _informers)
            {
                if (selection == default && informer.Facts.Plural == plural && informer.Facts.Group == group && informer.Facts.Version == version)
                    return informer;
            }
            return null;
        }
    }

    /// <summary>Starts the informers that are not running yet. They stop when the token is cancelled.</summary>
    public void Start(CancellationToken cancellation)
    {
        lock (_gate)
        {
            foreach (IInformer informer in _informers.Values)
            {
                if (_started.Add(informer))
                    _loops.Add(Task.Run(() => informer.RunAsync(cancellation), CancellationToken.None));
            }
        }
    }

    /// <summary>Ends when every informer asked for so far has its first list in the store.</summary>
    /// <exception cref="InvalidOperationException">One of them was not started.</exception>
    public Task WaitForSyncAsync(CancellationToken cancellation)
    {
        lock (_gate)
        {
            if (_started.Count != _informers.Count)
                throw new InvalidOperationException("an informer was asked for, but not started: call Start first");
            return Task.WhenAll(_informers.Values.Select(static informer => informer.WaitForSyncAsync(CancellationToken.None))).WaitAsync(cancellation);
        }
    }

    /// <summary>
    /// Ends when all started informers have stopped, after the token given to <see cref="Start"/> was cancelled.
    /// </summary>
    public Task WhenStopped()
    {
        lock (_gate)
            return Task.WhenAll(_loops);
    }
}
