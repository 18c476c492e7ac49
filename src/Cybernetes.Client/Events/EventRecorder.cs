using System.Text.Json;
using Cybernetes.Client.Transport;
using Cybernetes.Objects;
using Cybernetes.Objects.Core.V1;
using Cybernetes.Objects.Meta.V1;
using Microsoft.Extensions.Logging;

namespace Cybernetes.Client.Events;

/// <summary>
/// Records core/v1 events, as upstream's controllers and node agents do: similar events are combined, equal ones counted, floods
/// cut
/// (see <see cref="EventCorrelator"/>). Events wait in a queue of 1000 until <see cref="RunAsync"/> sends them; what does not fit
/// is dropped.
/// </summary>
public sealed class EventRecorder(ApiClient client, string component, string host, ILogger logger) : IEventRecorder
{
    private readonly EventQueue<Event> _queue = new(client.Time, e => (e.Reason, e.InvolvedObject.Name), logger);
    private readonly EventNames _names = new(client.Time);
    private readonly EventCorrelator _correlator = new(client.Time);

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
            InvolvedObject = regarding,
            Type = type,
            Reason = reason,
            Message = message,
            Source = new EventSource { Component = component, Host = host },
            ReportingController = component,
            ReportingInstance = host,
            FirstTimestamp = now,
            LastTimestamp = now,
            Count = 1,
        });
    }

    /// <summary>Sends events until cancelled; what is queued then is still sent, for as long as a second allows.</summary>
    public async Task RunAsync(CancellationToken cancellation)
    {
        await _queue.SendAsync(SendAsync, cancellation).ConfigureAwait(false);
        await _queue.SendRestAsync(SendAsync).ConfigureAwait(false);
    }

    private Task SendAsync(Event value, CancellationToken cancellation)
    {
        (EventVerdict verdict, string key) = _correlator.Judge(value);
        return verdict == EventVerdict.Drop
            ? Task.CompletedTask
            : EventSending.TryHardAsync(() => WriteAsync(value, key, verdict, cancellation), client, logger, cancellation);
    }

    private async Task WriteAsync(Event value, string key, EventVerdict verdict, CancellationToken cancellation)
    {
        KindClient<Event> events = client.For<Event>();
        Event? written = null;
        if (verdict == EventVerdict.Count)
        {
            try
            {
                written = await events.PatchAsync(
                    value.Metadata.Namespace, value.Metadata.Name, CountPatch(value),
                        cancellation: cancellation).ConfigureAwait(false);
            }
            catch (ApiStatusException failure) when (failure.IsNotFound)
            {
                // The server has forgotten it: it begins anew, under a new name, with the count it has.
                value.Metadata.Name = _names.Next(value.InvolvedObject);
            }
        }
        written ??= await events.CreateAsync(value, cancellation: cancellation).ConfigureAwait(false);
        _correlator.NoteWritten(key, written);
    }

    private static ObjectPatch CountPatch(Event value)
    {
        var buffer = new System.Buffers.ArrayBufferWriter<byte>(128);
        using (var writer = new Utf8JsonWriter(buffer, JsonLimits.WriterOptions))
        {
            writer.WriteStartObject();
            writer.WriteNumber("count"u8, value.Count);
            writer.WritePropertyName("lastTimestamp"u8);
            KubernetesTime.WriteJson(writer, value.LastTimestamp);
            writer.WriteString("message"u8, value.Message);
            writer.WriteEndObject();
        }
        return ObjectPatch.Strategic(buffer.WrittenMemory);
    }
}
