using System.Collections.Concurrent;
using Cybernetes.Foundation.Metrics;

namespace Cybernetes.Client.Queues;

/// <summary>The metrics of work queues, under upstream's names and with its buckets. Queues of one name are counted as one.</summary>
public sealed class WorkQueueMetrics
{
    private static readonly double[] s_bounds = [1e-8, 1e-7, 1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 1e-1, 1, 10];

    private readonly Counter _adds;
    private readonly Counter _retries;
    private readonly Counter _failures;
    private readonly Histogram _waiting;
    private readonly Histogram _working;
    private readonly ConcurrentDictionary<string, QueueRecord> _queues = new(StringComparer.Ordinal);

    public WorkQueueMetrics(MetricRegistry registry)
    {
        _adds = registry.Counter("workqueue_adds_total", "Keys added to a work queue.", "name");
        _retries = registry.Counter("workqueue_retries_total", "Keys put off to a later time by a work queue.", "name");
        _failures = registry.Counter("cybernetes_reconcile_errors_total", "Reconciles that failed and come again.", "name");
        _waiting = registry.Histogram("workqueue_queue_duration_seconds", "How long keys wait for a worker, in seconds.", s_bounds, "name");
        _working = registry.Histogram("workqueue_work_duration_seconds", "How long workers take over keys, in seconds.", s_bounds, "name");
        Gauge(registry, "workqueue_depth", "Keys that wait for a worker.", static queue => queue.Waiting);
        Gauge(registry, "workqueue_unfinished_work_seconds", "How long the keys in work have been so, together.", static queue => queue.InWork().Sum);
        Gauge(registry, "workqueue_longest_running_processor_seconds", "How long the slowest worker has been at its key.",
            static queue => queue.InWork().Longest);
    }

    /// <summary>The cells of a queue; the one made last under a name is the one whose gauges are told.</summary>
    internal QueueRecord For(string name, TimeProvider time) => _queues[name] = new(
        time, _adds.CellOf(name), _retries.CellOf(name), _failures.CellOf(name), _waiting.CellOf(name), _working.CellOf(name));

    private void Gauge(MetricRegistry registry, string name, string help, Func<QueueRecord, double> read) =>
        registry.Gauge(name, help, ["name"], () => _queues.Select(q => (new[] { q.Key }, read(q.Value))));
}

/// <summary>What is counted of one queue. Safe for concurrent use.</summary>
internal sealed class QueueRecord(
    TimeProvider time, Counter.Cell adds, Counter.Cell retries, Counter.Cell failures, Histogram.Cell waiting, Histogram.Cell working)
{
    private readonly Lock _gate = new();
    private readonly Dictionary<object, long> _addedAt = [];
    private readonly Dictionary<object, long> _takenAt = [];

    public int Waiting
    {
        get
        {
            lock (_gate)
                return _addedAt.Count;
        }
    }

    /// <summary>The seconds that the keys in work have been in work.</summary>
    public (double Sum, double Longest) InWork()
    {
        lock (_gate)
        {
            var ages = _takenAt.Values.Select(at => time.GetElapsedTime(at).TotalSeconds).ToList();
            return (ages.Sum(), ages.Count == 0 ? 0 : ages.Max());
        }
    }

    public void Added(object key)
    {
        adds.Increment();
        lock (_gate)
            _addedAt.TryAdd(key, time.GetTimestamp());
    }

    public void Taken(object key)
    {
        long now = time.GetTimestamp();
        bool wasAdded;
        long at;
        lock (_gate)
        {
            wasAdded = _addedAt.Remove(key, out at);
            _takenAt[key] = now;
        }
        if (wasAdded)
            waiting.Observe(time.GetElapsedTime(at, now).TotalSeconds);
    }

    public void Done(object key)
    {
        bool wasTaken;
        long at;
        lock (_gate)
            wasTaken = _takenAt.Remove(key, out at);
        if (wasTaken)
            working.Observe(time.GetElapsedTime(at).TotalSeconds);
    }

    public void PutOff() => retries.Increment();

    public void Failed() => failures.Increment();
}
