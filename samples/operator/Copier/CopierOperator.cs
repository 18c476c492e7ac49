using Cybernetes.Client.Informers;
using Cybernetes.Client.Queues;
using Cybernetes.Client.Transport;
using Cybernetes.Objects.Core.V1;
using Microsoft.Extensions.Logging;

namespace Copier;

/// <summary>
/// Keeps copies of config maps. A config map labelled <c>copier.example.com/copy=true</c> is copied into every namespace labelled
/// <c>copier.example.com/receive=true</c>; the copies follow it, are mended when somebody changes them, and go when it goes.
/// </summary>
public sealed class CopierOperator
{
    public const string CopyLabel = "copier.example.com/copy";
    public const string ReceiveLabel = "copier.example.com/receive";
    public const string SourceAnnotation = "copier.example.com/source";

    private readonly ApiClient _client;
    private readonly ILogger _logger;
    private readonly InformerFactory _informers;
    private readonly ObjectStore<ConfigMap> _maps;
    private readonly ObjectStore<Namespace> _namespaces;
    private readonly WorkQueue<ObjectKey> _queue;

    public CopierOperator(ApiClient client, ILogger logger)
    {
        (_client, _logger) = (client, logger);
        _informers = new InformerFactory(client, logger);
        _queue = new WorkQueue<ObjectKey>(client.Time);
        var maps = _informers.For<ConfigMap>();
        var namespaces = _informers.For<Namespace>();
        (_maps, _namespaces) = (maps.Store, namespaces.Store);
        maps.AddHandler(Seen, (_, map) => Seen(map), Seen);
        namespaces.AddHandler(_ => AllSources(), (_, _) => AllSources(), _ => AllSources());
    }

    /// <summary>Runs until cancelled.</summary>
    public async Task RunAsync(CancellationToken stop)
    {
        _informers.Start(stop);
        await _informers.WaitForSyncAsync(stop);
        await _queue.RunWorkersAsync(2, ReconcileAsync, _logger, stop);
    }

    /// <summary>Whatever changes, it is the source that has to be looked at.</summary>
    private void Seen(ConfigMap map)
    {
        if (IsSource(map))
            _queue.Add(ObjectKey.Of(map));
        if (map.Metadata.Annotations?.GetValueOrDefault(SourceAnnotation) is { } source)
            _queue.Add(ObjectKey.Parse(source));
        else if (!IsSource(map))
            _queue.Add(ObjectKey.Of(map)); // it may have been one until now
    }

    private void AllSources()
    {
        foreach (var map in _maps.List().Where(IsSource))
            _queue.Add(ObjectKey.Of(map));
    }

    private async Task ReconcileAsync(ObjectKey key, CancellationToken stop)
    {
        var copies = _maps.List().Where(m => m.Metadata.Annotations?.GetValueOrDefault(SourceAnnotation) == key.ToString()).ToList();
        var source = _maps.Get(key) is { } map && IsSource(map) ? map : null;
        var plan = CopyPlan.Of(source, copies, _namespaces.List());
        foreach (var copy in plan.Create)
            await _client.For<ConfigMap>().CreateAsync(copy, null, stop);
        foreach (var copy in plan.Update)
            await _client.For<ConfigMap>().UpdateAsync(copy, null, stop);
        foreach (var copy in plan.Delete)
            await DeleteAsync(copy, stop);
    }

    private async Task DeleteAsync(ConfigMap copy, CancellationToken stop)
    {
        try
        {
            await _client.For<ConfigMap>().DeleteAsync(copy.Metadata.Namespace, copy.Metadata.Name, null, stop);
        }
        catch (ApiStatusException gone) when (gone.IsNotFound)
        {
            // Somebody was faster, such as the end of its namespace.
        }
    }

    private static bool IsSource(ConfigMap map) => map.Metadata.Labels?.GetValueOrDefault(CopyLabel) == "true";
}
