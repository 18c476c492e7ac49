using System.Diagnostics;
using System.Text;

namespace Cybernetes.Load.Measuring;

/// <summary>What one kind of request came to.</summary>
internal sealed class OperationCounts(string name)
{
    public string Name { get; } = name;

    public LatencyHistogram Latencies { get; } = new();

    public SortedDictionary<string, long> Errors { get; } = new(StringComparer.Ordinal);

    public void AddError(string what) => Errors[what] = Errors.GetValueOrDefault(what) + 1;
}

/// <summary>Gathers figures between <see cref="Begin"/> and <see cref="End"/>; what happens outside is warm-up or draining and is not counted.</summary>
internal sealed class Recorder(IReadOnlyList<int> processIds)
{
    private const double SlotSeconds = 0.1;

    private readonly List<OperationCounts> _operations = [];
    private readonly List<long> _slots = [];
    private long _beganAt;
    private long _endedAt = long.MaxValue;
    private ProcessUsage? _before;

    public bool IsOn { get; private set; }

    /// <summary>Answers counted so far.</summary>
    public long Done { get; private set; }

    public long Bytes { get; private set; }

    /// <summary>The first error's words, for people.</summary>
    public string FirstError { get; private set; } = "";

    public double Seconds { get; private set; }

    public ProcessUsage Used { get; private set; } = new(0, 0, 0);

    public double OwnCpuSeconds { get; private set; }

    public IReadOnlyList<OperationCounts> Operations => _operations;

    /// <summary>Answers a second, slot after slot.</summary>
    public IReadOnlyList<double> Rates => [.. _slots.Take((int)(Seconds / SlotSeconds)).Select(n => n / SlotSeconds)];

    public static double SecondsPerSlot => SlotSeconds;

    public OperationCounts For(string name)
    {
        var found = _operations.Find(o => o.Name == name);
        if (found is null)
            _operations.Add(found = new(name));
        return found;
    }

    public void Begin()
    {
        _before = ProcessUsage.Of(processIds);
        OwnCpuSeconds = Environment.CpuUsage.TotalTime.TotalSeconds;
        _beganAt = Stopwatch.GetTimestamp();
        IsOn = true;
    }

    public void End()
    {
        Seconds = Stopwatch.GetElapsedTime(_beganAt).TotalSeconds;
        _endedAt = Stopwatch.GetTimestamp();
        IsOn = false;
        var after = ProcessUsage.Of(processIds);
        Used = after with { CpuSeconds = after.CpuSeconds - _before!.CpuSeconds };
        OwnCpuSeconds = Environment.CpuUsage.TotalTime.TotalSeconds - OwnCpuSeconds;
    }

    /// <summary>How long one thing took, from and to a moment of the clock. It does not count as done: <see cref="Count"/>.</summary>
    public void Add(OperationCounts operation, long sentAt, long now)
    {
        // What was sent in time counts when it comes late: leaving it out would make the slowest disappear.
        if (_beganAt == 0 || sentAt < _beganAt || sentAt > _endedAt)
            return;
        operation.Latencies.Add(LatencyHistogram.Nanoseconds(now - sentAt));
    }

    /// <summary>So many more things done: answers, or events seen.</summary>
    public void Count(long things, long now)
    {
        if (!IsOn)
            return;
        var slot = (int)((now - _beganAt) / (Stopwatch.Frequency * SlotSeconds));
        while (_slots.Count <= slot)
            _slots.Add(0);
        _slots[slot] += things;
        Done += things;
    }

    public void AddBytes(long bytes)
    {
        if (IsOn)
            Bytes += bytes;
    }

    public void AddError(OperationCounts operation, string what, ReadOnlySpan<byte> answer)
    {
        if (FirstError.Length == 0)
            FirstError = $"{operation.Name}: {what}: {Encoding.UTF8.GetString(answer)}";
        if (IsOn)
            operation.AddError(what);
    }
}
