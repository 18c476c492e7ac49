using Cybernetes.Client.Discovery;
using Cybernetes.Client.Events;
using Cybernetes.Client.Informers;
using Cybernetes.Client.Queues;
using Cybernetes.Client.Transport;
using Cybernetes.Objects;
using Microsoft.Extensions.Logging;

namespace Cybernetes.Controllers;

/// <summary>One control loop. Made before the informers start (its constructor adds handlers), run after its own have synced.</summary>
internal interface IController
{
    /// <summary>The name in <c>--controllers</c>: upstream's.</summary>
    string Name { get; }

    /// <summary>Runs until cancelled.</summary>
    Task RunAsync(CancellationToken cancellation);
}

/// <summary>What one controller is given.</summary>
internal sealed class ControllerContext(
    ApiClient client, InformerFactory informers, ControllerManagerOptions options, ILogger logger, WorkQueueMetrics? metrics = null)
{
    private readonly List<EventRecorder> _recorders = [];

    public ApiClient Client { get; } = client;

    public ControllerInformers Informers { get; } = new(informers);

    public ControllerManagerOptions Options { get; } = options;

    public ILogger Logger { get; } = logger;

    public TimeProvider Time => Client.Time;

    public IReadOnlyList<EventRecorder> Recorders => _recorders;

    /// <summary>A recorder that signs as the component; the manager runs it.</summary>
    public IEventRecorder Recorder(string component)
    {
        var recorder = new EventRecorder(Client, component, "", Logger);
        _recorders.Add(recorder);
        return recorder;
    }

    public WorkQueue<TKey> Queue<TKey>(string name) where TKey : notnull => new(Time, new WorkQueueOptions { Name = name, Metrics = metrics });
}

/// <summary>
/// The shared informers as one controller sees them: it waits for those it asked for and no others, so that a kind the server does not serve
/// stops the controllers of that kind only.
/// </summary>
internal sealed class ControllerInformers(InformerFactory factory)
{
    private readonly HashSet<IInformer> _used = [];

    public Informer<T> For<T>(InformerOptions? options = null) where T : class, IKubernetesObject<T>
    {
        var informer = factory.For<T>(options);
        _used.Add(informer);
        return informer;
    }

    public Task WaitForSyncAsync(CancellationToken cancellation) =>
        Task.WhenAll(_used.Select(static i => i.WaitForSyncAsync(CancellationToken.None))).WaitAsync(cancellation);

    /// <summary>What somebody watches already of a resource as a whole; null when nobody does. It is not waited for.</summary>
    public IInformer? FindShared(ServedResource resource) => factory.Find(resource.Group, resource.Version, resource.Plural);
}

/// <summary>A reconcile could not be carried out; its key comes again, later each time.</summary>
internal sealed class ReconcileFailedException(string message, Exception? inner = null) : Exception(message, inner);

/// <summary>Calls whose failure may mean that the work is done already.</summary>
internal static class TolerantCalls
{
    /// <summary>Runs a call; that its object is gone is as good.</summary>
    public static async Task IgnoreNotFoundAsync(this ApiClient client, Func<ApiClient, Task> call)
    {
        try
        {
            await call(client).ConfigureAwait(false);
        }
        catch (ApiStatusException failure) when (failure.IsNotFound)
        {
            // Gone already.
        }
    }
}
