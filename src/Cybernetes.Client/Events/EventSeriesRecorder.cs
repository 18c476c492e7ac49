using System.Text.Json;
using Cybernetes.Client.Transport;
using Cybernetes.Objects;
using Cybernetes.Objects.Core.V1;
using Cybernetes.Objects.Events.V1;
using Cybernetes.Objects.Meta.V1;
using Microsoft.Extensions.Logging;
using Event = Cybernetes.Objects.Events.V1.Event;
using EventSeries = Cybernetes.Objects.Events.V1.EventSeries;

namespace Cybernetes.Client.Events;

/// <summary>
/// Records events.k8s.io/v1 events, as upstream's scheduler and kube-proxy do: the second equal event opens a series on the
/// first; further ones are
/// counted here and written every half hour, and when the series ends after six quiet minutes.
/// </summary>
public sealed class EventSeriesRecorder(ApiClient client, string controller, string instance, ILogger logger) : IEventRecorder
{
    // Upstream holds no bound here; past this many open kinds of events the oldest quarter is forgotten, and would begin new events.
    private const int MostOpen = 4096;

    private static readonly TimeSpan refreshEvery = TimeSpan.FromMinutes(30);
    private static readonly TimeSpan finishEvery = TimeSpan.FromMinutes(6);

    private readonly EventQueue<Event> _queue = new(client.Time, e => (e.Reason, e.Regarding.Name), logger);
    private readonly EventNames _names = new(client.Time);
    private readonly Dictionary<SeriesKey, Event> _open = [];

    private readonly record struct SeriesKey(
        string Type, string Action, string Reason, string Kind, string Namespace, string Name, string Uid,
            string FieldPath, string RelatedUid);

    public void Event(
        ObjectReference regarding, string type, string reason, string message, string action = "",
        ObjectReference? related = null)
    {
        DateTimeOffset now = client.Time.GetUtcNow();
        _queue.Add(new Event
        {
            Metadata = new ObjectMeta
            {
                Namespace = EventSending.NamespaceOf(regarding),
                Name = _names.Next(regarding)
            },
            EventTime = now,
            ReportingController = controller,
            ReportingInstance = instance,
            Action = action,
            Reason = reason,
            Regarding = regarding,
            Related = related,
            Note = message,
            Type = type,
        });
    }

    /// <summary>Sends events until cancelled; what is queued then is still sent, for as long as a second allows.</summary>
    public async Task RunAsync(CancellationToken cancellation)
    {
        using var gate = new SemaphoreSlim(1, 1);
        Task refreshing = EveryAsync(refreshEvery, gate, RefreshAsync, cancellation);
        Task finishing = EveryAsync(finishEvery, gate, FinishAsync, cancellation);
        await _queue.SendAsync((value, stop) => AloneAsync(gate, token => RecordAsync(value, token), stop), cancellation).ConfigureAwait(false);
        await Task.WhenAll(refreshing, finishing).ConfigureAwait(false);
        await _queue.SendRestAsync(RecordAsync).ConfigureAwait(false);
    }

    private static async Task AloneAsync(SemaphoreSlim gate, Func<CancellationToken, Task> work, CancellationToken cancellation)
    {
        await gate.WaitAsync(cancellation).ConfigureAwait(false);
        try
        {
            await work(cancellation).ConfigureAwait(false);
        }
        finally
        {
            gate.Release();
        }
    }

    private async Task EveryAsync(
        TimeSpan period, SemaphoreSlim gate, Func<CancellationToken, Task> work, CancellationToken cancellation)
    {
        try
        {
            while (true)
            {
                await Task.Delay(period, client.Time, cancellation).ConfigureAwait(false);
                await AloneAsync(gate, work, cancellation).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            // The recorder stops.
        }
    }

    private Task RecordAsync(Event value, CancellationToken cancellation)
    {
        SeriesKey key = KeyOf(value);
        DateTimeOffset now = client.Time.GetUtcNow();
        if (!_open.TryGetValue(key, out Event? first))
        {
            if (_open.Count >= MostOpen)
                ForgetOldest();
            _open[key] = value;
            return WriteAsync(value, cancellation);
        }
        if (first.Series is not null)
        {
            first.Series.Count++;
            first.Series.LastObservedTime = now;
            return Task.CompletedTask;
        }
        first.Series = new EventSeries { Count = 2, LastObservedTime = now };
        return WriteAsync(first, cancellation);
    }

    // Many at once: to look for the one oldest among thousands for each new event would cost more than to write it.
    private void ForgetOldest()
    {
        IEnumerable<SeriesKey> oldest = _open.OrderBy(pair => pair.Value.Series?.LastObservedTime ?? pair.Value.EventTime)
            .Take(MostOpen / 4).Select(pair => pair.Key);
        foreach (SeriesKey key in oldest.ToArray())
            _open.Remove(key);
    }

    private async Task RefreshAsync(CancellationToken cancellation)
    {
        foreach (Event value in _open.Values.Where(value => value.Series is not null).ToArray())
            await WriteAsync(value, cancellation).ConfigureAwait(false);
    }

    private async Task FinishAsync(CancellationToken cancellation)
    {
        DateTimeOffset before = client.Time.GetUtcNow() - finishEvery;
        foreach ((SeriesKey key, Event value) in _open.ToArray())
        {
            if (value.Series is null ? value.EventTime >= before : value.Series.LastObservedTime >= before)
                continue;
            _open.Remove(key);
            if (value.Series is not null)
                await WriteAsync(value, cancellation).ConfigureAwait(false);
        }
    }

    private Task WriteAsync(Event value, CancellationToken cancellation) => EventSending.TryHardAsync(
        async () =>
        {
            KindClient<Event> events = client.For<Event>();
            if (value.Series is not null)
            {
                try
                {
                    await events.PatchAsync(
                        value.Metadata.Namespace, value.Metadata.Name, SeriesPatch(value.Series),
                            cancellation: cancellation).ConfigureAwait(false);
                    return;
                }
                catch (ApiStatusException failure) when (failure.IsNotFound)
                {
                    // The server has forgotten it: it is made again below.
                }
            }
            await events.CreateAsync(value, cancellation: cancellation).ConfigureAwait(false);
        },
        client,
        logger,
        cancellation);

    private static ObjectPatch SeriesPatch(EventSeries series)
    {
        var buffer = new System.Buffers.ArrayBufferWriter<byte>(128);
        using (var writer = new Utf8JsonWriter(buffer, JsonLimits.WriterOptions))
        {
            writer.WriteStartObject();
            writer.WritePropertyName("series"u8);
            series.WriteJson(writer);
            writer.WriteEndObject();
        }
        return ObjectPatch.Strategic(buffer.WrittenMemory);
    }

    private static SeriesKey KeyOf(Event value) => new(
        value.Type,
        value.Action,
        value.Reason,
        value.Regarding.Kind,
        value.Regarding.Namespace,
        value.Regarding.Name,
        value.Regarding.UID,
        value.Regarding.FieldPath,
        value.Related?.UID ?? "");
}
