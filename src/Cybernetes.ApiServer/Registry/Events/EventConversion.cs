using New = Cybernetes.Objects.Events.V1;
using Stored = Cybernetes.Objects.Core.V1;

namespace Cybernetes.ApiServer.Registry.Events;

/// <summary>events.k8s.io/v1 to core/v1 and back. Every field of one has its place in the other.</summary>
internal static class EventConversion
{
    /// <summary>To the stored form.</summary>
    public static Stored.Event ToStored(New.Event e) => new()
    {
        Metadata = e.Metadata,
        InvolvedObject = e.Regarding,
        Reason = e.Reason,
        Message = e.Note,
        Source = e.DeprecatedSource,
        FirstTimestamp = e.DeprecatedFirstTimestamp,
        LastTimestamp = e.DeprecatedLastTimestamp,
        Count = e.DeprecatedCount,
        Type = e.Type,
        EventTime = e.EventTime,
        Series = e.Series is null ? null : new() { Count = e.Series.Count, LastObservedTime = e.Series.LastObservedTime },
        Action = e.Action,
        Related = e.Related,
        ReportingController = e.ReportingController,
        ReportingInstance = e.ReportingInstance,
    };

    /// <summary>From the stored form.</summary>
    public static New.Event FromStored(Stored.Event e) => new()
    {
        Metadata = e.Metadata,
        Regarding = e.InvolvedObject,
        Reason = e.Reason,
        Note = e.Message,
        DeprecatedSource = e.Source,
        DeprecatedFirstTimestamp = e.FirstTimestamp,
        DeprecatedLastTimestamp = e.LastTimestamp,
        DeprecatedCount = e.Count,
        Type = e.Type,
        EventTime = e.EventTime,
        Series = e.Series is null ? null : new() { Count = e.Series.Count, LastObservedTime = e.Series.LastObservedTime },
        Action = e.Action,
        Related = e.Related,
        ReportingController = e.ReportingController,
        ReportingInstance = e.ReportingInstance,
    };
}
