using Cybernetes.Objects.Core.V1;

namespace Cybernetes.Client.Events;

/// <summary>What to do with an event.</summary>
internal enum EventVerdict : byte
{
    /// <summary>Too many from one source about one object: it is dropped.</summary>
    Drop,

    /// <summary>New: to be made.</summary>
    Create,

    /// <summary>Seen before: the count of the one in the cluster is raised.</summary>
    Count,
}

/// <summary>
/// client-go's rules against floods of core/v1 events. Ten similar events (all alike but for the message) within ten minutes
/// become one,
/// "(combined from similar events)"; an equal event raises a count; a source may send 25 events about an object at once and one
/// each
/// five minutes after. Memory is bounded by the caches' size. Not safe for concurrent use.
/// </summary>
internal sealed class EventCorrelator(TimeProvider time)
{
    private const int CacheSize = 4096;
    private const int MostSimilar = 10;
    private const double SpamBurst = 25;
    private const double SpamRefillPerSecond = 1.0 / 300;

    private static readonly TimeSpan similarWithin = TimeSpan.FromMinutes(10);

    private readonly LruCache<string, Similar> _similar = new(CacheSize);
    private readonly LruCache<string, Observation> _observed = new(CacheSize);
    private readonly LruCache<string, Bucket> _buckets = new(CacheSize);

    private sealed class Similar
    {
        public HashSet<string> Messages { get; } = new(StringComparer.Ordinal);
        public long LastAt { get; set; }
    }

    private readonly record struct Observation(int Count, DateTimeOffset? First, string Name);

    private sealed class Bucket
    {
        public double Tokens { get; set; } = SpamBurst;
        public long At { get; set; }
    }

    /// <summary>Judges an event, and changes its count, times, message and name to what is to be written.</summary>
    public (EventVerdict Verdict, string Key) Judge(Event value)
    {
        string key = Aggregate(value);
        bool wasSeen = Observe(value, key);
        if (!TakeToken(SpamKey(value)))
            return (EventVerdict.Drop, key);
        return (wasSeen ? EventVerdict.Count : EventVerdict.Create, key);
    }

    /// <summary>Remembers what the server keeps, after a write.</summary>
    public void NoteWritten(string key, Event written) =>
        _observed.Put(key, new Observation(written.Count, written.FirstTimestamp, written.Metadata.Name));

    private string Aggregate(Event value)
    {
        string ownKey = EqualKey(value);
        string similarKey = SimilarKey(value);
        long now = time.GetTimestamp();
        if (!_similar.TryGet(similarKey, out Similar similar) || time.GetElapsedTime(similar.LastAt, now) > similarWithin)
            similar = new Similar();
        similar.Messages.Add(value.Message);
        similar.LastAt = now;
        _similar.Put(similarKey, similar);
        if (similar.Messages.Count < MostSimilar)
            return ownKey;

        // Keep the set from growing; which message goes does not matter.
        similar.Messages.Remove(similar.Messages.First());
        value.Message = "(combined from similar events): " + value.Message;
        return similarKey;
    }

    private bool Observe(Event value, string key)
    {
        bool wasSeen = _observed.TryGet(key, out Observation last) && last.Count > 0;
        if (wasSeen)
        {
            value.Metadata.Name = last.Name;
            value.FirstTimestamp = last.First;
            value.Count = last.Count + 1;
        }
        _observed.Put(key, new Observation(value.Count, value.FirstTimestamp, value.Metadata.Name));
        return wasSeen;
    }

    private bool TakeToken(string key)
    {
        long now = time.GetTimestamp();
        if (!_buckets.TryGet(key, out Bucket bucket))
        {
            bucket = new Bucket { At = now };
            _buckets.Put(key, bucket);
        }
        double refill = time.GetElapsedTime(bucket.At, now).TotalSeconds * SpamRefillPerSecond;
        bucket.Tokens = Math.Min(SpamBurst, bucket.Tokens + refill);
        bucket.At = now;
        if (bucket.Tokens < 1)
            return false;
        bucket.Tokens--;
        return true;
    }

    private static string SimilarKey(Event value) => string.Join(
        '\n', value.Source.Component, value.Source.Host, Involved(value), value.Type, value.Reason,
            value.ReportingController, value.ReportingInstance);

    private static string EqualKey(Event value) => string.Join(
        '\n', value.Source.Component, value.Source.Host, Involved(value), value.InvolvedObject.FieldPath, value.Type,
            value.Reason, value.Message);

    private static string SpamKey(Event value) => string.Join('\n', value.Source.Component, value.Source.Host, Involved(value));

    private static string Involved(Event value) => string.Join(
        '\n',
        value.InvolvedObject.Kind,
        value.InvolvedObject.Namespace,
        value.InvolvedObject.Name,
        value.InvolvedObject.UID,
        value.InvolvedObject.APIVersion);
}
